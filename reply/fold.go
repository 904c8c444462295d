package reply

import (
	"unicode"
	"unicode/utf8"
)

// parts appends the pieces of a word between its dots and marks. "e-mail" and
// "don't" stay one word.
func (z *normalizer) parts(b []byte, w string) []byte {
	start := len(b)
	letters, digits, letterAfterDigit := 0, 0, false
	flush := func() {
		n := len(b) - start
		switch {
		case n == 0:
			return
		case letters == 0 && digits > 4:
			b = append(b[:start], markNumber...)
		case digits > 0 && letters > 0 && (letterAfterDigit && n > 5 && n < 17 || n > 11 && n < 17), n > 64:
			b = append(b[:start], markID...)
		}
		b = append(b, ' ')
		start, letters, digits, letterAfterDigit = len(b), 0, 0, false
	}
	for i := 0; i < len(w); {
		c := w[i]
		switch k := byteKinds[c]; {
		case k == hasLetter:
			letterAfterDigit = letterAfterDigit || digits > 0
			letters++
			b = append(b, lower(c))
		case k == hasDigit:
			digits++
			b = append(b, c)
		case k == hasHigh:
			r, n := utf8.DecodeRuneInString(w[i:])
			if r == utf8.RuneError && n <= 1 { // not UTF-8: taken as Latin-1
				r = rune(c)
			}
			i += n
			if r == '’' {
				if i+1 == len(w) && lower(w[i]) == 's' {
					i++
				}
				continue
			}
			before := len(b)
			if b = appendFolded(b, r); len(b) == before {
				flush()
			} else {
				letters++
			}
			continue
		case c == '\'':
			if i+2 == len(w) && lower(w[i+1]) == 's' { // "the recipient's"
				i++
			}
		case c == '-' && len(b)-start == 1 && b[start] == 'e' && i+1 < len(w) && lower(w[i+1]) == 'm':
		default:
			flush()
		}
		i++
	}
	flush()
	return b
}

// appendFolded appends a letter in lower case without its accent, and nothing
// for what is no letter or digit.
func appendFolded(b []byte, r rune) []byte {
	if r < 0x180 {
		if r >= 0xC0 && int(r-0xC0) < len(latinFold) && latinFold[r-0xC0] != "" {
			return append(b, latinFold[r-0xC0]...)
		}
		return b
	}
	if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
		return b
	}
	r = unicode.ToLower(r)
	if r == 'ё' {
		r = 'е'
	}
	return utf8.AppendRune(b, r)
}

// latinFold holds the letters from U+00C0 on without their accents.
var latinFold = func() (t [0x180 - 0xC0]string) {
	for _, f := range []struct{ to, from string }{
		{"a", "ÀÁÂÃÅàáâãåĀāĂăĄą"}, {"ae", "ÄäÆæ"}, {"c", "ÇçĆćĈĉĊċČč"}, {"d", "ĎďĐđÐð"},
		{"e", "ÈÉÊËèéêëĒēĔĕĖėĘęĚě"}, {"g", "ĜĝĞğĠġĢģ"}, {"h", "ĤĥĦħ"},
		{"i", "ÌÍÎÏìíîïĨĩĪīĬĭĮįİı"}, {"j", "Ĵĵ"}, {"k", "Ķķ"}, {"l", "ĹĺĻļĽľŁł"},
		{"n", "ÑñŃńŅņŇň"}, {"o", "ÒÓÔÕØòóôõøŌōŎŏŐő"}, {"oe", "ÖöŒœ"}, {"r", "ŔŕŖŗŘř"},
		{"s", "ŚśŜŝŞşŠš"}, {"ss", "ß"}, {"t", "ŢţŤťŦŧ"}, {"th", "Þþ"},
		{"u", "ÙÚÛùúûŨũŪūŬŭŮůŰűŲų"}, {"ue", "Üü"}, {"w", "Ŵŵ"}, {"y", "ÝýÿŶŷŸ"}, {"z", "ŹźŻżŽž"},
	} {
		for _, r := range f.from {
			t[r-0xC0] = f.to
		}
	}
	return t
}()
