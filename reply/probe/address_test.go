package probe

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	long := strings.Repeat("x", 65)
	for in, want := range map[string]string{
		"bob@example.net":                     "bob@example.net",
		" <bob@Example.NET> ":                 "bob@Example.NET",
		"b.o+b!#$%&'*/=?^_`{|}~-@example.net": "b.o+b!#$%&'*/=?^_`{|}~-@example.net",
		`"bob smith"@example.net`:             `"bob smith"@example.net`,
		`"a@b\"c"@example.net`:                `"a@b\"c"@example.net`,
		"bob@[192.0.2.1]":                     "bob@[192.0.2.1]",
		"bob@[IPv6:2001:db8::1]":              "bob@[IPv6:2001:db8::1]",
		"bob@bücher.example":                  "bob@xn--bcher-kva.example",
		"bøb@bücher.example":                  "bøb@bücher.example",
		"bob@_tcp.corp.example":               "bob@_tcp.corp.example",
		"bob@localhost":                       "bob@localhost",
		"":                                    "",
		"bob":                                 "",
		"@example.net":                        "",
		"bob@":                                "",
		"b..b@example.net":                    "",
		".b@example.net":                      "",
		"b.@example.net":                      "",
		"b b@example.net":                     "",
		"a@b@example.net":                     "",
		"b\r\nRCPT@example.net":               "",
		"bob@example.net\r\nDATA":             "",
		"bob@exa mple.net":                    "",
		"bob@example..net":                    "",
		"bob@.example.net":                    "",
		"bob@example.net.":                    "",
		"bob@-example.net":                    "",
		"bob@example-.net":                    "",
		"bob@exa/mple.net":                    "",
		"bob@[192.0.2.1":                      "",
		"bob@[2001:db8::1]":                   "",
		"bob@[IPv6:192.0.2.1]":                "",
		"bob@[what]":                          "",
		`"bob@example.net`:                    "",
		`"bob"x@example.net`:                  "",
		"\"b\nob\"@example.net":               "",
		`"b\`:                                 "",
		"bob\xff@example.net":                 "",
		"bob\u0085@example.net":               "",
		long + "@example.net":                 "",
		"bob@" + long + ".net":                "",
		"bob@" + strings.Repeat("a.", 130) + "net":                        "",
		"bob@xn--\u00fc.example":                                          "",
		strings.Repeat("y", 60) + "@" + strings.Repeat("a.", 100) + "net": "",
	} {
		a, err := ParseAddress(in)
		if want == "" {
			if err == nil {
				t.Errorf("%q is taken for %q", in, a)
			} else if err.Error() == "" {
				t.Errorf("%q: nothing is said", in)
			}
			continue
		}
		if err != nil || a.String() != want {
			t.Errorf("%q: %q, %v; want %q", in, a, err, want)
		}
	}
}

func TestAddressKinds(t *testing.T) {
	a, _ := ParseAddress("bøb@BÜCHER.example")
	if !a.UTF8 || !a.IDN || a.ASCII != "xn--bcher-kva.example" {
		t.Errorf("%+v", a)
	}
	a, _ = ParseAddress("bob@Example.net")
	if a.UTF8 || a.IDN || a.ASCII != "example.net" {
		t.Errorf("%+v", a)
	}
}

func TestSyntaxSteps(t *testing.T) {
	t.Run("bad", func(t *testing.T) {
		w := newWorld(t)
		opt := w.options()
		opt.Recipient = "bob@@example.net"
		r := w.run(opt)
		s := expect(t, r, StepSyntax, "bob@@example.net", Failed, BadSyntax)
		if s.Classification == nil {
			t.Error("no classification")
		}
		expectVerdict(t, r, Failed, "Nothing was asked")
		if len(w.dialed) > 0 {
			t.Errorf("dialed %v", w.dialed)
		}
	})
	t.Run("SMTPUTF8 offered", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress).add(t, "xn--bcher-kva.example. 300 IN MX 1 mx1.example.net.")
		w.smtp(mx1, &mailServer{utf8: true, tls: w.ca.good()})
		opt := w.options()
		opt.Recipient = "bøb@bücher.example"
		r := w.run(opt)
		s := expect(t, r, StepSyntax, "bøb", Passed, NeedsSMTPUTF8)
		if !s.Has(Internationalized) {
			t.Error("the domain is not named international")
		}
		if s := expect(t, r, StepMail, "mx1", Passed, ""); !strings.HasSuffix(s.Asked, "> SMTPUTF8") {
			t.Errorf("asked %q", s.Asked)
		}
		expectVerdict(t, r, Passed)
	})
	t.Run("SMTPUTF8 not offered", func(t *testing.T) {
		w := newWorld(t)
		w.standard()
		opt := w.options()
		opt.Sender = "älice@example.org"
		s := expect(t, w.run(opt), StepEHLO, "mx1", Failed, MissingExtension)
		if s.Classification == nil {
			t.Error("no classification")
		}
	})
}
