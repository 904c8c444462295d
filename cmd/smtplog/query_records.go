package main

import (
	"github.com/smtplog/smtplog/logparse"
)

// A recordQueue hands out records in the order in which they were read, though
// of some it is known only later to which session they belong. The others are
// handed out as they are read, unless one before them still waits.
type recordQueue struct {
	waits  bool        // for the sessions of records, which placed is told
	settle func() bool // decides about the records that wait longest; false when there are none
	skip   func(*logparse.Record) bool
	each   func(rec *logparse.Record, session string, secret bool)

	waiting []waitingRecord
	first   int // of waiting that was not handed out yet
	index   map[recordPlace]int
	base    int // index of waiting[0]
	free    []*logparse.Record
	max     int // maxWaitingRecords, but in tests
	held    int // bytes that the copies of records take
	room    int // how many they may
}

type recordPlace struct {
	file string
	line int64
}

type waitingRecord struct {
	place   recordPlace
	rec     *logparse.Record // a copy
	session string
	secret  bool
	done    bool // its session is known
	skip    bool
}

// maxWaitingRecords bounds the records that wait, most of them for one before
// them.
const maxWaitingRecords = 100_000

// The records whose memory is kept for others: how many, and the most bytes of
// one.
const (
	maxFreeRecords = 4096
	maxFreeRecord  = 4096
)

// begin takes the next record in.
func (q *recordQueue) begin(rec *logparse.Record) {
	if !q.waits {
		if !q.skip(rec) {
			q.each(rec, string(protocolSession(rec)), false)
		}
		return
	}
	if q.index == nil {
		q.index = map[recordPlace]int{}
	}
	p := recordPlace{rec.Pos.File, rec.Pos.Line}
	q.index[p] = q.base + len(q.waiting)
	q.waiting = append(q.waiting, waitingRecord{place: p, skip: q.skip(rec)})
}

// protocolSession returns the id that a record of a protocol log bears.
func protocolSession(rec *logparse.Record) []byte {
	if !rec.Format.Protocol() || rec.Kind == logparse.KindNone {
		return nil
	}
	return rec.Session
}

// end is called when whoever builds sessions has seen the record.
func (q *recordQueue) end(rec *logparse.Record) {
	if !q.waits {
		return
	}
	if !rec.Format.Protocol() || rec.Kind == logparse.KindNone {
		q.placed(rec, "", false)
	}
	for (len(q.waiting)-q.first > q.max || q.held > q.room) && q.settle() {
	}
}

// placed is told which session a record belongs to.
func (q *recordQueue) placed(rec *logparse.Record, session string, secret bool) {
	p := recordPlace{rec.Pos.File, rec.Pos.Line}
	i, ok := q.index[p]
	if !ok {
		return
	}
	delete(q.index, p)
	w := &q.waiting[i-q.base]
	w.done = true
	if i-q.base == q.first {
		if !w.skip {
			q.each(rec, session, secret)
		}
		q.first++
		q.flush()
		return
	}
	if !w.skip {
		w.session, w.secret = session, secret
		if n := len(q.free); n > 0 {
			w.rec, q.free = q.free[n-1], q.free[:n-1]
		} else {
			w.rec = new(logparse.Record)
		}
		rec.CloneInto(w.rec)
		q.held += cap(w.rec.Raw())
	}
}

// flush hands out the records at the head of the queue that are done.
func (q *recordQueue) flush() {
	for q.first < len(q.waiting) && q.waiting[q.first].done {
		w := &q.waiting[q.first]
		if !w.skip {
			q.each(w.rec, w.session, w.secret)
			size := cap(w.rec.Raw())
			q.held -= size
			if len(q.free) < maxFreeRecords && size <= maxFreeRecord {
				q.free = append(q.free, w.rec)
			}
			w.rec = nil
		}
		q.first++
	}
	if q.first == len(q.waiting) || q.first > 1024 {
		n := copy(q.waiting, q.waiting[q.first:])
		clear(q.waiting[n:])
		q.waiting = q.waiting[:n]
		q.base += q.first
		q.first = 0
	}
}

// close hands out what is left when all sessions have been handed out.
func (q *recordQueue) close() { q.flush() }
