package reply

import (
	"strings"
	"testing"
	"time"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "250 OK", "250-a\r\n250-b\r\n250 c", "550-5.1.1 a\n550 5.1.1 b", "5.1.1 x", "550", "550-", "999 x", "250 2.0.0\n\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := Parse(text)
		if r != Parse(text) {
			t.Fatal("not the same twice")
		}
		if r.Code != 0 && r.Code.Class() == ClassNone {
			t.Errorf("code %v has no class", r.Code)
		}
		if !r.Enhanced.IsZero() && r.Enhanced.Class() == ClassNone {
			t.Errorf("enhanced code %v has no class", r.Enhanced)
		}
		if len(r.Text) > len(text) {
			t.Errorf("%d bytes of text from %d", len(r.Text), len(text))
		}
		if n := strings.Count(r.Text, "\n"); n > strings.Count(text, "\n") {
			t.Errorf("%d line ends", n)
		}
	})
}

func FuzzClassify(f *testing.F) {
	for _, r := range loadRules(f) {
		for _, t := range r.tests {
			f.Add(t.text, uint8(1))
		}
	}
	for _, s := range []string{
		"", "5", "55", "550", "550-", "550 5", "550 5.1.", "{LED=", "[{LED={LED=550 x}};{MSG=}]", "-> -> 550 x -> 550 y",
		`responded with: "responded with: "responded with: "`, " said: said: said: ", "returned '", "<<< <<< 550 x", " smtp;550 x smtp;551 y>",
		"from MTA(", " did not like our ", "Winsock error code: -", "Winsock error code: 99999999999999999999", "http://", "https://a?p=", "a.b.c@d", "\xff\xfe", "é.É",
		"450 try again in 00:00:00", "450 try again in 9:9:9:9", "# # # #", "550 5.1.9 no such thing", "450 4.6.4 lost", "5.3.6", "599 5.1.5 good",
	} {
		f.Add(s, uint8(2))
	}
	set := builtin().set
	f.Fuzz(func(t *testing.T, text string, dir uint8) {
		d := Direction(dir % 3)
		c := newClassifier(set)
		fresh := c.classify(text, d)
		for _, got := range []Classification{c.Classify(text, d), c.Classify(text, d), c.ClassifyBytes([]byte(text), d), Classify(text, d)} {
			if got != fresh {
				t.Fatalf("\n got %+v\nwant %+v", got, fresh)
			}
		}
		if fresh.Reason >= reasonCount || fresh.Actor >= actorCount || fresh.Class > Permanent {
			t.Errorf("out of range: %+v", fresh)
		}
		if fresh.Class == OK != (fresh.Reason == ReasonAccepted) && fresh.Code != 0 {
			t.Errorf("class %v with reason %v", fresh.Class, fresh.Reason)
		}
		if fresh.RetryAfter < 0 || fresh.RetryAfter > 7*24*time.Hour {
			t.Errorf("retry after %v", fresh.RetryAfter)
		}
		if !strings.Contains(text, fresh.Inner) || len(fresh.Inner) > maxText {
			t.Errorf("%q is not quoted", fresh.Inner)
		}
		Explain(text, d)
	})
}

func FuzzParseRules(f *testing.F) {
	for _, s := range []string{"[a]\nreason: spam\nwhen: aa|bb .. cc & !dd*\ntest: aa", "550 | spam | ours | m | r", "define: x = aa|bb\n", "ignore: aa bb", "note 5.1.1 | spam | | m |", "win32 1 A | spam | | m |"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := ParseRules(strings.NewReader(text), "f.rules")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.rules:") {
				t.Errorf("no position: %v", err)
			}
			return
		}
		if set, err := compile(rules, nil); err == nil {
			newClassifier(set).Classify("550 5.1.1 aa bb cc", Outbound)
		}
	})
}
