package reply

import (
	"bytes"
	"strings"
)

// maxText is how much of a text is looked at, in bytes.
const maxText = 4096

// Stand-ins for what differs from one reply to the next without changing its
// meaning. No rule can name them by accident: "#" occurs nowhere else.
const (
	markNumber  = "#n"
	markAddress = "#addr"
	markIP      = "#ip"
	markHost    = "#host"
	markID      = "#id"
)

// A normalizer folds texts that say the same to the same words.
type normalizer struct {
	hosts  map[string]struct{} // domains that rules ask for
	ignore [][]byte            // phrases that only look like a meaning
}

// append appends the words of text to b, each between two blanks, in lower
// case, without accents and punctuation. Codes at the start of lines, URLs
// (but for their hosts and Google's "?p=" tag), addresses, host names, long
// numbers and identifiers are dropped or folded.
func (z *normalizer) append(b []byte, text string) []byte {
	if len(text) > maxText {
		text = text[:maxText]
	}
	b = append(b, ' ')
	for i := 0; i < len(text); {
		c := text[i]
		if !wordByte(c) {
			i++
			continue
		}
		if n := urlScheme(text[i:]); n > 0 {
			i += n
			end := i + urlLength(text[i:])
			b = z.url(b, text[i:end])
			i = end
			continue
		}
		end, kind := wordEnd(text, i)
		if n := codeLength(text, i, end); n > 0 {
			i += n
			continue
		}
		if end < len(text) && text[end] == '/' && kind&hasDot != 0 && kind&hasLetter != 0 && kind&hasAt == 0 && hostLike(text[i:end]) {
			end += urlLength(text[end:])
			b = z.url(b, text[i:end])
		} else {
			b = z.word(b, text[i:end], kind)
			if n := len(b); n >= 9 && end-i == 3 && string(b[n-9:]) == " can not " {
				b = append(b[:n-5], "not "...)
			}
		}
		i = end
	}
	for _, phrase := range z.ignore {
		for from := 0; ; {
			i := bytes.Index(b[from:], phrase)
			if i < 0 {
				break
			}
			from += i
			b = append(b[:from], b[from+len(phrase)-1:]...) // the blanks become one
		}
	}
	return b
}

// What a raw word holds.
type wordKind uint8

const (
	hasDot wordKind = 1 << iota
	hasAt
	hasLetter
	hasDigit
	hasHigh // a byte beyond ASCII
	hasMark // hyphen, underscore, plus or apostrophe
)

var byteKinds = func() (t [256]wordKind) {
	for c := range 256 {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			t[c] = hasLetter
		case c >= '0' && c <= '9':
			t[c] = hasDigit
		case c >= 0x80:
			t[c] = hasHigh
		case c == '.':
			t[c] = hasDot
		case c == '@':
			t[c] = hasAt
		case c == '-', c == '_', c == '+', c == '\'':
			t[c] = hasMark
		}
	}
	return t
}()

// wordByte reports whether a word may begin with c.
func wordByte(c byte) bool { return byteKinds[c]&(hasLetter|hasDigit|hasHigh) != 0 }

// wordEnd returns where the raw word that begins at i ends, without the dots,
// hyphens and the like at its end.
func wordEnd(text string, i int) (end int, kind wordKind) {
	for end = i; end < len(text); end++ {
		k := byteKinds[text[end]]
		if k == 0 {
			break
		}
		kind |= k
	}
	for end > i+1 && byteKinds[text[end-1]]&(hasDot|hasMark|hasAt) != 0 {
		end--
	}
	return end, kind
}

// codeLength returns the length of a reply code with its enhanced code when
// the word at i is one: they are known already, and in a reply of several
// lines they stand amid the sentence.
func codeLength(text string, i, end int) int {
	if end-i < 3 || text[i] != '4' && text[i] != '5' && text[i] != '2' || !digit(text[i+1]) || !digit(text[i+2]) {
		return 0
	}
	rest := text[i+3:]
	if end-i > 3 && rest[0] != '-' {
		return 0
	}
	n := 3
	if len(rest) > 0 && rest[0] == '-' {
		n++
		rest = rest[1:]
		if len(rest) > 0 && letterOrDigit(rest[0]) && !enhancedStart(rest) {
			return n
		}
	}
	if len(rest) > 0 && rest[0] == ' ' {
		n++
		rest = rest[1:]
	}
	if enhancedStart(rest) {
		j := 0
		for j < len(rest) && (digit(rest[j]) || rest[j] == '.') {
			j++
		}
		return n + j
	}
	if i == 0 {
		return 3
	}
	return 0
}

func enhancedStart(s string) bool {
	return len(s) >= 5 && digit(s[0]) && s[1] == '.' && digit(s[2])
}

// urlScheme returns the length of "http://" or "https://" at the start of s.
func urlScheme(s string) int {
	if len(s) < 8 || s[0]|0x20 != 'h' || s[1]|0x20 != 't' || s[2]|0x20 != 't' || s[3]|0x20 != 'p' {
		return 0
	}
	i := 4
	if s[i]|0x20 == 's' {
		i++
	}
	if i+3 <= len(s) && s[i:i+3] == "://" {
		return i + 3
	}
	return 0
}

