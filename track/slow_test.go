package track

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The plain ways to read and compare values, which the short ones must agree
// with.

func slowLower(s string) string { return strings.Map(lowerRune, s) }

func slowNumber(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < 0 || strings.HasPrefix(strings.TrimSpace(s), "-") {
		return -1
	}
	return n
}

func slowNetworkID(s string) string {
	s = slowLower(strings.Trim(s, " {}"))
	if strings.Trim(s, "0-") == "" {
		return ""
	}
	return s
}

func slowAddressKey(address string) string {
	a := slowLower(strings.Trim(address, " \t<>\""))
	a = strings.TrimPrefix(a, "smtp:")
	a = strings.TrimPrefix(a, "ex:")
	if name, ok := strings.CutPrefix(a, "imceaex-"); ok {
		if at := strings.LastIndexByte(name, '@'); at >= 0 {
			name = name[:at]
		}
		return unwrapEX(name)
	}
	return a
}

func slowShortName(name string) string {
	if strings.Contains(name, ":") || name != "" && strings.Trim(name, "0123456789.[]") == "" {
		return name
	}
	first, _, _ := strings.Cut(name, ".")
	return slowLower(first)
}

func slowSameServer(a, b string) bool {
	switch {
	case a == "" || b == "":
		return false
	case strings.Contains(a, ".") && strings.Contains(b, "."):
		return strings.EqualFold(a, b)
	}
	return slowShortName(a) == slowShortName(b)
}

func checkValues(t *testing.T, a, b string) {
	t.Helper()
	for _, s := range []string{a, b} {
		if got, want := lower(s), slowLower(s); got != want {
			t.Errorf("lower(%q) is %q, want %q", s, got, want)
		}
		if got, want := string(appendLower([]byte("x"), s)), "x"+slowLower(s); got != want {
			t.Errorf("appendLower(%q) gives %q, want %q", s, got, want)
		}
		if got, want := upper(s), strings.ToUpper(strings.TrimSpace(s)); got != want {
			t.Errorf("upper(%q) is %q, want %q", s, got, want)
		}
		if got, want := number(s), slowNumber(s); got != want {
			t.Errorf("number(%q) is %d, want %d", s, got, want)
		}
		if got, want := networkID(s), slowNetworkID(s); got != want {
			t.Errorf("networkID(%q) is %q, want %q", s, got, want)
		}
		if got, want := addressKey(s), slowAddressKey(s); got != want {
			t.Errorf("addressKey(%q) is %q, want %q", s, got, want)
		}
		if got, want := messageName(s), slowLower(strings.Trim(s, " \t<>")); got != want {
			t.Errorf("messageName(%q) is %q, want %q", s, got, want)
		}
		if got, want := shortName(s), slowShortName(s); got != want {
			t.Errorf("shortName(%q) is %q, want %q", s, got, want)
		}
		var names shortNames
		for range 2 {
			if got, want := names.of(s), slowShortName(s); got != want {
				t.Errorf("shortNames.of(%q) is %q, want %q", s, got, want)
			}
		}
		got, fraction, ok := isoTime(s)
		want, err := time.Parse(time.RFC3339Nano, s)
		if ok != (err == nil) || ok && !got.Equal(want) {
			t.Errorf("isoTime(%q) is %v %v, want %v %v", s, got, ok, want, err)
		}
		if _, plain, ok := plainTime(s); ok && plain != fraction {
			t.Errorf("%q has %d digits, or %d", s, fraction, plain)
		}
	}
	if got, want := equalLower(a, b), slowLower(a) == slowLower(b); got != want {
		t.Errorf("equalLower(%q, %q) is %v", a, b, got)
	}
	if got, want := sameName(a, b), messageName(a) == messageName(b); got != want {
		t.Errorf("sameName(%q, %q) is %v", a, b, got)
	}
	if got, want := sameAddress(a, b), slowAddressKey(a) == slowAddressKey(b); got != want {
		t.Errorf("sameAddress(%q, %q) is %v", a, b, got)
	}
	if got, want := sameServer(a, b), slowSameServer(a, b); got != want {
		t.Errorf("sameServer(%q, %q) is %v", a, b, got)
	}
}

func FuzzValues(f *testing.F) {
	for _, pair := range [][2]string{
		{"", " "}, {"-1", "+12"}, {"-0", "007"}, {"9223372036854775807", "9223372036854775808"}, {"1x", " 12 "},
		{"2026-11-01T09:30:00.250Z", "2026-11-31T09:30:00.250Z"}, {"2026-02-29T09:30:00.2Z", "2026-11-01T09:30:00Z"},
		{"2026-11-01T24:30:00.250Z", "2026-11-01T09:30:60.250Z"}, {"2026-11-01T09:30:00.250+01:00", "2026-11-01T09:30:00,250Z"},
		{"08dabc12-0000-4000-8000-00000000000a", "{08DABC12-0000-4000-8000-00000000000A}"}, {"00000000-0000-0000-0000-000000000000", "0-"},
		{"EX1.example.com", "ex1"}, {"10.0.0.1", "[10.0.0.1]"}, {"FE80::1", "fe80::1"}, {"ſ", "S"}, {"K", "k"},
		{"<A@example.com>", "smtp:a@example.com"}, {"ex:/o=X", "IMCEAEX-_o=X@example.com"}, {" <x\t", "\"X\""}, {"\xff", "\xfe"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) { checkValues(t, a, b) })
}

// An index answers as a map does, and as well when it is used again.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x index[string]
		for range 3 {
			x.reset()
			want := map[string][]int{}
			keys := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("abcd")), 0, 3, -1), 0, 60).Draw(t, "keys")
			for i, k := range keys {
				x.add(k, i)
				want[k] = append(want[k], i)
			}
			for _, k := range append(keys, "none") {
				if got := x.at(k); !slices.Equal(got, want[k]) {
					t.Fatalf("%q is at %v, want %v", k, got, want[k])
				}
			}
			if len(x.all()) != len(want) {
				t.Fatalf("%d lists, want %d", len(x.all()), len(want))
			}
		}
	})
}

// isLower says when lower changes nothing.
func TestIsLower(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			b := []byte("a-0{[@`z.~_^!?+;,09y")
			b[at] = byte(c)
			for from := range at + 1 {
				s := string(b[from:])
				want := true
				for i := range len(s) {
					want = want && s[i] < 0x80 && (s[i] < 'A' || s[i] > 'Z')
				}
				if isLower(s) != want || isLower([]byte(s)) != want {
					t.Fatalf("isLower(%q) is not %v", s, want)
				}
			}
		}
	}
}
