package main

import (
	"sort"

	"github.com/smtplog/smtplog/logparse"
)

// A recordQueue hands out records in the order in which they were read, though
// of some it is known only later to which session they belong. The others are
// handed out as they are read, unless one before them still waits.
type recordQueue struct {
	waits  bool        // for the sessions of records, which placed is told
	settle func() bool // decides about the records that wait longest; false when there are none
	skip   func(*logparse.Record) bool
	out    recordOutput
	none   keptRecord // of a record that did not wait

	current *logparse.Record // that was read last, until it is in waiting or handed out
	skipped bool             // skip says so of it

	waiting waitingRecords
	files   []fileRecord // the first of each file that waits, or did
	max     int          // maxWaitingRecords, but in tests
	held    int          // bytes that what is kept of the records takes
	room    int          // how many they may
}

// A recordOutput is where a recordQueue hands records out to. What rec refers to
// is good until the call returns.
type recordOutput interface {
	// keep keeps in k what it takes to hand out a record whose session is not
	// known yet.
	keep(k *keptRecord, rec *logparse.Record)
	// place is told the session of a record that waits on.
	place(k *keptRecord, rec *logparse.Record, session string, secret bool)
	// print hands a record out that did not wait, or no longer than until its
	// session was known: k is empty, or what keep kept.
	print(k *keptRecord, rec *logparse.Record, session string, secret bool)
	// printKept hands a record of that line out that has waited since place.
	printKept(k *keptRecord, line int64)
}

type fileRecord struct {
	file  string
	first int // number of its first record
}

// maxWaitingRecords bounds the records that wait, most of them for one before
// them.
const maxWaitingRecords = 100_000

// What is kept for others of the memory of records: how many, and the most bytes
// of one.
const (
	maxFreeRecords = 4096
	maxFreeRecord  = 4096
)

// begin takes the next record in.
func (q *recordQueue) begin(rec *logparse.Record) {
	skip := q.skip(rec)
	if q.waits {
		q.current, q.skipped = rec, skip
	} else if !skip {
		q.out.print(&q.none, rec, string(protocolSession(rec)), false)
	}
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
	if q.current != nil {
		if !rec.Format.Protocol() || rec.Kind == logparse.KindNone {
			q.placed(rec, "", false)
		} else if w := q.wait(rec); !w.skip {
			q.out.keep(&w.kept, rec)
			q.held += int(w.kept.size)
		}
	}
	for (q.waiting.len() > q.max || q.held > q.room) && q.settle() {
	}
}

// wait puts the current record, which is rec or a copy of it, in the queue.
func (q *recordQueue) wait(rec *logparse.Record) *waitingRecord {
	if n := len(q.files); n == 0 || q.files[n-1].file != rec.Pos.File {
		q.files = append(q.files, fileRecord{rec.Pos.File, q.waiting.next})
	}
	q.current = nil
	return q.waiting.add(waitingRecord{line: rec.Pos.Line, skip: q.skipped})
}

// placed is told which session a record belongs to.
func (q *recordQueue) placed(rec *logparse.Record, session string, secret bool) {
	var w *waitingRecord
	switch c := q.current; {
	case c == nil || c != rec && (c.Pos.Line != rec.Pos.Line || c.Pos.File != rec.Pos.File):
		if w = q.find(rec); w == nil {
			return
		}
	case q.waiting.len() == 0:
		q.current = nil
		if !q.skipped {
			q.out.print(&q.none, rec, session, secret)
		}
		return
	default:
		w = q.wait(rec)
	}
	w.done = true
	if w == q.waiting.at(q.waiting.first) {
		if !w.skip {
			q.held -= int(w.kept.size)
			q.out.print(&w.kept, rec, session, secret)
		}
		q.waiting.removeFirst()
		q.flush()
		return
	}
	if !w.skip {
		q.held -= int(w.kept.size)
		q.out.place(&w.kept, rec, session, secret)
		q.held += int(w.kept.size)
	}
}

// find returns the record that waits for its session and stands where rec does,
// nil for none.
func (q *recordQueue) find(rec *logparse.Record) *waitingRecord {
	for i, f := range q.files {
		if f.file != rec.Pos.File {
			continue
		}
		first, end := max(f.first, q.waiting.first), q.waiting.next
		if i+1 < len(q.files) {
			end = q.files[i+1].first
		}
		if first >= end {
			continue
		}
		// Each takes a line at least, and nearly all no more.
		most := min(rec.Pos.Line-q.waiting.at(first).line, int64(end-first)-1)
		if most < 0 {
			continue
		}
		k := int(most)
		if q.waiting.at(first+k).line != rec.Pos.Line {
			k = sort.Search(k, func(i int) bool { return q.waiting.at(first+i).line >= rec.Pos.Line })
		}
		if w := q.waiting.at(first + k); w.line == rec.Pos.Line && !w.done {
			return w
		}
	}
	return nil
}

// flush hands out the records at the head of the queue that are done.
func (q *recordQueue) flush() {
	for q.waiting.len() > 0 {
		w := q.waiting.at(q.waiting.first)
		if !w.done {
			break
		}
		if !w.skip {
			q.held -= int(w.kept.size)
			q.out.printKept(&w.kept, w.line)
		}
		q.waiting.removeFirst()
	}
	for len(q.files) > 1 && q.files[1].first <= q.waiting.first {
		q.files = q.files[1:]
	}
}

// close hands out what is left when all sessions have been handed out.
func (q *recordQueue) close() { q.flush() }

// recordRows hands records out as rows of the table records.
type recordRows struct {
	each func(rec *logparse.Record, session string, secret bool)

	rows   []recordRow // copies of records that wait
	unused []int32     // numbers of rows
	free   []*logparse.Record
}

// A recordRow is a copy of a record, with what it is handed out with.
type recordRow struct {
	rec     *logparse.Record
	session string
	secret  bool
}

func (o *recordRows) keep(*keptRecord, *logparse.Record) {}

func (o *recordRows) place(k *keptRecord, rec *logparse.Record, session string, secret bool) {
	if n := len(o.unused); n > 0 {
		k.copied, o.unused = o.unused[n-1], o.unused[:n-1]
	} else {
		o.rows = append(o.rows, recordRow{})
		k.copied = int32(len(o.rows))
	}
	row := &o.rows[k.copied-1]
	if n := len(o.free); n > 0 {
		row.rec, o.free = o.free[n-1], o.free[:n-1]
	} else {
		row.rec = new(logparse.Record)
	}
	rec.CloneInto(row.rec)
	row.session, row.secret = session, secret
	k.size = int32(cap(row.rec.Raw()))
}

func (o *recordRows) print(_ *keptRecord, rec *logparse.Record, session string, secret bool) {
	o.each(rec, session, secret)
}

func (o *recordRows) printKept(k *keptRecord, _ int64) {
	row := &o.rows[k.copied-1]
	o.each(row.rec, row.session, row.secret)
	if len(o.free) < maxFreeRecords && k.size <= maxFreeRecord {
		o.free = append(o.free, row.rec)
	}
	*row = recordRow{}
	o.unused = append(o.unused, k.copied)
}
