package reply

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// The built-in tables, in the order in which they are tried. Those from
// enhanced.rules on only look at codes and decide where no text rule did.
var ruleFiles = []struct{ name, rules string }{
	{"win32.rules", win32Rules},
	{"exchange-tokens.rules", exchangeTokensRules},
	{"exchange-online.rules", exchangeOnlineRules},
	{"provider.rules", providerRules},
	{"servers.rules", serversRules},
	{"languages.rules", languagesRules},
	{"network.rules", networkRules},
	{"security.rules", securityRules},
	{"reputation.rules", reputationRules},
	{"sender.rules", senderRules},
	{"recipient.rules", recipientRules},
	{"message.rules", messageRules},
	{"server.rules", serverRules},
	{vagueFile, otherRules},
	{fallbackFile, enhancedRules},
	{"basic.rules", basicRules},
	{"exchange.rules", exchangeRules},
}

const (
	fallbackFile = "enhanced.rules"
	vagueFile    = "other.rules" // refusals that only say that they are some
)

// builtinRules reads the embedded tables.
func builtinRules() ([]Rule, error) {
	all := make([]Rule, 0, 640)
	for _, f := range ruleFiles {
		p := ruleParser{name: f.name, rules: all, ours: true}
		if err := p.parse(f.rules); err != nil {
			return nil, err
		}
		all = p.rules
	}
	return all, nil
}

// noRule is the number of no rule, behind every other.
const noRule int32 = math.MaxInt32

// A ruleSet is rules made ready: a rule's number is its place in the order.
type ruleSet struct {
	rules    []Rule
	vague    int32 // the first rule for texts that give no reason
	fallback int32 // the first rule that is tried only where no text rule holds
	phrases  *phraseIndex
	clauses  []compiledClause // by rule number
	terms    terms            // of the clauses
	anchored anchors
	basic    map[Code]int32
	detailed map[Enhanced]int32 // Major 0 for any class
	win32    map[int64]int32
	notes    []int32 // rules only for Explain
	words    normalizer
}

type compiledClause struct {
	rule       int32
	first, end int32 // its terms
}

// compile puts extra in front of rules and makes them ready.
func compile(extra, rules []Rule) (*ruleSet, error) {
	if len(extra) > 0 {
		rules = slices.Concat(extra, rules)
	}
	s := &ruleSet{
		rules: rules, vague: noRule, fallback: noRule,
		basic: map[Code]int32{}, detailed: map[Enhanced]int32{}, win32: map[int64]int32{},
	}
	p := newPhraseNumbers(&s.terms, 8*len(s.rules))
	names := make(map[string]int, len(s.rules))
	for i := range s.rules {
		r := &s.rules[i]
		r.extra = i < len(extra)
		if r.Reason == ReasonNone || r.Name == "" {
			return nil, fmt.Errorf("rule %d is empty; rules are made by ParseRules", i)
		}
		if first, twice := names[r.Name]; twice && len(r.when) > 0 {
			return nil, fmt.Errorf("%s: rule %q is at %s already", r.Where, r.Name, s.rules[first].Where)
		}
		names[r.Name] = i
		for _, d := range r.drop {
			s.words.ignore = append(s.words.ignore, []byte(d))
		}
		if !r.extra && s.fallback == noRule && strings.HasPrefix(r.Where, fallbackFile+":") {
			s.fallback = int32(i)
		}
		if !r.extra && s.vague == noRule && strings.HasPrefix(r.Where, vagueFile+":") {
			s.vague = int32(i)
		}
		s.addCodes(r, int32(i))
		for _, line := range r.when {
			c := compiledClause{rule: int32(i), first: int32(len(s.terms.list))}
			if err := readClause(line, p, p.scratch[:]); err != nil {
				return nil, fmt.Errorf("%s: %w", r.Where, err)
			}
			c.end = int32(len(s.terms.list))
			s.clauses = append(s.clauses, c)
		}
		r.text, r.when, r.tests = len(r.when) > 0, nil, nil // which nobody needs any more
	}
	s.phrases = newPhraseIndex(p.phrases)
	s.words.hosts = map[string]struct{}{}
	for _, p := range p.phrases {
		if strings.IndexByte(p, '.') < 0 {
			continue
		}
		for w := range strings.FieldsSeq(p) {
			if strings.Contains(w, ".") {
				s.words.hosts[w] = struct{}{}
			}
		}
	}
	s.anchored = newAnchors(s)
	return s, nil
}

