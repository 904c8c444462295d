package reply

import (
	"strconv"
	"strings"
)

// An Explanation is what can be said about a reply, a code or an error number.
type Explanation struct {
	Input string // as given
	Classification
	Also []Sense // what the same code means elsewhere, such as in older versions of Exchange
}

// A Sense is one of several meanings of a code.
type Sense struct {
	Reason  Reason
	Actor   Actor
	Meaning string
	Remedy  string
	Source  string
}

// Explain says what input means: a reply, a bare code such as "550", an
// enhanced code such as "5.7.1", or a Win32 or Winsock error number such as
// "10060" or "0x80090325". An input that is none of these is taken as a reply
// without a code.
func Explain(input string, d Direction) Explanation { return builtin().Explain(input, d) }

// Explain is like the function of that name.
func (c *Classifier) Explain(input string, d Direction) Explanation {
	x := Explanation{Input: input}
	text := strings.TrimSpace(input)
	if n, ok := bareNumber(text); ok {
		if rule, ok := c.set.win32[n]; ok {
			x.explainBy(c.set.rule(rule), d)
			x.Class = x.Reason.class()
			return x
		}
	}
	x.Classification = c.Classify(text, d)
	bare := leadingOnly(text)
	for _, n := range c.set.codeRules(x.Code, x.Enhanced) {
		r := &c.set.rules[n]
		if r.Name == x.Rule || !bare && !r.note {
			continue
		}
		s := Sense{Reason: r.Reason, Source: r.source}
		s.Actor, s.Meaning, s.Remedy = r.sense(d)
		x.Also = append(x.Also, s)
	}
	return x
}

// codeRules returns the rules that look at nothing but one of the codes: those
// of the enhanced code, and of the basic code where there is no other.
func (s *ruleSet) codeRules(code Code, e Enhanced) []int32 {
	var all []int32
	for i := range s.rules {
		r := &s.rules[i]
		if r.text {
			continue
		}
		for _, c := range r.codes {
			if c.basic == e.IsZero() && c.holds(code, e) {
				all = append(all, int32(i))
				break
			}
		}
	}
	return all
}

// leadingOnly reports whether the text is nothing but codes.
func leadingOnly(text string) bool {
	for i := range len(text) {
		if c := text[i]; !digit(c) && c != '.' && c != ' ' && c != '#' && c != '-' {
			return false
		}
	}
	return text != ""
}

// bareNumber reads a Windows error number: decimal, negative or hexadecimal.
// Numbers that are reply codes are left to them.
func bareNumber(s string) (int64, bool) {
	if h, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		n, err := strconv.ParseUint(h, 16, 32)
		if n > 1<<31 { // HRESULTs are signed
			return int64(n) - 1<<32, err == nil
		}
		return int64(n), err == nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n >= 200 && n < 600 && len(s) == 3 && n != 206 && n != 234 && n != 258 {
		return 0, false
	}
	if n > 1<<31 && n < 1<<32 {
		n -= 1 << 32
	}
	return n, true
}
