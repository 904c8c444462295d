package reply

import (
	"unicode"
	"unicode/utf8"
)

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
