package reply

import (
	"slices"
	"strings"
)

// The bounds of matching.
const (
	maxStages = 4   // steps of a term
	maxGap    = 48  // bytes between two steps
	maxEvents = 768 // phrases found in one text; more are not looked at
)

// An automaton finds all phrases in a text in one pass (Aho and Corasick
// 1975). States with many edges have a table, the others a short list.
type automaton struct {
	states []acState
	edges  []acEdge
	tables [][256]int32 // 0 is "no edge"; no edge leads to the root
	length []int32      // of each phrase
}

type acState struct {
	fail   int32
	output int32 // a phrase that ends here, or -1
	link   int32 // the nearest state up the failure links that has an output, or 0
	table  int32 // index of tables, or -1
	edge   int32 // first edge
	count  int32
}

type acEdge struct {
	b  byte
	to int32
}

// newAutomaton builds the automaton of distinct phrases.
func newAutomaton(phrases []string) *automaton {
	a := &automaton{length: make([]int32, len(phrases))}
	order := make([]int32, len(phrases))
	for i, p := range phrases {
		a.length[i] = int32(len(p))
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return strings.Compare(phrases[x], phrases[y]) })

	size := 1 // states: one for each beginning that the phrase before does not share
	for i, n := range order {
		size += len(phrases[n])
		if i > 0 {
			size -= shared(phrases[order[i-1]], phrases[n])
		}
	}
	a.states, a.edges = make([]acState, 0, size), make([]acEdge, 0, size-1)

	// A state stands for a beginning that the phrases order[low:high] share.
	// States are made breadth first, so a failure link leads to an earlier one.
	type span struct{ low, high, depth int32 }
	spans := append(make([]span, 0, size), span{0, int32(len(order)), 0})
	for i := 0; i < len(spans); i++ {
		sp := spans[i]
		s := acState{output: -1, table: -1, edge: int32(len(a.edges))}
		for low := sp.low; low < sp.high; {
			p := phrases[order[low]]
			if len(p) == int(sp.depth) {
				s.output = order[low]
				low++
				continue
			}
			high := low + 1
			for high < sp.high && phrases[order[high]][sp.depth] == p[sp.depth] {
				high++
			}
			a.edges = append(a.edges, acEdge{p[sp.depth], int32(len(spans))})
			spans = append(spans, span{low, high, sp.depth + 1})
			low = high
		}
		s.count = int32(len(a.edges)) - s.edge
		if s.count > 6 || i == 0 {
			s.table = int32(len(a.tables))
			a.tables = append(a.tables, [256]int32{})
			t := &a.tables[s.table]
			for _, e := range a.edges[s.edge:] {
				t[e.b] = e.to
			}
		}
		a.states = append(a.states, s)
	}
	for i := range a.states {
		s := &a.states[i]
		if f := &a.states[s.fail]; i > 0 && f.output >= 0 {
			s.link = s.fail
		} else if i > 0 {
			s.link = f.link
		}
		for _, e := range a.edges[s.edge : s.edge+s.count] {
			if i > 0 {
				a.states[e.to].fail = a.next(s.fail, e.b)
			}
		}
	}
	return a
}

// shared returns the length of the beginning that two texts share.
func shared(s, t string) int {
	n := 0
	for n < len(s) && n < len(t) && s[n] == t[n] {
		n++
	}
	return n
}

// step returns the state that b leads to, 0 when there is no edge.
func (a *automaton) step(state int32, b byte) int32 {
	s := &a.states[state]
	if s.table >= 0 {
		return a.tables[s.table][b]
	}
	for _, e := range a.edges[s.edge : s.edge+s.count] {
		if e.b == b {
			return e.to
		}
	}
	return 0
}

// next returns the state after reading b.
func (a *automaton) next(state int32, b byte) int32 {
	for {
		if to := a.step(state, b); to != 0 || state == 0 {
			return to
		}
		state = a.states[state].fail
	}
}

// A found phrase ends before text[end]; next is the one of the same phrase
// found before it, as index of the list plus one.
type found struct {
	end, next int32
}

// A matcher is the room that matching one text takes. It is used again and
// again; phrases of an earlier text are told by their stamp.
type matcher struct {
	events []found
	last   []int32  // for each phrase, its last event plus one
	stamp  []uint32 // for each phrase, the text it was last found in
	round  uint32
	order  []int32 // phrases found, in order
	marks  []uint64
}

func newMatcher(phrases, clauses int) *matcher {
	return &matcher{
		events: make([]found, 0, maxEvents),
		last:   make([]int32, phrases),
		stamp:  make([]uint32, phrases),
		order:  make([]int32, 0, 128),
		marks:  make([]uint64, (clauses+63)/64),
	}
}

// scan finds the phrases of text.
func (m *matcher) scan(a *automaton, text []byte) {
	m.round++
	if m.round == 0 { // after 2^32 texts the stamps mean nothing any more
		clear(m.stamp)
		m.round = 1
	}
	m.events, m.order = m.events[:0], m.order[:0]
	state := int32(0)
	for i, b := range text {
		state = a.next(state, b)
		at := state
		if a.states[at].output < 0 {
			at = a.states[at].link
		}
		for at != 0 {
			if len(m.events) == maxEvents {
				return
			}
			m.note(a.states[at].output, int32(i)+1)
			at = a.states[at].link
		}
	}
}

func (m *matcher) note(phrase, end int32) {
	f := found{end: end}
	if m.stamp[phrase] == m.round {
		f.next = m.last[phrase]
	} else {
		m.stamp[phrase] = m.round
		m.order = append(m.order, phrase)
	}
	m.events = append(m.events, f)
	m.last[phrase] = int32(len(m.events))
}

// A compiledTerm is a term with the numbers of its phrases.
type compiledTerm struct {
	not    bool
	stages [][]int32
}

// holds reports whether the stages follow each other in the text scanned last.
func (m *matcher) holds(t *compiledTerm, length []int32) bool {
	if len(t.stages) == 1 {
		for _, p := range t.stages[0] {
			if m.stamp[p] == m.round {
				return true
			}
		}
		return false
	}
	// ends are where the steps so far can end. Of many only the first few and
	// the last are kept, which bounds the work on hostile text.
	var kept [2][8]int32
	ends := kept[0][:0]
	for i, st := range t.stages {
		next := kept[i&1][:0]
		if i > 0 && len(ends) == 0 {
			return false
		}
		for _, p := range st {
			if m.stamp[p] != m.round {
				continue
			}
			for e := m.last[p]; e != 0; e = m.events[e-1].next {
				end := m.events[e-1].end
				if i > 0 && !follows(ends, end-length[p]) {
					continue
				}
				if len(next) < cap(next) {
					next = append(next, end)
				} else {
					next[len(next)-1] = end
				}
			}
		}
		ends = next
	}
	return len(ends) > 0
}

// follows reports whether a phrase that starts there follows one of the ends.
// Two phrases may share the blank between them.
func follows(ends []int32, start int32) bool {
	for _, end := range ends {
		if start >= end-1 && start-end <= maxGap {
			return true
		}
	}
	return false
}
