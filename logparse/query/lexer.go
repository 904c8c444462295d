package query

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"
)

// The kinds of token that the grammar names.
const (
	kindName   lexer.TokenType = -2 - iota // a column, a table, a word that the grammar names
	kindQuoted                             // ['a name']
	kindFunc                               // a name before "("
	kindAlias                              // a name before "="
	kindStep                               // the name of an operator, after "|"
	kindWord                               // a reserved word: and, in, !has, by, …
	kindBool                               // true, false
	kindText                               // "…", '…', @"…"
	kindInt
	kindReal
	kindSpan // 30m
	kindTime // datetime(…)
	kindMark // punctuation
)

var symbols = map[string]lexer.TokenType{
	"EOF": lexer.EOF, "Name": kindName, "Quoted": kindQuoted, "Func": kindFunc, "Alias": kindAlias,
	"Step": kindStep, "Word": kindWord, "Bool": kindBool, "Text": kindText, "Int": kindInt,
	"Real": kindReal, "Span": kindSpan, "Time": kindTime, "Mark": kindMark,
}

// Bounds of what is parsed at all: what is beyond them was not written by hand.
const (
	maxSource = 1 << 18
	maxTokens = 20_000
	maxDepth  = 100
)

// textWords are the operators that look for one text in another. Each has a
// form that minds case, with _cs, and their negation begins with "!".
var textWords = []string{"has", "contains", "startswith", "endswith"}

// reserved are the words that cannot be columns unless they are quoted.
var reserved = func() map[string]bool {
	words := map[string]bool{
		"and": true, "or": true, "not": true, "by": true, "matches": true,
		"in": true, "!in": true, "in~": true, "!in~": true, "between": true, "!between": true,
		"has_any": true, "has_all": true,
	}
	for _, w := range textWords {
		words[w], words["!"+w] = true, true
		words[w+"_cs"], words["!"+w+"_cs"] = true, true
	}
	return words
}()

// A token is a piece of the query: value is src[pos:end], except that reserved
// words and operators are lower case.
type token struct {
	kind     lexer.TokenType
	value    string
	pos, end int
}

func (t token) is(mark string) bool { return t.kind == kindMark && t.value == mark }
func (t token) word(w string) bool  { return t.kind == kindWord && t.value == w }

type scanner struct {
	src    string
	pos    int
	tokens []token
}

// scan splits a query into tokens. What is no token at all, or is left open,
// is an error here: the parser sees only what it has words for.
func scan(src string) ([]token, *Error) {
	if len(src) > maxSource {
		return nil, errorAt(src, maxSource, maxSource, "the query is too long", "")
	}
	s := &scanner{src: src}
	for {
		s.space()
		if s.pos == len(src) {
			break
		}
		if len(s.tokens) == maxTokens {
			return nil, errorAt(src, s.pos, s.pos, "the query is too long", "")
		}
		if err := s.next(); err != nil {
			return nil, err
		}
	}
	s.tokens = append(s.tokens, token{lexer.EOF, "", len(src), len(src)})
	classify(s.tokens)
	return s.tokens, brackets(src, s.tokens)
}

// space skips white space and comments.
func (s *scanner) space() {
	for s.pos < len(s.src) {
		r, n := utf8.DecodeRuneInString(s.src[s.pos:])
		switch {
		case unicode.IsSpace(r) || r == '\ufeff':
			s.pos += n
		case strings.HasPrefix(s.src[s.pos:], "//"):
			if end := strings.IndexByte(s.src[s.pos:], '\n'); end >= 0 {
				s.pos += end
			} else {
				s.pos = len(s.src)
			}
		default:
			return
		}
	}
}

func (s *scanner) add(kind lexer.TokenType, n int) *Error {
	s.tokens = append(s.tokens, token{kind, s.src[s.pos : s.pos+n], s.pos, s.pos + n})
	s.pos += n
	return nil
}

// marks are the punctuation, the longer before the shorter.
var marks = []string{"==", "!=", "=~", "!~", "<=", ">=", "..", "|", "=", "<", ">", "!", "(", ")", "[", "]", ",", ".", "+", "-", "*", "/", "%", ";", ":"}

// habits are signs of other languages, with the words for them.
var habits = []struct{ sign, hint string }{
	{"&&", "write `and`"},
	{"||", "write `or`"},
	{"<>", "write `!=`"},
	{"===", "write `==`"},
	{"!==", "write `!=`"},
	{"&", "write `and`"},
}

func (s *scanner) next() *Error {
	rest := s.src[s.pos:]
	for _, h := range habits {
		if strings.HasPrefix(rest, h.sign) {
			return s.fail(len(h.sign), "`"+h.sign+"` is not an operator here", h.hint)
		}
	}
	switch c := rest[0]; {
	case c == '"' || c == '\'':
		return s.text(rest)
	case c == '@' && len(rest) > 1 && (rest[1] == '"' || rest[1] == '\''):
		return s.verbatim(rest)
	case c >= '0' && c <= '9':
		return s.number(rest)
	case c == '[' && len(rest) > 1 && (rest[1] == '"' || rest[1] == '\'') && s.nameMayStart():
		return s.quotedName(rest)
	case c == '!':
		if n := nameLen(rest[1:]); n > 0 {
			if word := "!" + withTilde(rest[1:], n); reserved[strings.ToLower(word)] {
				return s.add(kindWord, len(word))
			}
		}
	}
	if n := nameLen(rest); n > 0 {
		return s.name(rest, n)
	}
	for _, m := range marks {
		if strings.HasPrefix(rest, m) {
			return s.add(kindMark, len(m))
		}
	}
	r, n := utf8.DecodeRuneInString(rest)
	switch r {
	case '“', '”', '„', '‘', '’', '«', '»', '`':
		return s.fail(n, "this is no quotation mark of the language", "text stands in `\"` or `'`")
	case '$', '@', '#', '~', '?', '^', '{', '}', '\\':
		return s.fail(n, quoted(string(r))+" has no meaning here", "text stands in `\"`")
	}
	return s.fail(n, "this character has no meaning here", "text stands in `\"`")
}