// phraseNumbers gives numbers to phrases, and terms the phrases of clauses.
type phraseNumbers struct {
	*terms
	numbers map[string]int32
	phrases []string
	room    strings.Builder // where phrases lie one behind the other
	scratch [64]byte
}

func newPhraseNumbers(t *terms, many int) *phraseNumbers {
	t.phrases = make([]int32, 0, 2*many)
	return &phraseNumbers{terms: t, numbers: make(map[string]int32, many), phrases: make([]string, 0, many)}
}

func (n *phraseNumbers) phrase(pattern []byte) {
	number, ok := n.numbers[string(pattern)]
	if !ok {
		number = int32(len(n.phrases))
		p := n.kept(pattern)
		n.numbers[p] = number
		n.phrases = append(n.phrases, p)
	}
	n.addPhrase(number)
}

// kept returns a pattern as a string, of which many share a piece of memory.
func (n *phraseNumbers) kept(pattern []byte) string {
	const piece = 16 << 10
	if n.room.Cap()-n.room.Len() < len(pattern) {
		n.room = strings.Builder{}
		n.room.Grow(max(piece, len(pattern)))
	}
	begin := n.room.Len()
	n.room.Write(pattern)
	return n.room.String()[begin:]
}

// anchors are, for each phrase, the clauses that it is the anchor of.
type anchors struct {
	first   []int32 // of each phrase in clauses, and the end of the last's
	clauses []int32
}

func newAnchors(s *ruleSet) anchors {
	a := anchors{first: make([]int32, len(s.phrases.length)+2)}
	all := int32(0)
	for i := range s.clauses {
		for _, p := range s.anchor(&s.clauses[i]) {
			a.first[p+2]++
			all++
		}
	}
	for p := 2; p < len(a.first); p++ {
		a.first[p] += a.first[p-1]
	}
	// While they are filled in, the end of a phrase's stands where their
	// beginning is to stand.
	a.clauses = make([]int32, all)
	for i := range s.clauses {
		for _, p := range s.anchor(&s.clauses[i]) {
			end := &a.first[p+1]
			a.clauses[*end] = int32(i)
			*end++
		}
	}
	return a
}

// of returns the clauses of a phrase.
func (a *anchors) of(phrase int32) []int32 {
	return a.clauses[a.first[phrase]:a.first[phrase+1]]
}

// addCodes enters a rule that only looks at codes or error numbers. The first
// rule for a code decides.
func (s *ruleSet) addCodes(r *Rule, n int32) {
	if r.note {
		s.notes = append(s.notes, n)
		return
	}
	if len(r.when) > 0 {
		return
	}
	for _, w := range r.win32 {
		if _, ok := s.win32[w]; !ok {
			s.win32[w] = n
		}
	}
	for _, c := range r.codes {
		if c.basic {
			for code := c.from; code <= c.to; code++ {
				if _, ok := s.basic[code]; !ok {
					s.basic[code] = n
				}
			}
			continue
		}
		for detail := c.low; detail <= c.high; detail++ {
			e := Enhanced{c.major, c.subject, detail}
			if _, ok := s.detailed[e]; !ok {
				s.detailed[e] = n
			}
		}
	}
}

