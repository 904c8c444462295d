package reply

import "testing"

func TestParseCode(t *testing.T) {
	for _, test := range []struct {
		text string
		want Code
		ok   bool
	}{
		{"250", 250, true}, {"250 ok", 250, true}, {"250-ok", 250, true}, {"250ok", 250, true}, {"599", 599, true}, {"200", 200, true},
		{"", 0, false}, {"25", 0, false}, {"2500", 0, false}, {"199", 0, false}, {"600", 0, false}, {"2a0", 0, false}, {"25a", 0, false},
		{" 250", 0, false}, {"\xb250", 0, false},
	} {
		if got, ok := ParseCode([]byte(test.text)); got != test.want || ok != test.ok {
			t.Errorf("ParseCode(%q) = %d, %v", test.text, got, ok)
		}
	}
}

func TestCodeClass(t *testing.T) {
	for _, test := range []struct {
		code   Code
		want   Class
		name   string
		failed bool
	}{
		{0, ClassNone, "", false}, {100, ClassNone, "", false}, {220, OK, "ok", false}, {240, OK, "ok", false}, {354, OK, "ok", false},
		{421, Transient, "transient", true}, {499, Transient, "transient", true}, {550, Permanent, "permanent", true}, {600, ClassNone, "", false},
	} {
		c := test.code.Class()
		if c != test.want || c.String() != test.name || c.Failed() != test.failed {
			t.Errorf("%d: class %v, %q, failed %v", test.code, c, c.String(), c.Failed())
		}
	}
	if Code(0).String() != "" || Code(421).String() != "421" || Class(9).String() != "" || Direction(9).String() != "" ||
		Inbound.String() != "inbound" || Outbound.String() != "outbound" {
		t.Error("names")
	}
}
