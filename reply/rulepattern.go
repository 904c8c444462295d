package reply

import (
	"fmt"
	"strconv"
	"strings"
)

// parseCodeRange reads "550", "5.7.1", "x.7.1" or "5.7.606-5.7.649".
func parseCodeRange(s string) (codeRange, error) {
	if c, ok := codeRangeOf(s); ok {
		return c, nil
	}
	return codeRange{}, fmt.Errorf("no code: %q", s)
}

func codeRangeOf(s string) (c codeRange, ok bool) {
	first, last, isRange := strings.Cut(s, "-")
	if !isRange {
		last = first
	}
	if !strings.Contains(s, ".") {
		from, err1 := strconv.ParseUint(first, 10, 16)
		to, err2 := strconv.ParseUint(last, 10, 16)
		ok = err1 == nil && err2 == nil && from >= 200 && to <= 599 && from <= to
		return codeRange{basic: true, from: Code(from), to: Code(to)}, ok
	}
	low, ok1 := parsePattern(first)
	high, ok2 := parsePattern(last)
	ok = ok1 && ok2 && low.Major == high.Major && low.Subject == high.Subject && low.Detail <= high.Detail
	return codeRange{major: low.Major, subject: low.Subject, low: low.Detail, high: high.Detail}, ok
}

// parsePattern reads an enhanced code whose class may be "x".
func parsePattern(s string) (Enhanced, bool) {
	wild := strings.HasPrefix(s, "x.")
	if wild {
		s = "5" + s[1:]
	}
	e, n := ParseEnhanced([]byte(s))
	if n == 0 || n != len(s) {
		return Enhanced{}, false
	}
	if wild {
		e.Major = 0
	}
	return e, true
}

// A clauseReader takes in a clause, which is one "when" line: every term must
// hold. A term holds when its stages follow each other in the text at no more
// than maxGap bytes from one another; a negated term when they do not. A stage is
// a set of phrases any of which will do.
type clauseReader interface {
	addTerm(not bool)
	addStage()             // of the last term
	phrase(pattern []byte) // of the last stage, good until phrase returns
}

// readClause reads a "when" line. It uses room for the phrases.
func readClause(s string, to clauseReader, room []byte) error {
	positive := false
	for part := range strings.SplitSeq(s, "&") {
		part = strings.TrimSpace(part)
		rest, not := strings.CutPrefix(part, "!")
		to.addTerm(not)
		stages := 0
		for st := range strings.SplitSeq(rest, "..") {
			to.addStage()
			for phrase := range strings.SplitSeq(st, "|") {
				p, err := appendPattern(room[:0], strings.TrimSpace(phrase))
				if err != nil {
					return err
				}
				to.phrase(p)
			}
			stages++
		}
		if stages > maxStages {
			return fmt.Errorf("more than %d steps in %q", maxStages, part)
		}
		positive = positive || !not
	}
	if !positive {
		return fmt.Errorf("nothing but negations: %q", s)
	}
	return nil
}

// unread is for clauses that are only to be checked.
type unread struct{}

func (unread) addTerm(bool)  {}
func (unread) addStage()     {}
func (unread) phrase([]byte) {}

// appendPattern turns a phrase into what is looked for in normalised text, where
// every word stands between two blanks.
func appendPattern(b []byte, s string) ([]byte, error) {
	body, openEnd := strings.CutSuffix(s, "*")
	words, openStart := strings.CutPrefix(body, "*")
	if !singleBlanks(words) {
		words = strings.Join(strings.Fields(words), " ")
	}
	if len(words) < 2 {
		return nil, fmt.Errorf("phrase too short: %q", s)
	}
	for i := 0; i < len(words); i++ {
		if c := words[i]; c < 0x80 && !digit(c) && (c < 'a' || c > 'z') && c != ' ' && c != '.' && c != '#' {
			return nil, fmt.Errorf("%q in phrase %q can never match: texts are compared as lower-case words", c, s)
		}
	}
	if !openStart {
		b = append(b, ' ')
	}
	b = append(b, words...)
	if !openEnd {
		b = append(b, ' ')
	}
	return b, nil
}

// singleBlanks reports whether s is ASCII words with a blank between them, as
// nearly all phrases are.
func singleBlanks(s string) bool {
	before := byte(' ')
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < ' ' || c >= 0x80 || c == ' ' && before == ' ' {
			return false
		}
		before = c
	}
	return before != ' '
}
