package reply

import (
	"strings"
	"testing"
)

func TestParseRulesErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"[a", "x.rules:1: want [name]"},
		{"reason: spam", "x.rules:1: reason: no rule begun"},
		{"[a]\nreason: nonsense", `x.rules:2: unknown reason "nonsense"`},
		{"[a]\nreason: spam", `x.rules:1: rule "a" has neither when nor code`},
		{"[a]\nwhen: some words\n\n", `x.rules:1: rule "a" has no reason`},
		{"[a]\nreason: spam\nwhen: Spam", "can never match"},
		{"[a]\nreason: spam\nwhen: x", "phrase too short"},
		{"[a]\nreason: spam\nwhen: !spam", "nothing but negations"},
		{"[a]\nreason: spam\nwhen: aa .. bb .. cc .. dd .. ee", "more than 4 steps"},
		{"[a]\nreason: spam\nwhen: $words", "x.rules:3: $words is not defined"},
		{"define: words", "want define: name = phrases"},
		{"[a]\nreason: spam\ncode: 5.7.9-5.7.1", `no code: "5.7.9-5.7.1"`},
		{"[a]\nreason: spam\ncode: 999", `no code: "999"`},
		{"[a]\nreason: spam\nclass: ok", "class is transient or permanent"},
		{"[a]\nreason: spam\nwhen: aa\nafter: vrfy", `unknown command "vrfy"`},
		{"[a]\nreason: spam\ncode: 550\nafter: mail", "needs a when line"},
		{"[a]\nreason: spam\nactor: nobody", `unknown actor "nobody"`},
		{"[a]\nreason: spam\ncolour: red", `unknown key "colour"`},
		{"[a]\nreason:", "reason: no value"},
		{"hello", "want key: value"},
		{"550 | spam", "a row has 5 cells, this one has 2"},
		{"550 | spam | ours | |", "needs a reason and a meaning"},
		{"win32 x Y | spam | ours | m |", `no error number: "x"`},
	} {
		_, err := ParseRules(strings.NewReader(tt.text), "x.rules")
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "x.rules:") {
			t.Errorf("%q: %v, want %q", tt.text, err, tt.want)
		}
	}
}

func mustParse(t *testing.T, text string) []Rule {
	t.Helper()
	rules, err := ParseRules(strings.NewReader(text), "own.rules")
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestExtraRules(t *testing.T) {
	c, err := NewClassifier(mustParse(t, `
# Our own gateway.
define: gate = gatekeeper|gate keeper
source: House rules

[gate]
reason: policy
actor: ours
when: $gate .. says no & !maybe
class: permanent
meaning: The gatekeeper refused it.
remedy: Call extension 100.
test: 550 Gatekeeper says no

[bounced-at-mail]
reason: sender_rejected
when: nope
after: mail
test: host gw.example.com[192.0.2.1] said: 550 nope (in reply to MAIL FROM command)

5.9.1-5.9.3 | suppressed | ours | Held by the gate. | Release it.
x.8.8 | virus | | Caught. |
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text, rule string
		reason     Reason
		d          Direction
	}{
		{"550 The GATE-KEEPER says no.", "gate", ReasonPolicy, Outbound},
		{"550 The gatekeeper says no.", "gate", ReasonPolicy, Inbound},
		{"450 The gatekeeper says no.", "code-450", ReasonServerUnavailable, Outbound},
		{"550 The gatekeeper says no, maybe", "code-550", ReasonUserUnknown, Outbound},
		{"550 The gatekeeper thinks about it for a very long time, asks around, and in the end says no", "code-550", ReasonUserUnknown, Outbound},
		{"550 5.9.2 whatever", "code-5.9.1-5.9.3", ReasonSuppressed, Outbound},
		{"450 4.8.8 whatever", "code-x.8.8", ReasonVirus, Outbound},
		{"550 nope", "code-550", ReasonUserUnknown, Outbound},
	} {
		got := c.Classify(tt.text, tt.d)
		if got.Rule != tt.rule || got.Reason != tt.reason {
			t.Errorf("%q: %v by %q, want %v by %q", tt.text, got.Reason, got.Rule, tt.reason, tt.rule)
		}
		if got.Rule == "gate" && (got.Remedy != "Call extension 100." || got.Source != "House rules" || got.Actor != ActorOurs) {
			t.Errorf("%q: %+v", tt.text, got)
		}
	}
}

func TestExtraRulesErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"[a]\nreason: spam\nwhen: aa\ntest: 550 bb", `own.rules:4: the test line of rule "a" is decided by "code-550"`},
		{"[a]\nreason: spam\nwhen: aa\n\n[a]\nreason: spam\nwhen: bb", `own.rules:5: rule "a" is at own.rules:1 already`},
	} {
		_, err := NewClassifier(mustParse(t, tt.text))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
	if _, err := NewClassifier([]Rule{{}}); err == nil {
		t.Error("an empty rule is taken")
	}
}
