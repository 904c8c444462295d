package track

import (
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/track/testworld"
)

// MayMatch is never false for a row that MatchEvent takes.
func TestNeedleRows(t *testing.T) {
	for layout := range testworld.TraceExtended + 1 {
		w := testworld.Play(testworld.Options{Seed: 7, Messages: 58, Trace: layout, Export: []string{"EX3"}})
		records := trackingRecords(t, w)
		var needles []Needle
		for i := range w.Messages {
			m := &w.Messages[i]
			for _, text := range []string{m.MessageID, strings.Trim(m.MessageID, "<>"), m.NetworkID, m.Sender, m.Subject, strings.ToUpper(m.Subject), m.MTSID} {
				needles = append(needles, ParseNeedle(text))
			}
			for _, r := range m.Recipients {
				needles = append(needles, ParseNeedle(r.Address))
			}
		}
		var e Event
		matched, passed := 0, 0
		for _, rec := range records[:min(len(records), 150)] {
			if !Parse(rec, &e) {
				t.Fatalf("%s: not parsed", rec.Pos)
			}
			for _, n := range needles {
				may, is := n.MayMatch(rec.Raw()), n.MatchEvent(&e)
				if is && !may {
					t.Fatalf("%s: %q matches the event, and not the row %q", rec.Pos, n.text, rec.Raw())
				}
				if is {
					matched++
				}
				if may {
					passed++
				}
			}
		}
		if matched == 0 || passed > 4*matched {
			t.Errorf("%d rows pass for %d that match", passed, matched)
		}
	}
}

// Two passes find what one pass over everything finds.
func TestIDs(t *testing.T) {
	w := testworld.Play(testworld.Options{Seed: 8, Messages: 60})
	records := trackingRecords(t, w)
	all := build(records)
	for i := 0; i < len(w.Messages); i += 13 {
		for _, text := range []string{w.Messages[i].MessageID, w.Messages[i].Recipients[0].Address} {
			n := ParseNeedle(text)
			var want []*Message
			for _, m := range all {
				if n.Match(m) {
					want = append(want, m)
				}
			}
			if got := search(t, n, records); asText(got) != asText(want) {
				t.Fatalf("%q: %d messages, want %d\n%s", text, len(got), len(want), firstDifference(asText(got), asText(want)))
			}
		}
	}
}

// search follows a needle as the trace command does.
func search(t *testing.T, n Needle, records []*logparse.Record) []*Message {
	t.Helper()
	var ids IDs
	var e Event
	for again := true; again; {
		again = false
		for _, rec := range records {
			if (n.MayMatch(rec.Raw()) || ids.MayMatch(rec.Raw())) && Parse(rec, &e) && (n.MatchEvent(&e) || ids.Match(&e)) && ids.Add(&e) {
				again = true
			}
		}
	}
	var found []*Message
	b := NewBuilder(&Options{Keep: ids.Match}, func(m *Message) {
		if n.Match(m) {
			found = append(found, m)
		}
	})
	for _, rec := range records {
		if ids.MayMatch(rec.Raw()) {
			b.Add(rec)
			continue
		}
		if Parse(rec, &e) && ids.Match(&e) {
			t.Fatalf("%s: matches, and its row does not", rec.Pos)
		}
		b.Skip(rec)
	}
	b.Close()
	return found
}

func TestNeedles(t *testing.T) {
	m := &Message{MessageID: "<Ab1@Example.org>", NetworkID: "0c6e7f10-0000-4000-8000-00000000000a", Subject: "Lunch, \"at\" noon",
		Sender: "anna@example.org", HasSender: true,
		Recipients: []RecipientVerdict{{Address: "/o=Example/ou=First/cn=Recipients/cn=ben", Alias: "Ben@example.com"}},
		Hops:       []Hop{{InternalID: "4711"}}}
	for text, want := range map[string]bool{
		"<ab1@example.ORG>": true, "ab1@example.org": true, "AB1@example.org ": true, "b1@example.org": false,
		"0C6E7F10-0000-4000-8000-00000000000A": true, "{0c6e7f10-0000-4000-8000-00000000000a}": true,
		"lunch": true, `"AT" noon`: true, "dinner": false, "anna@example.org": true, "smtp:ANNA@example.org": true,
		"ben@example.com": true, "nna@example.org": false, "IMCEAEX-_O=EXAMPLE_OU=FIRST_CN=RECIPIENTS_CN=BEN@example.com": true,
		"4711": true, "471": false, "": false, "<>": false, "  ": false,
	} {
		if got := ParseNeedle(text).Match(m); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestNeedleDoesNotAllocate(t *testing.T) {
	row := []byte(strings.Repeat("2026-11-01T09:30:00.250Z,192.0.2.7,mail.example.org,,EX1,,,SMTP,RECEIVE,4711,<1@example.org>,anna@example.com,", 4))
	n := ParseNeedle("<0123456789abcdef@mail.example.net>")
	var ids IDs
	ids.Add(&Event{MessageID: "<0123456789abcdef@mail.example.net>", NetworkID: "0c6e7f10-0000-4000-8000-00000000000a"})
	if a := testing.AllocsPerRun(100, func() {
		if n.MayMatch(row) || ids.MayMatch(row) {
			t.Fatal("matches")
		}
	}); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

func FuzzNeedle(f *testing.F) {
	f.Add("<ab1@example.org>", "x,<AB1@example.org>,y")
	f.Add("(a) b", `"(040)a(041) b"`)
	f.Add("ü", "\xfc")
	f.Add("K", "\u212a")
	f.Fuzz(func(t *testing.T, needle, text string) {
		n := ParseNeedle(needle)
		row := text
		if strings.ContainsAny(text, "\",\r\n#") || len(text) > 5000 {
			row = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
		for _, e := range []*Event{{Subject: text}, {MessageID: text}, {Sender: text}, {NetworkID: networkID(text)}, {InternalID: text}, {LinkedID: text}} {
			if n.MatchEvent(e) && !n.MayMatch([]byte(row)) {
				t.Errorf("%q matches %+v, and not %q", needle, e, row)
			}
			var ids IDs
			ids.Add(e)
			if ids.Match(e) && !ids.MayMatch([]byte(row)) {
				t.Errorf("the ids of %q are not found in %q", text, row)
			}
		}
	})
}
