package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold returns a letter as it is compared where case is ignored. ASCII letters
// are equal only to each other, so that a search for one may look at bytes.
func fold(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	if l := unicode.ToLower(r); l >= utf8.RuneSelf {
		return l
	}
	return r
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// foldPrefix returns the length of the beginning of s that is prefix but for
// case, -1 if it is not. prefix is folded already.
func foldPrefix(s, prefix string) int {
	i := 0
	for j := 0; j < len(prefix); {
		if i == len(s) {
			return -1
		}
		if p := prefix[j]; p < utf8.RuneSelf {
			if lowerByte(s[i]) != p {
				return -1
			}
			i++
			j++
			continue
		}
		p, m := utf8.DecodeRuneInString(prefix[j:])
		r, n := utf8.DecodeRuneInString(s[i:])
		if fold(r) != p || r == utf8.RuneError && n != m {
			return -1
		}
		i += n
		j += m
	}
	return i
}

// foldEqual reports whether two texts are equal but for case.
func foldEqual(a, b string) bool {
	for len(a) > 0 && len(b) > 0 {
		if a[0] < utf8.RuneSelf && b[0] < utf8.RuneSelf {
			if lowerByte(a[0]) != lowerByte(b[0]) {
				return false
			}
			a, b = a[1:], b[1:]
			continue
		}
		r, n := utf8.DecodeRuneInString(a)
		q, m := utf8.DecodeRuneInString(b)
		if fold(r) != fold(q) || r == utf8.RuneError && n != m {
			return false
		}
		a, b = a[n:], b[m:]
	}
	return len(a) == len(b)
}

// foldHash is equal for texts that are equal but for case.
func foldHash(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, r := range s {
		h = (h ^ uint64(fold(r))) * 1099511628211
	}
	return h
}

// folded returns s as it is compared where case is ignored.
func folded(s string) string { return strings.Map(fold, s) }

// foldIndex returns where needle, folded, is in s from position from on, and
// where it ends there; -1 if nowhere.
func foldIndex(s, needle string, from int) (start, end int) {
	if needle == "" {
		return from, from
	}
	first := needle[0]
	if first >= utf8.RuneSelf {
		for i := from; i < len(s); {
			if n := foldPrefix(s[i:], needle); n >= 0 {
				return i, i + n
			}
			_, n := utf8.DecodeRuneInString(s[i:])
			i += n
		}
		return -1, -1
	}
	for i := from; i < len(s); i++ {
		if lowerByte(s[i]) != first {
			continue
		}
		if n := foldPrefix(s[i:], needle); n >= 0 {
			return i, i + n
		}
	}
	return -1, -1
}

// wordAt reports whether s[start:end] stands for itself: no letter or digit of
// its own goes on before or after it.
func wordAt(s string, start, end int) bool {
	if start < end {
		first, _ := utf8.DecodeRuneInString(s[start:end])
		last, _ := utf8.DecodeLastRuneInString(s[start:end])
		before, _ := utf8.DecodeLastRuneInString(s[:start])
		after, _ := utf8.DecodeRuneInString(s[end:])
		if start > 0 && wordRune(first) && wordRune(before) || end < len(s) && wordRune(last) && wordRune(after) {
			return false
		}
	}
	return true
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}
