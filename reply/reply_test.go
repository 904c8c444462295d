package reply

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestParseLine(t *testing.T) {
	for _, test := range []struct {
		line, want string
		ok         bool
	}{
		{"250", "250 false  ", true},
		{"250 ok", "250 false  ok", true},
		{"250-", "250 true  ", true},
		{"250-SIZE 0", "250 true  SIZE 0", true},
		{"250  gate.example.com Hello", "250 false  gate.example.com Hello", true},
		{"250 2.1.5 Recipient OK", "250 false 2.1.5 Recipient OK", true},
		{"550-5.7.1 Blocked", "550 true 5.7.1 Blocked", true},
		{"550 4.4.7 QUEUE.Expired", "550 false 4.4.7 QUEUE.Expired", true},
		{"550\t5.7.1  no", "550 false 5.7.1 no", true},
		{"550 5.7.1", "550 false 5.7.1 ", true},
		{"550 5.7.1x", "550 false  5.7.1x", true},
		{"250ok", "0 false  ", false},
		{"2500 ok", "0 false  ", false},
		{"", "0 false  ", false},
		{"ok", "0 false  ", false},
	} {
		l, ok := ParseLine([]byte(test.line))
		if got := fmt.Sprintf("%d %v %v %s", l.Code, l.More, l.Enhanced, l.Text); got != test.want || ok != test.ok {
			t.Errorf("ParseLine(%q) = %q, %v; want %q", test.line, got, ok, test.want)
		}
	}
}

// TestParseCodes compares with what is made of the parts.
func TestParseCodes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	words := []string{"2", "5", "250", "550", "199", "600", "1", "0", " ", "-", "\t", ".", "5.7.1", "2.0.0", "5.1", "ok", "x"}
	found := 0
	for range 200_000 {
		var b []byte
		for range rng.IntN(7) {
			b = append(b, words[rng.IntN(len(words))]...)
		}
		var want Line
		code, ok := ParseCode(b)
		switch {
		case !ok || len(b) > 3 && !strings.ContainsRune(" -\t", rune(b[3])):
			ok = false
		case len(b) == 3:
			want.Code = code
		default:
			want.Code, want.More = code, b[3] == '-'
			text := bytes.TrimLeft(b[4:], " ")
			var n int
			if want.Enhanced, n = ParseEnhanced(text); n > 0 {
				text = bytes.TrimLeft(text[n:], " ")
				found++
			}
			want.Text = text
		}
		l, got := ParseLine(b)
		code, more, enhanced := ParseCodes(b)
		if got != ok || l.Code != want.Code || l.More != want.More || l.Enhanced != want.Enhanced || string(l.Text) != string(want.Text) ||
			code != l.Code || more != l.More || enhanced != l.Enhanced {
			t.Fatalf("%q is %+v, %v, by codes %v %v %v; want %+v, %v", b, l, got, code, more, enhanced, want, ok)
		}
	}
	if found < 100 {
		t.Errorf("only %d had an enhanced code", found)
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		text string
		want Reply
	}{
		{"", Reply{}},
		{"550 5.1.1 User unknown", Reply{550, Enhanced{5, 1, 1}, "User unknown"}},
		{"550-5.7.1 Blocked,\r\n550-5.7.1 see\r\n550 5.7.1 there\r\n", Reply{550, Enhanced{5, 7, 1}, "Blocked,\nsee\nthere"}},
		{"250-mx.example.net\n250 2.0.0 ok", Reply{250, Enhanced{2, 0, 0}, "mx.example.net\nok"}},
		{"550 no such\nuser here", Reply{550, Enhanced{}, "no such\nuser here"}},
		{"5.1.1 User unknown", Reply{0, Enhanced{5, 1, 1}, "User unknown"}},
		{"host unreachable", Reply{0, Enhanced{}, "host unreachable"}},
		{"550", Reply{550, Enhanced{}, ""}},
	} {
		if got := Parse(test.text); got != test.want {
			t.Errorf("Parse(%q) = %+v, want %+v", test.text, got, test.want)
		}
	}
}

func TestReplyClass(t *testing.T) {
	for _, test := range []struct {
		text string
		want Class
	}{
		{"550 4.4.7 expired", Permanent}, {"4.4.7 expired", Transient}, {"354 go", OK}, {"expired", ClassNone},
	} {
		if got := Parse(test.text).Class(); got != test.want {
			t.Errorf("%q is %v", test.text, got)
		}
	}
}

func TestParseLineAllocations(t *testing.T) {
	line := []byte("550-5.7.1 Blocked, see https://bl.example.net")
	if n := testing.AllocsPerRun(100, func() { ParseLine(line) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
