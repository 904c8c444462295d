package main

import (
	"bytes"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// However long the session of a record remains open to doubt, no more than the
// stated number of records waits, and all come in order.
func TestRecordQueueIsBounded(t *testing.T) {
	var log bytes.Buffer
	err := testlog.Stream(&log, testlog.Options{Seed: 3, Connections: 400, Hosts: 8, AtOnce: 4, Outbound: 0.5}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{20, 200, maxWaitingRecords} {
		var last, most, records int64
		q := &recordQueue{
			waits: true, max: limit, room: 1 << 30,
			skip: func(*logparse.Record) bool { return false },
			out: &recordRows{each: func(rec *logparse.Record, id string, _ bool) {
				if rec.Pos.Line <= last || id == "" {
					t.Fatalf("line %d of session %q behind line %d", rec.Pos.Line, id, last)
				}
				last = rec.Pos.Line
				records++
			}},
		}
		b := session.NewBuilder(&session.Options{Placed: q.placed}, func(*session.Session) {})
		q.settle = b.Settle
		r := logparse.NewReader(bytes.NewReader(log.Bytes()), "a.log", nil)
		for rec, err := range r.Records() {
			if err != nil {
				t.Fatal(err)
			}
			q.begin(rec)
			b.Add(rec)
			q.end(rec)
			most = max(most, int64(q.waiting.len()))
		}
		b.Close()
		q.close()
		if n := r.Counts().Records; records != n {
			t.Errorf("%d: %d records of %d", limit, records, n)
		}
		if most > int64(limit) {
			t.Errorf("%d: %d records waited", limit, most)
		}
		if capped := b.Capped() > 0; capped != (limit < 300) {
			t.Errorf("%d: capped %v, while %d waited", limit, capped, most)
		}
	}
}
