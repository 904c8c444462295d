package reply

import (
	"embed"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// The built-in tables, in the order in which they are tried. Those from
// enhanced.rules on only look at codes and decide where no text rule did.
//
//go:embed rules/*.rules
var ruleFiles embed.FS

const (
	fallbackFile = "enhanced.rules"
	vagueFile    = "other.rules" // refusals that only say that they are some
)

var ruleOrder = []string{
	"win32.rules", "exchange-tokens.rules", "exchange-online.rules", "provider.rules",
	"servers.rules", "languages.rules", "network.rules", "security.rules", "reputation.rules", "sender.rules", "recipient.rules",
	"message.rules", "server.rules", "other.rules",
	fallbackFile, "basic.rules", "exchange.rules",
}

// builtinRules reads the embedded tables.
func builtinRules() ([]Rule, error) {
	var all []Rule
	for _, name := range ruleOrder {
		f, err := ruleFiles.Open("rules/" + name)
		if err != nil {
			return nil, err
		}
		rules, err := ParseRules(f, name)
		f.Close()
		if err != nil {
			return nil, err
		}
		all = append(all, rules...)
	}
	return all, nil
}

// noRule is the number of no rule, behind every other.
const noRule int32 = math.MaxInt32

// A ruleSet is rules made ready: a rule's number is its place in the order.
type ruleSet struct {
	rules     []Rule
	vague     int32 // the first rule for texts that give no reason
	fallback  int32 // the first rule that is tried only where no text rule holds
	automaton *automaton
	clauses   []compiledClause // by rule number
	anchored  [][]int32        // for each phrase, the clauses it is the anchor of
	basic     map[Code]int32
	detailed  map[Enhanced]int32 // Major 0 for any class
	win32     map[int64]int32
	notes     []int32 // rules only for Explain
	words     normalizer
}

type compiledClause struct {
	rule  int32
	terms []compiledTerm
}

// compile puts extra in front of rules and makes them ready.
func compile(extra, rules []Rule) (*ruleSet, error) {
	s := &ruleSet{
		rules: slices.Concat(extra, rules), vague: noRule, fallback: noRule,
		basic: map[Code]int32{}, detailed: map[Enhanced]int32{}, win32: map[int64]int32{},
	}
	phrases := make([]string, 0, 8*len(s.rules))
	numbers := make(map[string]int32, 8*len(s.rules))
	number := func(p string) int32 {
		n, ok := numbers[p]
		if !ok {
			n = int32(len(phrases))
			numbers[p] = n
			phrases = append(phrases, p)
		}
		return n
	}
	names := make(map[string]string, len(s.rules))
	for i := range s.rules {
		r := &s.rules[i]
		r.extra = i < len(extra)
		if r.Reason == ReasonNone || r.Name == "" {
			return nil, fmt.Errorf("rule %d is empty; rules are made by ParseRules", i)
		}
		if where, twice := names[r.Name]; twice && len(r.when) > 0 {
			return nil, fmt.Errorf("%s: rule %q is at %s already", r.Where, r.Name, where)
		}
		names[r.Name] = r.Where
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
		for _, c := range r.when {
			cc := compiledClause{rule: int32(i), terms: make([]compiledTerm, 0, len(c))}
			for _, t := range c {
				ct := compiledTerm{not: t.not, stages: make([][]int32, 0, len(t.stages))}
				for _, st := range t.stages {
					ids := make([]int32, 0, len(st))
					for _, p := range st {
						ids = append(ids, number(p))
					}
					ct.stages = append(ct.stages, ids)
				}
				cc.terms = append(cc.terms, ct)
			}
			s.clauses = append(s.clauses, cc)
		}
		r.text, r.when, r.tests = len(r.when) > 0, nil, nil // which nobody needs any more
	}
	s.automaton = newAutomaton(phrases)
	s.words.hosts = map[string]struct{}{}
	for _, p := range phrases {
		for w := range strings.FieldsSeq(p) {
			if strings.Contains(w, ".") {
				s.words.hosts[w] = struct{}{}
			}
		}
	}
	s.anchored = make([][]int32, len(phrases))
	for i := range s.clauses {
		for _, p := range s.anchor(&s.clauses[i]) {
			s.anchored[p] = append(s.anchored[p], int32(i))
		}
	}
	return s, nil
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
	for _, t := range c.terms {
		if t.not {
			continue
		}
		for _, st := range t.stages {
			shortest := int32(math.MaxInt32)
			for _, p := range st {
				shortest = min(shortest, s.automaton.length[p])
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
	m.scan(s.automaton, words)
	clear(m.marks)
	for _, p := range m.order {
		for _, c := range s.anchored[p] {
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
	for i := range c.terms {
		if m.holds(&c.terms[i], s.automaton.length) == c.terms[i].not {
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
