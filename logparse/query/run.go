package query

import (
	"container/heap"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Run is one execution of a query. It is not safe for use by several
// goroutines at once; a Query can have many.
type Run struct {
	q     *Query
	emit  func(row []Value) error
	head  sink
	slots []Value
	done  bool
	err   error

	held   int64  // bytes, about
	step   *step  // the one that holds them
	buf    []byte // scratch
	beside []byte
}

// Run begins to execute the query. emit is called with each row of the result,
// from Add or from Finish; the row and what it refers to are good during the call
// only. An error that emit returns ends the run.
func (q *Query) Run(emit func(row []Value) error) *Run {
	r := &Run{q: q, emit: emit, slots: make([]Value, q.first.slots)}
	r.head = &output{run: r, columns: q.last, row: make([]Value, len(q.last))}
	for _, s := range slices.Backward(q.stages) {
		r.head = s(r, r.head)
	}
	return r
}

// Add takes a row of the table, which it does not keep. It returns false as soon
// as no further row can change the result. An error is an *Error, or that of
// emit.
func (r *Run) Add(row any) (more bool, err error) {
	if r.done || r.err != nil {
		return false, r.err
	}
	if !r.head.push(row, r.slots) {
		r.done = true
	}
	return !r.done && r.err == nil, r.err
}

// Finish emits what could not be known before the last row.
func (r *Run) Finish() error {
	if r.err == nil {
		r.head.finish()
	}
	return r.err
}

// hold accounts for bytes that are held from now on, and reports whether there
// is room for them.
func (r *Run) hold(n int) bool {
	r.held += int64(n)
	if r.held <= r.q.opt.MaxBytes {
		return true
	}
	if r.err == nil {
		r.fail(r.step, "`"+r.step.name+"` would hold more than "+bytesText(r.q.opt.MaxBytes), narrower)
	}
	return false
}

const narrower = "narrow the question with `where`, or use a coarser `bin()`"

func (r *Run) fail(s *step, msg, hint string) {
	r.err = errorAt(r.q.src, s.pos, s.end, msg, hint)
}

func bytesText(n int64) string {
	if n >= 1<<20 {
		return strconv.FormatInt(n>>20, 10) + " MiB of values"
	}
	return grouped(n) + " bytes of values"
}

// grouped writes 1000000 as 1,000,000.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

type output struct {
	run     *Run
	columns []*node
	row     []Value
}

func (o *output) push(row any, s []Value) bool {
	for i, c := range o.columns {
		o.row[i] = c.eval(row, s)
	}
	if err := o.run.emit(o.row); err != nil {
		o.run.err = err
		return false
	}
	return true
}

func (o *output) finish() {}

type filter struct {
	test testFunc
	next sink
}

func (f *filter) push(row any, s []Value) bool {
	return f.test(row, s) != yes || f.next.push(row, s)
}

func (f *filter) finish() { f.next.finish() }

type computer struct {
	slot int
	eval evalFunc
	next sink
}

func (c *computer) push(row any, s []Value) bool {
	s[c.slot] = c.eval(row, s)
	return c.next.push(row, s)
}

func (c *computer) finish() { c.next.finish() }

type limiter struct {
	left int64
	next sink
}

func (l *limiter) push(row any, s []Value) bool {
	if l.left == 0 {
		return false
	}
	l.left--
	return l.next.push(row, s) && l.left > 0
}

func (l *limiter) finish() { l.next.finish() }

type sortKey struct {
	eval             evalFunc
	desc, nullsFirst bool
}

type heldColumn struct {
	eval evalFunc
	slot int
	typ  Type
}

// A heldRow is what sort holds of a row: its keys and, from at on, its values.
// Rows with the same keys are in the order of their values, not in that in which
// they came.
type heldRow struct {
	bytes string
	at    int
}

type heldRows []heldRow

func (h heldRows) Len() int           { return len(h) }
func (h heldRows) Less(i, j int) bool { return h[i].bytes > h[j].bytes } // the worst on top
func (h heldRows) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *heldRows) Push(x any)        { *h = append(*h, x.(heldRow)) }
func (h *heldRows) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// A sorter holds all rows, or the first limit of them.
type sorter struct {
	run   *Run
	step  *step
	limit int64 // -1: none
	keys  []sortKey
	held  []heldColumn
	slots int
	rows  heldRows
	next  sink
}

