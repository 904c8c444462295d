package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// Records that waited for their session are printed as those that did not,
// whatever the session is named after.
func TestRecordLines(t *testing.T) {
	var iis, exchange bytes.Buffer
	iisOptions := testlog.Options{Seed: 5, Connections: 300, Hosts: 6, AtOnce: 4, Outbound: 0.5}
	if err := testlog.Stream(&iis, iisOptions, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := testlog.Stream(&exchange, testlog.Options{Seed: 6, Format: logparse.ExchangeReceive, Connections: 30}, nil, nil); err != nil {
		t.Fatal(err)
	}
	// The second log goes on with sessions of the first one, and has another
	// order of columns behind its middle.
	header, rows, _ := strings.Cut(iis.String(), "\n20")
	lines := strings.SplitAfter("20"+rows, "\n")
	half := len(lines) / 2
	logs := []struct{ name, text string }{
		{"a\"b/1.log", header + "\n" + strings.Join(lines[:half], "")},
		{"a\"b/2.log", header + "\n" + strings.Join(lines[half:half+half/2], "") + "#Fields: date time c-ip cs-method sc-status\n" +
			strings.Repeat("2026-03-02 09:30:00 198.51.100.9 NOOP 250\n", 3) + header + "\n" + strings.Join(lines[half+half/2:], "")},
		{"RECV1.LOG", exchange.String()},
	}

	sessions := map[string]string{}
	read := func(b *session.Builder, begin, end func(*logparse.Record)) {
		for _, log := range logs {
			r := logparse.NewReader(strings.NewReader(log.text), log.name, nil)
			for rec, err := range r.Records() {
				if err != nil {
					t.Fatal(err)
				}
				begin(rec)
				b.Add(rec)
				end(rec)
			}
		}
		b.Close()
	}
	none := func(*logparse.Record) {}
	place := func(rec *logparse.Record) string { return fmt.Sprint(rec.Pos.File, rec.Pos.Line) }
	read(session.NewBuilder(&session.Options{Terse: true, Placed: func(rec *logparse.Record, id string, _ bool) {
		sessions[place(rec)] = id
	}}, nil), none, none)
	var want bytes.Buffer
	spanning := 0
	read(session.NewBuilder(nil, func(*session.Session) {}), none, func(rec *logparse.Record) {
		id := sessions[place(rec)]
		if strings.HasPrefix(id, logs[0].name) && rec.Pos.File == logs[1].name {
			spanning++
		}
		want.Write(append(rec.AppendJSON(nil, id, nil), '\n'))
	})
	if spanning == 0 {
		t.Error("no session goes on in the second log")
	}

	var got bytes.Buffer
	w := bufio.NewWriter(&got)
	list, _ := newListing(context.Background(), 0)
	p := &recordLines{w: w, list: list, showSecrets: true}
	q := &recordQueue{waits: true, max: maxWaitingRecords, room: 1 << 30, skip: func(*logparse.Record) bool { return false }, out: p}
	b := session.NewBuilder(&session.Options{Terse: true, Placed: q.placed}, nil)
	q.settle = b.Settle
	most, named := 0, 0
	read(b, q.begin, func(rec *logparse.Record) {
		q.end(rec)
		most = max(most, q.waiting.len())
		if n := q.waiting.len(); n > 0 && q.waiting.at(q.waiting.next-1).kept.session.size() > 0 {
			named++
		}
	})
	q.close()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if most < 100 || named < 100 {
		t.Errorf("at most %d waited, and %d for another although their session has an id", most, named)
	}
	if got.String() != want.String() {
		g, w := strings.Split(got.String(), "\n"), strings.Split(want.String(), "\n")
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				t.Fatalf("line %d\n got %s\nwant %s", i+1, g[i], w[i])
			}
		}
		t.Errorf("%d lines, want %d", len(g), len(w))
	}
	if len(p.logs) > 1 {
		t.Errorf("%d logs are left", len(p.logs))
	}
	p.texts.release(&p.sessionText)
	for i := range p.texts.blocks {
		if n := p.texts.blocks[i].lines; n != 0 {
			t.Errorf("block %d still holds %d texts", i, n)
		}
	}
}
