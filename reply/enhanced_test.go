package reply

import "testing"

func TestParseEnhanced(t *testing.T) {
	for _, test := range []struct {
		text string
		want Enhanced
		n    int
	}{
		{"5.7.1", Enhanced{5, 7, 1}, 5}, {"5.7.1 no", Enhanced{5, 7, 1}, 5}, {"2.0.0", Enhanced{2, 0, 0}, 5}, {"4.7.650 x", Enhanced{4, 7, 650}, 7},
		{"5.999.999", Enhanced{5, 999, 999}, 9}, {"5.7.1.", Enhanced{5, 7, 1}, 5}, {"5.7.1. No", Enhanced{5, 7, 1}, 5}, {"5.7.1, no", Enhanced{5, 7, 1}, 5},
		{"5.7.1-no", Enhanced{5, 7, 1}, 5}, {"5.7.001", Enhanced{5, 7, 1}, 7},
		{"", Enhanced{}, 0}, {"5.7", Enhanced{}, 0}, {"5.7.", Enhanced{}, 0}, {"5..1", Enhanced{}, 0}, {"5.7.1x", Enhanced{}, 0}, {"5.7.1.2", Enhanced{}, 0},
		{"3.7.1", Enhanced{}, 0}, {"55.7.1", Enhanced{}, 0}, {"5.1000.1", Enhanced{}, 0}, {"5.7.1000", Enhanced{}, 0}, {" 5.7.1", Enhanced{}, 0},
		{"5.7.x", Enhanced{}, 0}, {"5.-7.1", Enhanced{}, 0},
	} {
		e, n := ParseEnhanced([]byte(test.text))
		if e != test.want || n != test.n {
			t.Errorf("ParseEnhanced(%q) = %v, %d; want %v, %d", test.text, e, n, test.want, test.n)
		}
		if n > 0 && e.IsZero() {
			t.Errorf("%q is no code", test.text)
		}
	}
}

func TestEnhancedText(t *testing.T) {
	for _, test := range []struct {
		code  Enhanced
		text  string
		class Class
	}{
		{Enhanced{}, "", ClassNone}, {Enhanced{5, 7, 1}, "5.7.1", Permanent}, {Enhanced{4, 0, 999}, "4.0.999", Transient}, {Enhanced{2, 1, 5}, "2.1.5", OK},
	} {
		if got := test.code.String(); got != test.text || test.code.Class() != test.class {
			t.Errorf("%#v: %q, class %v", test.code, got, test.code.Class())
		}
		if got := string(test.code.Append([]byte("x"))); got != "x"+test.text {
			t.Errorf("Append gives %q", got)
		}
		if e, n := ParseEnhanced([]byte(test.text)); e != test.code || n != len(test.text) {
			t.Errorf("%q is read as %v", test.text, e)
		}
	}
}