func (s *scanner) fail(n int, msg, hint string) *Error {
	return errorAt(s.src, s.pos, s.pos+n, msg, hint)
}

// nameMayStart reports whether a "[" begins a quoted name: after an operand it
// is an index.
func (s *scanner) nameMayStart() bool {
	if len(s.tokens) == 0 {
		return true
	}
	switch last := s.tokens[len(s.tokens)-1]; last.kind {
	case kindMark:
		return last.value != ")" && last.value != "]"
	case kindQuoted:
		return false
	case kindName:
		// Not yet classified: a word such as "where" or "and" is no operand.
		lower := strings.ToLower(last.value)
		return reserved[lower] || stepNames[lower] != ""
	}
	return true
}

// nameLen returns the length of the name at the beginning of s.
func nameLen(s string) int {
	for i, r := range s {
		if r == utf8.RuneError || !(r == '_' || unicode.IsLetter(r) || i > 0 && unicode.IsDigit(r)) {
			return i
		}
	}
	return len(s)
}

// withTilde returns the name of length n at the beginning of s, with the "~"
// of in~.
func withTilde(s string, n int) string {
	if strings.EqualFold(s[:n], "in") && strings.HasPrefix(s[n:], "~") {
		n++
	}
	return s[:n]
}

func (s *scanner) name(rest string, n int) *Error {
	if strings.EqualFold(rest[:n], "datetime") {
		if m := timeLiteral(rest, n); m > 0 {
			return s.add(kindTime, m)
		}
	}
	if k := len(s.tokens); k > 0 && s.tokens[k-1].is("|") {
		// Names of operators are the only ones with a "-".
		for n < len(rest) && rest[n] == '-' && nameLen(rest[n+1:]) > 0 {
			n += 1 + nameLen(rest[n+1:])
		}
		return s.add(kindName, n)
	}
	return s.add(kindName, len(withTilde(rest, n)))
}

// timeLiteral returns the length of datetime(2026-11-01 …) without quotes, 0 if
// it is something else.
func timeLiteral(s string, n int) int {
	open := n + len(s[n:]) - len(strings.TrimLeft(s[n:], " \t"))
	if open >= len(s) || s[open] != '(' {
		return 0
	}
	length := strings.IndexByte(s[open:], ')')
	if length < 0 {
		return 0
	}
	inner := strings.TrimSpace(s[open+1 : open+length])
	if inner == "" || inner[0] < '0' || inner[0] > '9' || strings.ContainsAny(inner, "|\"'\n") {
		return 0
	}
	return open + length + 1
}

// classify gives names their role, which the tokens beside them decide.
func classify(tokens []token) {
	step := ""
	for i := range tokens {
		t := &tokens[i]
		if t.kind == kindWord {
			t.value = strings.ToLower(t.value)
		}
		if t.kind != kindName {
			continue
		}
		lower := strings.ToLower(t.value)
		next := tokens[i+1]
		switch {
		case i > 0 && tokens[i-1].is("|"):
			t.kind, t.value, step = kindStep, lower, lower
		case i > 0 && tokens[i-1].is("."):
		case reserved[lower]:
			t.kind, t.value = kindWord, lower
		case lower == "true" || lower == "false":
			t.kind, t.value = kindBool, lower
		case next.is("="):
			t.kind = kindAlias
		case next.is("(") && step != "render":
			t.kind = kindFunc
		}
	}
}

// brackets checks that they come in pairs, and not too deep.
func brackets(src string, tokens []token) *Error {
	var open []token
	pair := map[string]string{")": "(", "]": "["}
	for i, t := range tokens {
		if t.kind != kindMark {
			continue
		}
		switch t.value {
		case "(", "[":
			if len(open) == maxDepth {
				return errorAt(src, t.pos, t.end, "too many brackets within each other", "")
			}
			open = append(open, t)
		case ")", "]":
			if len(open) == 0 || open[len(open)-1].value != pair[t.value] {
				return errorAt(src, t.pos, t.end, "`"+t.value+"` without `"+pair[t.value]+"`", "")
			}
			open = open[:len(open)-1]
		case "|":
			if len(open) > 0 && i+1 < len(tokens) && tokens[i+1].kind == kindStep && stepNames[tokens[i+1].value] != "" {
				return unclosed(src, open)
			}
		}
	}
	if len(open) > 0 {
		return unclosed(src, open)
	}
	return nil
}

func unclosed(src string, open []token) *Error {
	t := open[len(open)-1]
	return errorAt(src, t.pos, t.end, "this `"+t.value+"` is never closed", "")
}

// replay hands tokens to the parser.
type replay struct {
	tokens []token
	at     int
}

func (r *replay) Next() (lexer.Token, error) {
	t := r.tokens[r.at]
	if r.at < len(r.tokens)-1 {
		r.at++
	}
	return lexer.Token{Type: t.kind, Value: t.value, Pos: lexer.Position{Offset: t.pos, Line: 1, Column: t.pos + 1}}, nil
}