// urlLength returns how far a URL goes.
func urlLength(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\r', '\n', '<', '>', '"', '\'', ')', ']', '}':
			return i
		}
	}
	return len(s)
}

// hostLike reports whether a dotted word is a host name rather than the end of
// one sentence and the start of the next.
func hostLike(s string) bool {
	for i := 1; i+1 < len(s); i++ {
		if s[i] == '.' && s[i+1] >= 'A' && s[i+1] <= 'Z' && s[i-1] >= 'a' && s[i-1] <= 'z' {
			return false
		}
	}
	return true
}

// url appends what is worth keeping of a URL without its scheme: the host if
// a rule asks for it, and the tag of Google's help pages ("?p=NoSuchUser").
func (z *normalizer) url(b []byte, u string) []byte {
	host := 0
	for host < len(u) && byteKinds[u[host]]&(hasLetter|hasDigit|hasDot|hasMark) != 0 {
		host++
	}
	b = z.host(b, u[:host], "")
	for i := host; i+3 < len(u); i++ {
		if (u[i] == '?' || u[i] == '&') && u[i+1] == 'p' && u[i+2] == '=' {
			b = append(b, "p#"...)
			for i += 3; i < len(u) && byteKinds[u[i]]&hasLetter != 0; i++ {
				b = append(b, lower(u[i]))
			}
			return append(b, ' ')
		}
	}
	return b
}

// host appends the longest domain above name, or name itself, that a rule asks
// for, else the stand-in.
func (z *normalizer) host(b []byte, name, standIn string) []byte {
	var buf [128]byte
	if len(name) <= len(buf) {
		low := buf[:len(name)]
		for i := range low {
			low[i] = lower(name[i])
		}
		for at := 0; ; {
			if _, ok := z.hosts[string(low[at:])]; ok {
				b = append(b, low[at:]...)
				return append(b, ' ')
			}
			dot := indexByte(low[at:], '.')
			if dot < 0 {
				break
			}
			at += dot + 1
		}
	}
	if standIn == "" {
		return b
	}
	b = append(b, standIn...)
	return append(b, ' ')
}

func indexByte(b []byte, c byte) int {
	for i, x := range b {
		if x == c {
			return i
		}
	}
	return -1
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// word appends one raw word.
func (z *normalizer) word(b []byte, w string, kind wordKind) []byte {
	if kind&^hasLetter == 0 { // by far the most
		return appendLetters(b, w)
	}
	if kind&hasAt != 0 {
		return append(b, markAddress+" "...)
	}
	if kind&hasDot != 0 && len(w) > 2 {
		return z.dotted(b, w, kind)
	}
	return z.parts(b, w)
}

// appendLetters appends a word of ASCII letters.
func appendLetters(b []byte, w string) []byte {
	if len(w) > 64 {
		return append(b, markID+" "...)
	}
	for i := 0; i < len(w); i++ {
		b = append(b, lower(w[i]))
	}
	return append(b, ' ')
}

// dotted appends a word with dots in it.
func (z *normalizer) dotted(b []byte, w string, kind wordKind) []byte {
	if kind&(hasLetter|hasHigh) == 0 {
		if !containsDot(w) {
			return z.parts(b, w)
		}
		if e, n := ParseEnhanced([]byte(w)); n == len(w) && n > 0 {
			b = e.Append(b)
			return append(b, ' ')
		}
		if strings.Count(w, ".") < 3 {
			return append(b, markNumber+" "...)
		}
		return append(b, markIP+" "...)
	}
	if !containsDot(w) {
		return z.parts(b, w)
	}
	if kind&hasHigh != 0 || !hostLike(w) || !topLevel(w) || exchangeToken(w) {
		return z.parts(b, w)
	}
	return z.host(b, w, markHost)
}

// topLevel reports whether the last label could be a top-level domain.
func topLevel(w string) bool {
	i := len(w)
	for i > 0 && byteKinds[w[i-1]] == hasLetter {
		i--
	}
	return i > 0 && w[i-1] == '.' && len(w)-i > 1 || strings.Contains(w[:i], ".xn--")
}

func containsDot(w string) bool {
	for i := 0; i < len(w); i++ {
		if w[i] == '.' {
			return true
		}
	}
	return false
}

// exchangeToken reports whether a dotted word is a token of Exchange's
// transport, such as "RESOLVER.ADR.RecipNotFound".
func exchangeToken(w string) bool {
	first := 0
	for first < len(w) && w[first] != '.' {
		first++
	}
	switch w[:first] {
	case "RESOLVER", "STOREDRV", "SMTPSEND", "SMTP", "TRANSPORT", "QUEUE", "APPROVAL", "AGENT", "ROUTING", "CAT", "CATEGORIZER", "DSN", "SUBMISSION":
		return true
	}
	const suffix = "Exception"
	return first > len(suffix) && w[first-len(suffix):first] == suffix ||
		len(w) > len(suffix) && w[len(w)-len(suffix):] == suffix
}
