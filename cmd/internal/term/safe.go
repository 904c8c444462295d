package term

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/smtplog/smtplog/logparse/input"
)

// Safe returns s as it can be printed within a line of a terminal: what
// would move the cursor, change the order of the text or stay invisible is
// written as an escape (\n, \x1b, \u202e, \U000e0001). That is: control
// characters, format characters (bidirectional controls, zero-width and soft
// hyphen), line and paragraph separators, fillers, variation selectors but for
// the one that asks for an emoji after a symbol, private use, and what Unicode
// has not assigned. Bytes that are not UTF-8 are shown as [input.Text] reads
// them. A backslash stays as it is, so the escapes can be read but not
// reversed. It does not allocate where there is nothing to do.
func Safe(s string) string {
	at := unsafeAt(s)
	if at < 0 {
		return s
	}
	if !utf8.ValidString(s) {
		s = input.Text([]byte(s))
		if at = unsafeAt(s); at < 0 {
			return s
		}
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:at])
	var prev rune
	if at > 0 {
		prev, _ = utf8.DecodeLastRuneInString(s[:at])
	}
	for _, r := range s[at:] {
		if printable(prev, r) {
			b.WriteRune(r)
		} else {
			writeEscape(&b, r)
		}
		prev = r
	}
	return b.String()
}

// unsafeAt returns where the first byte is that Safe would not leave as it is,
// -1 for none.
func unsafeAt(s string) int {
	var prev rune
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return i
			}
			prev = rune(c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || !printable(prev, r) {
			return i
		}
		prev = r
		i += size
	}
	return -1
}

const emojiSelector = '\ufe0f' // asks for the emoji form of the symbol before it

// printable reports whether r, coming after prev, shows as what it is.
func printable(prev, r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r >= ' ' && r != 0x7f
	case !unicode.IsGraphic(r):
		return false
	case r == emojiSelector:
		return unicode.Is(unicode.So, prev)
	case r == '\u2800': // the Braille pattern without dots
		return false
	}
	return !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func writeEscape(b *strings.Builder, r rune) {
	const hex = "0123456789abcdef"
	digits := 0
	switch {
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r < utf8.RuneSelf:
		b.WriteString(`\x`)
		digits = 2
	case r <= 0xffff:
		b.WriteString(`\u`)
		digits = 4
	default:
		b.WriteString(`\U`)
		digits = 8
	}
	for i := digits - 1; i >= 0; i-- {
		b.WriteByte(hex[r>>(4*i)&0xf])
	}
}

// DisplayWidth returns the columns that s, a safe text, takes on a terminal: two
// for the wide characters of East Asia and for emoji, none for combining marks.
// Characters of ambiguous width count one column. Each rune counts by itself,
// as most terminals have it and as tablewriter aligns: what a newer terminal
// draws as one emoji of several runes may turn out narrower.
func DisplayWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	if ' ' <= r && r < 0x7f {
		return 1
	}
	return displaywidth.Rune(r)
}

// Cut returns s, made safe, in at most width columns: where it is longer, it
// ends with "…".
func Cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	s = Safe(s)
	taken, end := 0, 0 // end is where a cut text ends: one column is for the "…"
	for i, r := range s {
		w := runeWidth(r)
		if taken += w; taken > width {
			return s[:end] + "…"
		}
		if taken < width {
			end = i + utf8.RuneLen(r)
		}
	}
	return s
}
