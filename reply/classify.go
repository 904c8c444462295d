package reply

import (
	"strings"
	"sync"
	"time"
)

// A Classification says what a reply means.
type Classification struct {
	Code     Code     // of the outer reply; 0 when there is none
	Enhanced Enhanced // of the outer reply; zero when there is none
	Class    Class

	Reason Reason
	Actor  Actor  // who has to act, seen from the given direction
	Remedy string // what to do, for a mail administrator

	List       string        // the blocklist that the text names, such as "zen.spamhaus.org"
	RetryAfter time.Duration // when the text says to come back, 0 when it does not
	Inner      string        // the innermost quoted reply, "" when nothing is quoted

	Rule    string // the rule that decided, "" when none did
	Source  string // the registry or vendor that the meaning is taken from, if any
	Meaning string // one sentence
}

// Classify says what a reply means, with the built-in rules. The text is one
// reply as logged, with or without its code, of one line or several. An
// unknown direction is taken as Outbound. Classify is safe for concurrent use.
func Classify(text string, d Direction) Classification {
	return builtin().Classify(text, d)
}

var builtin = sync.OnceValue(func() *Classifier {
	c, err := NewClassifier(nil)
	if err != nil {
		panic(err) // the tables are part of the program, and its tests read them
	}
	return c
})

// A Classifier classifies replies by a set of rules. It remembers the texts it
// has seen, in bounded space (a few megabytes at most), and is safe for
// concurrent use.
type Classifier struct {
	set      *ruleSet
	matchers sync.Pool
	exact    *cache[exactKey, Classification] // texts as they stand
	folded   *cache[foldedKey, int32]         // normalised texts: the rule's number
}

// NewClassifier returns a classifier with the given rules, which are tried in
// their order before the built-in ones. It fails when two rules have one name
// or when the test line of a rule is not decided by that rule.
func NewClassifier(extra []Rule) (*Classifier, error) {
	rules, err := builtinRules()
	if err != nil {
		return nil, err
	}
	set, err := compile(extra, rules)
	if err != nil {
		return nil, err
	}
	c := newClassifier(set)
	return c, c.check(extra)
}

func newClassifier(set *ruleSet) *Classifier {
	c := &Classifier{set: set, exact: newCache[exactKey, Classification](2048), folded: newCache[foldedKey, int32](4096)}
	c.matchers.New = func() any {
		return &work{m: newMatcher(len(set.phrases.length), len(set.clauses)), words: make([]byte, 0, 2*maxText)}
	}
	return c
}

// work is the room that classifying one text takes.
type work struct {
	m     *matcher
	words []byte
}

// maxExact is the length of the longest text that is remembered as it stands.
const maxExact = 1024

// Classify is like the function of that name.
func (c *Classifier) Classify(text string, d Direction) Classification {
	if len(text) > maxExact {
		return c.classify(text, d)
	}
	h := hashString(text, uint64(d))
	if e := c.exact.get(h); e != nil && e.key.text == text && e.key.d == d {
		return e.value
	}
	// The caller's string may be a part of a large buffer: only a copy is kept,
	// and the result quotes the copy.
	text = string([]byte(text))
	r := c.classify(text, d)
	c.exact.put(h, exactKey{text, d}, r)
	return r
}

// ClassifyBytes is like Classify and keeps nothing of text.
func (c *Classifier) ClassifyBytes(text []byte, d Direction) Classification {
	if len(text) > maxExact {
		return c.classify(string(text), d)
	}
	h := hashBytes(text, uint64(d))
	if e := c.exact.get(h); e != nil && e.key.text == string(text) && e.key.d == d {
		return e.value
	}
	s := string(text)
	r := c.classify(s, d)
	c.exact.put(h, exactKey{s, d}, r)
	return r
}

// classify does the work for a text that is not remembered as it stands.
func (c *Classifier) classify(text string, d Direction) Classification {
	p := dissect(text)
	if p.body == "" && p.code == 0 {
		return Classification{}
	}
	r := Classification{Code: p.code, Enhanced: p.enhanced}
	if p.quoted {
		r.Inner = p.body
	}
	if p.code != 0 {
		r.Class = p.code.Class()
	} else {
		r.Class = p.enhanced.Class()
	}
	n := c.number(&p, text, r.Class)
	if r.Class.Failed() && c.set.accepts(n) {
		n = c.set.refused(p.code)
	}
	rule := c.set.rule(n)
	r.explainBy(rule, d)
	if r.Class == ClassNone {
		r.Class = r.Reason.class()
	}
	switch r.Reason {
	case ReasonBlocklisted, ReasonSpam, ReasonPolicy, ReasonDNSPTR:
		r.List = blocklist(p.body)
	}
	if r.Class == Transient {
		r.RetryAfter = retryAfter(p.body)
	}
	return r
}

