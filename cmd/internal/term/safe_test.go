package term

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSafe(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", `EX1\Default EX1 550 5.1.1`, `EX1\Default EX1 550 5.1.1`},
		{"letters", "Zoë Жук 日本語 שלום", "Zoë Жук 日本語 שלום"},
		{"combining mark", "e\u0301", "e\u0301"},
		{"blanks", "1\u00a0000\u3000", "1\u00a0000\u3000"},
		{"line", "a\nb\r\nc\td", `a\nb\r\nc\td`},
		{"escape sequence", "\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"window title", "\x1b]0;x\a", `\x1b]0;x\x07`},
		{"NUL and DEL", "\x00\x7f", `\x00\x7f`},
		{"C1", "\u009b31m\u0085", `\u009b31m\u0085`},
		{"bidi", "\u202eexe\u2066\u2069\u200e\u200f\u061c", `\u202eexe\u2066\u2069\u200e\u200f\u061c`},
		{"zero width", "a\u200b\u200c\u200d\u2060\ufeffb", `a\u200b\u200c\u200d\u2060\ufeffb`},
		{"soft hyphen", "a\u00adb", `a\u00adb`},
		{"separators", "a\u2028\u2029", `a\u2028\u2029`},
		{"tags", "x\U000e0041\U000e0001", `x\U000e0041\U000e0001`},
		{"fillers", "\u115f\u1160\u3164\uffa0\u2800\u034f", `\u115f\u1160\u3164\uffa0\u2800\u034f`},
		{"selectors", "a\ufe0e\U000e0100", `a\ufe0e\U000e0100`},
		{"private use and unassigned", "\ue000\u0378\U0010ffff", `\ue000\u0378\U0010ffff`},
		{"emoji form", "❤\ufe0f 1\ufe0f", "❤\ufe0f " + `1\ufe0f`},
		{"emoji form at the start and twice", "\ufe0f❤\ufe0f\ufe0f", `\ufe0f❤` + "\ufe0f" + `\ufe0f`},
		{"emoji form after an escape", "\x01❤\ufe0f", `\x01❤` + "\ufe0f"},
		{"replacement character", "a\ufffd", "a\ufffd"},
		{"Windows-1252", "M\xfcller \x80", "Müller €"},
		{"Windows-1252 and escapes", "\x1bM\xfcller", `\x1bMüller`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Safe(test.in); got != test.want {
				t.Errorf("Safe(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
}

func TestSafeAllocates(t *testing.T) {
	text := "250 2.6.0 Zoë 日本語 ❤\ufe0f <1@example.com> queued"
	if n := testing.AllocsPerRun(100, func() { Safe(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		in    string
		width int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"abcd", 1, "…"}, {"abcd", 0, ""}, {"abcd", -1, ""}, {"", 5, ""}, {"", 0, ""},
		{"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"日本語", 2, "…"}, {"日本語", 1, "…"},
		{"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"}, {"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"a\nb", 4, `a\nb`}, {"a\nb", 3, `a\…`}, {"M\xfcller", 3, "Mü…"},
	} {
		if got := Cut(test.in, test.width); got != test.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", test.in, test.width, got, test.want)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b[2J", "\u202e\u200b", "M\xfcller", "❤\ufe0f\ufe0f", "日本語", "\xff\x1b", "\u0085", "e\u0301"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		safe := Safe(s)
		if !utf8.ValidString(safe) {
			t.Fatalf("Safe(%q) = %q is not UTF-8", s, safe)
		}
		for _, r := range safe {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Bidi_Control, unicode.Join_Control) {
				t.Fatalf("Safe(%q) = %q has %U", s, safe, r)
			}
		}
		if again := Safe(safe); again != safe {
			t.Fatalf("Safe(%q) = %q, safe again %q", s, safe, again)
		}
		if ascii := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0; ascii && safe != s {
			t.Fatalf("Safe(%q) = %q", s, safe)
		}
		if utf8.RuneCountInString(safe) < utf8.RuneCountInString(s) {
			t.Fatalf("Safe(%q) = %q lost something", s, safe)
		}
		width %= 1000
		cut := Cut(s, width)
		if DisplayWidth(cut) > max(width, 0) {
			t.Fatalf("Cut(%q, %d) = %q is %d wide", s, width, cut, DisplayWidth(cut))
		}
		if cut != safe && width > 0 {
			if DisplayWidth(safe) <= width {
				t.Fatalf("Cut(%q, %d) = %q without need", s, width, cut)
			}
			if kept, ok := strings.CutSuffix(cut, "…"); !ok || !strings.HasPrefix(safe, kept) {
				t.Fatalf("Cut(%q, %d) = %q", s, width, cut)
			}
		}
	})
}
