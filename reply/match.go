package reply

// The bounds of matching.
const (
	maxStages = 4   // steps of a term
	maxGap    = 48  // bytes between two steps
	maxEvents = 768 // phrases found in one text; more are not looked at
)

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
func (m *matcher) scan(x *phraseIndex, text []byte) {
	m.round++
	if m.round == 0 { // after 2^32 texts the stamps mean nothing any more
		clear(m.stamp)
		m.round = 1
	}
	m.events, m.order = m.events[:0], m.order[:0]
	find(x, text, func(phrase, end int32) bool {
		if len(m.events) == maxEvents {
			return false
		}
		m.note(phrase, end)
		return true
	})
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

// terms are those of all clauses, with the numbers of their phrases. They lie one
// behind the other, as do their stages and the phrases of these.
type terms struct {
	list    []compiledTerm
	stages  []int32 // where the phrases of each end
	phrases []int32
}

// A compiledTerm is a term with the places of its stages.
type compiledTerm struct {
	not        bool
	first, end int32
}

func (t *terms) addTerm(not bool) {
	n := int32(len(t.stages))
	t.list = append(t.list, compiledTerm{not, n, n})
}

// addStage adds a stage to the last term.
func (t *terms) addStage() {
	t.stages = append(t.stages, int32(len(t.phrases)))
	t.list[len(t.list)-1].end++
}

// addPhrase adds a phrase to the last stage.
func (t *terms) addPhrase(number int32) {
	t.phrases = append(t.phrases, number)
	t.stages[len(t.stages)-1]++
}

// stage returns the phrases of a stage.
func (t *terms) stage(i int32) []int32 {
	begin := int32(0)
	if i > 0 {
		begin = t.stages[i-1]
	}
	return t.phrases[begin:t.stages[i]]
}

// holds reports whether the stages of a term follow each other in the text
// scanned last.
func (m *matcher) holds(t *terms, term compiledTerm, length []int32) bool {
	if term.end-term.first == 1 {
		for _, p := range t.stage(term.first) {
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
	for i := range term.end - term.first {
		next := kept[i&1][:0]
		if i > 0 && len(ends) == 0 {
			return false
		}
		for _, p := range t.stage(term.first + i) {
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
