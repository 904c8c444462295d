package reply

import "testing"

func TestExplain(t *testing.T) {
	for _, tt := range []struct {
		input  string
		rule   string
		class  Class
		reason Reason
		also   int // further meanings, at least
	}{
		{"550", "code-550", Permanent, ReasonUserUnknown, 0},
		{"250", "code-250", OK, ReasonAccepted, 0},
		{"5.7.1", "code-x.7.1", Permanent, ReasonPolicy, 2},
		{"5.1.6", "code-x.1.6", Permanent, ReasonUserMoved, 2},
		{"5.7.606", "code-5.7.606-5.7.649", Permanent, ReasonBlocklisted, 0},
		{"550 5.7.606", "code-5.7.606-5.7.649", Permanent, ReasonBlocklisted, 0},
		{"10060", "win32-10060", Transient, ReasonConnectionTimeout, 0},
		{"64", "win32-64", Transient, ReasonConnectionDropped, 0},
		{"121", "win32-121", Transient, ReasonConnectionTimeout, 0},
		{"0x80090325", "win32--2146893019", Transient, ReasonTLSFailed, 0},
		{"-2146893019", "win32--2146893019", Transient, ReasonTLSFailed, 0},
		{"2148074277", "win32--2146893019", Transient, ReasonTLSFailed, 0},
		{"550 5.1.1 User unknown", "user-unknown", Permanent, ReasonUserUnknown, 1},
		{"nothing to see", "", ClassNone, ReasonUnknown, 0},
		{"", "", ClassNone, ReasonNone, 0},
		{"77777", "", ClassNone, ReasonUnknown, 0},
	} {
		got := Explain(tt.input, Outbound)
		if got.Input != tt.input || got.Rule != tt.rule || got.Class != tt.class || got.Reason != tt.reason || len(got.Also) < tt.also {
			t.Errorf("%q: %v %v by %q and %d more, want %v %v by %q and %d more", tt.input,
				got.Class, got.Reason, got.Rule, len(got.Also), tt.class, tt.reason, tt.rule, tt.also)
		}
		for _, s := range got.Also {
			if s.Meaning == "" || s.Reason == ReasonNone || s.Source == "" {
				t.Errorf("%q: %+v", tt.input, s)
			}
		}
		if got.Rule != "" && got.Meaning == "" {
			t.Errorf("%q: no meaning", tt.input)
		}
	}
}