func (t *sorter) push(row any, s []Value) bool {
	if t.limit == 0 {
		return false
	}
	r := t.run
	b := r.buf[:0]
	for _, k := range t.keys {
		b = appendSortKey(b, k.eval(row, s), k.desc, k.nullsFirst)
	}
	at := len(b)
	for _, h := range t.held {
		b = appendKey(b, h.eval(row, s), true)
	}
	r.buf = b
	r.step = t.step
	full := t.limit > 0 && int64(len(t.rows)) == t.limit
	switch {
	case full && compareKey(b, t.rows[0].bytes) >= 0:
	case full:
		if r.hold(len(b) - len(t.rows[0].bytes)) {
			t.rows[0] = heldRow{string(b), at}
			heap.Fix(&t.rows, 0)
		}
	case len(t.rows) == r.q.opt.MaxRows:
		hint := "narrow the question with `where`, or use `top`"
		if t.limit > 0 {
			hint = "ask for fewer rows"
		}
		r.fail(t.step, fmt.Sprintf("more than %s rows to sort", grouped(int64(r.q.opt.MaxRows))), hint)
	case r.hold(len(b) + heldEntry):
		t.rows = append(t.rows, heldRow{string(b), at})
		if t.limit > 0 {
			heap.Fix(&t.rows, len(t.rows)-1)
		}
	}
	return r.err == nil
}

func (t *sorter) finish() {
	slices.SortFunc(t.rows, func(a, b heldRow) int { return strings.Compare(a.bytes, b.bytes) })
	slots := make([]Value, t.slots)
	for _, row := range t.rows {
		rest := row.bytes[row.at:]
		for _, h := range t.held {
			slots[h.slot], rest = readKey(rest, h.typ, true)
		}
		if !t.next.push(nil, slots) {
			break
		}
	}
	t.rows = nil
	if t.run.err == nil {
		t.next.finish()
	}
}

type groupKey struct {
	eval evalFunc
	typ  Type
}

type group struct {
	key  string
	accs []accumulator
}

// A grouper holds groups by their keys.
type grouper struct {
	run    *Run
	step   *step
	keys   []groupKey
	specs  []*spec
	slots  int
	limit  int
	digits []uint8 // of the keys that are times
	byKey  map[string]*group
	groups []*group
	buf    []byte
	next   sink
}

func (g *grouper) push(row any, s []Value) bool {
	r := g.run
	r.step = g.step
	b := g.buf[:0]
	for i, k := range g.keys {
		v := k.eval(row, s)
		if v.kind == DateTime {
			if g.digits == nil {
				g.digits = make([]uint8, len(g.keys))
			}
			g.digits[i] = max(g.digits[i], v.digits)
		}
		b = appendKey(b, v, false)
	}
	g.buf = b
	at := g.byKey[string(b)]
	if at == nil {
		if at = g.add(string(b)); at == nil {
			return false
		}
	}
	for i, spec := range g.specs {
		spec.feed(at.accs[i], row, s, r)
	}
	return r.err == nil
}

// heldGroup is what a group takes beside its key and what its aggregates hold.
const heldGroup = 128

func (g *grouper) add(key string) *group {
	r := g.run
	if len(g.groups) == g.limit {
		what := " groups"
		if g.step.name == "distinct" {
			what = " different rows"
		}
		r.fail(g.step, "more than "+grouped(int64(g.limit))+what, narrower)
		return nil
	}
	if !r.hold(len(key) + heldGroup + len(g.specs)*heldEntry) {
		return nil
	}
	at := &group{key: key}
	for _, s := range g.specs {
		at.accs = append(at.accs, s.fresh())
	}
	if g.byKey == nil {
		g.byKey = map[string]*group{}
	}
	g.byKey[key] = at
	g.groups = append(g.groups, at)
	return at
}

func (g *grouper) finish() {
	if len(g.keys) == 0 && len(g.groups) == 0 && g.add("") == nil {
		return
	}
	slices.SortFunc(g.groups, func(a, b *group) int { return strings.Compare(a.key, b.key) })
	slots := make([]Value, g.slots)
	for _, at := range g.groups {
		rest := at.key
		for i, k := range g.keys {
			slots[i], rest = readKey(rest, k.typ, false)
			if k.typ == DateTime && slots[i].kind != 0 {
				slots[i].digits = g.digits[i]
			}
		}
		for i, s := range g.specs {
			at.accs[i].result(slots[s.slot : s.slot+len(s.columns)])
		}
		if !g.next.push(nil, slots) {
			break
		}
	}
	g.groups, g.byKey = nil, nil
	if g.run.err == nil {
		g.next.finish()
	}
}
