package reply

import (
	"fmt"
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