// class returns the class of a failure that no code tells of: a connection or
// a TLS handshake that fails is tried again, a login that fails is not.
func (r Reason) class() Class {
	switch {
	case r.connection(), r == ReasonTLSFailed:
		return Transient
	case r == ReasonAuthFailed:
		return Permanent
	}
	return ClassNone
}

// connection reports whether the other server was never reached, or lost.
func (r Reason) connection() bool {
	switch r {
	case ReasonConnectionTimeout, ReasonConnectionRefused, ReasonConnectionDropped, ReasonDNSFailure:
		return true
	}
	return false
}

// number returns the number of the rule that decides, or noRule.
func (c *Classifier) number(p *dissection, text string, class Class) int32 {
	if class == OK {
		return c.set.accepted(p.code, p.enhanced)
	}
	if n, ok := c.set.win32[p.win32]; ok && p.win32 != 0 && !(class == Permanent && strings.Contains(p.body, "essage expired")) {
		return n
	}
	n := c.decide(p.body, question{p.bodyCode, p.bodyEnhanced, class, p.verb})
	if !p.quoted {
		return n
	}
	// What stands before the quoted reply may say more.
	before, _, _ := strings.Cut(text, p.body)
	outer := question{p.code, p.enhanced, class, p.verb}
	switch {
	case n >= c.set.fallback && (n == noRule || p.bodyEnhanced.Detail == 0): // nothing but a code that says little
		if o := c.decide(before, outer); o < c.set.fallback {
			return o
		}
	case c.set.rules[n].Reason.connection():
		// A message that was given up after its connections failed is given
		// up, not waiting for the next connection.
		if o := c.decide(before, outer); o < c.set.fallback && c.set.rules[o].Reason == ReasonExpired {
			return o
		}
	case c.set.rules[n].Reason == ReasonUserUnknown && !names(before):
		// "Unknown" is what hosts say of closed and full mailboxes too, and
		// what they say when the sender is verified.
		near := before[max(0, len(before)-maxPreamble):]
		if o := c.decide(near, outer); o < c.set.fallback {
			switch c.set.rules[o].Reason {
			case ReasonMailboxFull, ReasonMailboxDisabled, ReasonSenderRejected:
				return o
			}
		}
	case n >= c.set.vague:
		// Exchange Online tells the kind of a refusal by a code of its own.
		if o := c.set.byCode(p.code, p.enhanced); o < c.set.fallback {
			return o
		}
	}
	return n
}

// maxPreamble is how far before a quoted reply words are still about it.
const maxPreamble = 200

// names reports whether what stands before a quoted reply does nothing but name
// the host that gave it, in the manner of Postfix or Exim.
func names(before string) bool {
	return strings.HasPrefix(before, "host ") || strings.HasPrefix(before, "SMTP error from remote")
}

// A question is what rules ask about beside the words.
type question struct {
	code     Code
	enhanced Enhanced
	class    Class
	verb     uint8
}

// decide returns the number of the first rule that holds for a text.
func (c *Classifier) decide(text string, q question) int32 {
	w := c.matchers.Get().(*work)
	defer c.matchers.Put(w)
	w.words = c.set.words.append(w.words[:0], text)
	h := hashBytes(w.words, q.hash())
	if e := c.folded.get(h); e != nil && e.key.q == q && e.key.words == string(w.words) {
		return e.value
	}
	n := c.set.first(w.m, w.words, q)
	if len(w.words) <= maxExact {
		c.folded.put(h, foldedKey{string(w.words), q}, n)
	}
	return n
}

// explainBy fills in what the rule says, seen from the given direction.
func (r *Classification) explainBy(rule *Rule, d Direction) {
	r.Reason = ReasonUnknown
	if r.Class == OK {
		r.Reason = ReasonAccepted
	}
	if rule == nil {
		r.Actor, r.Meaning, r.Remedy = r.Reason.Actor(d), r.Reason.Meaning(), r.Reason.Remedy(d)
		return
	}
	r.Reason, r.Rule, r.Source = rule.Reason, rule.Name, rule.source
	r.Actor, r.Meaning, r.Remedy = rule.sense(d)
}

// sense returns who has to act on what the rule finds, what it means and what
// to do. A rule's actor and remedy are those of a refusal we were given.
func (r *Rule) sense(d Direction) (a Actor, meaning, remedy string) {
	a, meaning, remedy = r.Reason.Actor(d), r.Reason.Meaning(), r.Reason.Remedy(d)
	if r.meaning != "" {
		meaning = r.meaning
	}
	if d != Inbound || r.extra {
		if r.hasActor {
			a = r.actor
		}
		if r.remedy != "" {
			remedy = r.remedy
		}
	}
	return a, meaning, remedy
}
