package track

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/testworld"
)

var trackingFormats = []logparse.Format{logparse.Tracking, logparse.Tracking5, logparse.Tracking2000, logparse.TrackingPS,
	logparse.MessageTrace, logparse.Agent, logparse.Connectivity}

// seeds are logs of every format, cut short.
func seeds(f *testing.F) {
	for layout := range testworld.TraceExtended + 1 {
		w := testworld.Play(testworld.Options{Seed: 9, Messages: 40, Trace: layout, Export: []string{"EX3"}})
		for _, log := range worldLogs(f, w) {
			if i := slices.Index(trackingFormats, log.format); i >= 0 {
				data := decoded(log.file.Data)
				f.Add(data[:min(len(data), 3000)], uint8(i))
			}
		}
	}
	f.Add([]byte("c=US;a= ;p=Example;l=EX1-960701173047Z-2\t26\t1996.7.1 17:3:8\tg\tp\t<1@example.org>[PBZ]\to\t0\t1\t0\t1\tx\t2\nBen\t1\nAnna\n"), uint8(1))
}

// records reads a log that is forced to be of a format.
func records(t testing.TB, data []byte, format logparse.Format) []*logparse.Record {
	t.Helper()
	var list []*logparse.Record
	var syntax *logparse.SyntaxError
	for rec, err := range logparse.NewReader(bytes.NewReader(data), "x.log", &logparse.Options{Format: format}).Records() {
		if err == nil {
			list = append(list, rec.Clone())
		} else if !errors.As(err, &syntax) {
			t.Fatal(err)
		}
	}
	return list
}

func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte, format uint8) {
		var e Event
		for _, rec := range records(t, data, trackingFormats[int(format)%len(trackingFormats)]) {
			if ok := Parse(rec, &e); ok != tracked(rec.Format) {
				t.Fatalf("%s: parsed %v", rec.Pos, ok)
			} else if !ok {
				continue
			}
			if e.EventID != strings.ToUpper(e.EventID) || e.NetworkID != lower(e.NetworkID) {
				t.Errorf("%q %q", e.EventID, e.NetworkID)
			}
			// What a Builder packs, it gets back.
			var again Event
			c := newClusters()
			cl := c.add()
			p := packing{common: newCommon(), origins: newOrigins()}
			c.pack(cl, &e, p.common)
			c.unpack(cl, []*Event{&again}, &p)
			if again.EventID != e.EventID || again.Server != e.Server || again.Reply != e.Reply || again.RemoteInternalID != e.RemoteInternalID ||
				!slices.Equal(again.Recipients, e.Recipients) || !slices.Equal(again.Related, e.Related) || again.Session != e.Session ||
				again.Bytes != e.Bytes || again.Number != e.Number || again.Pos != e.Pos {
				t.Errorf("packed:\n%+v\nparsed:\n%+v", again, e)
			}
		}
	})
}

func FuzzMessages(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte, format uint8) {
		rows := records(t, data, trackingFormats[int(format)%len(trackingFormats)])
		if len(rows) > 2000 {
			return
		}
		messages := build(rows)
		seen := map[outcome.Position]bool{}
		for _, m := range messages {
			b := m.AppendJSON(nil)
			if !json.Valid(b) {
				t.Fatalf("no JSON: %s", b)
			}
			if !slices.Contains(Statuses(), m.Status) {
				t.Errorf("status %q", m.Status)
			}
			for o := range m.Outcomes {
				if !o.Class.Failed() && o.Code == 0 || o.Recipient == "" && o.Reason == 0 {
					t.Errorf("outcome %+v", o)
				}
			}
			for i := range m.Hops {
				if pos := m.Hops[i].Pos; seen[pos] {
					t.Errorf("%s is in two messages", pos)
				} else {
					seen[pos] = true
				}
			}
		}
		slices.Reverse(rows)
		if got, want := asText(build(rows)), asText(messages); got != want {
			t.Errorf("another order gives other messages:\n%s", firstDifference(got, want))
		}
	})
}