// anchor returns the phrases of the stage without which the clause cannot
// hold, of all such stages the one whose shortest phrase is longest: it is the
// one that texts hold least often.
func (s *ruleSet) anchor(c *compiledClause) []int32 {
	var best []int32
	longest := int32(-1)
	for _, t := range s.terms.list[c.first:c.end] {
		if t.not {
			continue
		}
		for i := t.first; i < t.end; i++ {
			st := s.terms.stage(i)
			shortest := int32(math.MaxInt32)
			for _, p := range st {
				shortest = min(shortest, s.phrases.length[p])
			}
			if shortest > longest {
				best, longest = st, shortest
			}
		}
	}
	return best
}

func (s *ruleSet) rule(n int32) *Rule {
	if n == noRule {
		return nil
	}
	return &s.rules[n]
}

// accepted returns the rule for a reply that is no failure.
func (s *ruleSet) accepted(code Code, e Enhanced) int32 {
	if n := s.byCode(code, e); s.accepts(n) {
		return n
	}
	if n, ok := s.basic[code]; ok && s.accepts(n) {
		return n
	}
	return noRule
}

// accepts reports whether the rule is about replies that are no failures.
func (s *ruleSet) accepts(n int32) bool { return n != noRule && s.rules[n].Reason == ReasonAccepted }

// refused returns the rule for a failure whose enhanced code contradicts it,
// such as "550 5.1.9".
func (s *ruleSet) refused(code Code) int32 {
	if n, ok := s.basic[code]; ok && !s.accepts(n) {
		return n
	}
	return noRule
}

// byCode returns the first rule for one of the codes alone.
func (s *ruleSet) byCode(code Code, e Enhanced) int32 {
	n := noRule
	if r, ok := s.basic[code]; ok {
		n = r
	}
	if !e.IsZero() {
		if r, ok := s.detailed[e]; ok {
			n = min(n, r)
		}
		if r, ok := s.detailed[Enhanced{0, e.Subject, e.Detail}]; ok {
			n = min(n, r)
		}
	}
	return n
}

// first returns the number of the first rule that holds for the words.
func (s *ruleSet) first(m *matcher, words []byte, q question) int32 {
	n := s.byCode(q.code, q.enhanced)
	m.scan(s.phrases, words)
	clear(m.marks)
	for _, p := range m.order {
		for _, c := range s.anchored.of(p) {
			m.marks[c>>6] |= 1 << (c & 63)
		}
	}
	for i, word := range m.marks {
		for ; word != 0; word &= word - 1 {
			c := &s.clauses[i<<6|bits.TrailingZeros64(word)]
			if c.rule >= n {
				return n // clauses stand in the order of their rules
			}
			if s.rules[c.rule].allows(q) && s.holds(m, c) {
				return c.rule
			}
		}
	}
	return n
}

func (s *ruleSet) holds(m *matcher, c *compiledClause) bool {
	for _, t := range s.terms.list[c.first:c.end] {
		if m.holds(&s.terms, t, s.phrases.length) == t.not {
			return false
		}
	}
	return true
}

// allows reports whether the codes and the command let the rule apply.
func (r *Rule) allows(q question) bool {
	if r.class != ClassNone && r.class != q.class {
		return false
	}
	if len(r.codes) > 0 && !slices.ContainsFunc(r.codes, func(c codeRange) bool { return c.holds(q.code, q.enhanced) }) {
		return false
	}
	if len(r.after) > 0 && !slices.ContainsFunc(r.after, func(v string) bool { return verbNumber(v) == q.verb }) {
		return false
	}
	return true
}

// check runs the rules' own test lines.
func (c *Classifier) check(rules []Rule) error {
	for i := range rules {
		r := &rules[i]
		for _, t := range r.tests {
			if got := c.classify(t.text, Outbound); got.Rule != r.Name {
				file, _, _ := strings.Cut(r.Where, ":")
				return fmt.Errorf("%s:%d: the test line of rule %q is decided by %q", file, t.line, r.Name, got.Rule)
			}
		}
	}
	return nil
}
