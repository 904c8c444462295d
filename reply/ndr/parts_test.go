package ndr

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddresses(t *testing.T) {
	for text, want := range map[string][]string{
		"<a@example.com>: x":                          {"a@example.com"},
		"write to a.b+c@mail.example.com, please.":    {"a.b+c@mail.example.com"},
		"a@example.com<mailto:a@example.com>":         {"a@example.com", "a@example.com"},
		`"john doe"@example.com`:                      {`"john doe"@example.com`},
		"a@[192.0.2.1]":                               {"a@[192.0.2.1]"},
		"<root@localhost>":                            {"root@localhost"},
		"root@localhost":                              nil,
		"<jörg@exämple.com>":                          {"jörg@exämple.com"},
		"bounces+1-bob=example.com@lists.example.org": {"bounces+1-bob=example.com@lists.example.org"},
		"'a@example.com'":                             {"a@example.com"},
		"a@example.com.":                              {"a@example.com"},
		"@example.com a@ @":                           nil,
		"smtp:a@example.com;b@example.net":            {"a@example.com", "b@example.net"},
		"<@relay.example.net:a@example.com>":          {"a@example.com"},
		"（a@example.com）に":                            {"a@example.com"},
	} {
		if diff := cmp.Diff(want, addresses(text, 10)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestLeadAddress(t *testing.T) {
	for line, want := range map[string]lead{
		"<a@example.com>: host x said":                {"a@example.com", "host x said", true},
		"  a@example.com":                             {"a@example.com", "", true},
		"   * a@example.com":                          {"a@example.com", "", true},
		`"a@example.com":`:                            {"a@example.com", "", true},
		"a@example.com<mailto:a@example.com>":         {"a@example.com", "", true},
		">>> a@example.com <a@example.com>":           {"a@example.com", "", true},
		"a@example.com [User unknown]":                {"a@example.com", "[User unknown]", true},
		"<a@example.com>   (unrecoverable error)":     {"a@example.com", "(unrecoverable error)", true},
		"a@example.com on 4/29/2001 11:34:45 PM":      {"a@example.com", "", true},
		"'a@example.com' am 29.04.2001 23:34":         {"a@example.com", "", true},
		"a@example.com Invalid Address":               {"a@example.com", "Invalid Address", false},
		"jörg@example.com":                            {"jörg@example.com", "", true},
		"<a@example.com> delivery failed; will not":   {"a@example.com", "delivery failed; will not", false},
		"Your mail to a@example.com was not welcome.": {},
		">>> RCPT To:<a@example.com>":                 {},
	} {
		got, ok := leadAddress(line)
		if !ok {
			got = lead{}
		}
		if got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}

func TestCodesIn(t *testing.T) {
	for text, want := range map[string]string{
		"550 5.1.1 User unknown":                                    "550 5.1.1",
		"550-5.1.1 The account does not exist":                      "550 5.1.1",
		"host mx.example.com[192.0.2.5] said: 552 5.2.2 full":       "552 5.2.2",
		"sorry, no mailbox here by that name. (#5.1.1)":             " 5.1.1",
		"Remote Server returned '554 5.6.0 bad'":                    "554 5.6.0",
		"ERROR_CODE :550, ERROR_CODE :5.2.1 <a@example.com>":        "550 5.2.1",
		"554 554 5.7.1 blocked":                                     "554 5.7.1",
		"problem 550-'Unknown user'":                                "550 ",
		"<ex1.example.com #5.5.0 smtp;550 no>":                      "550 5.5.0",
		"MSEXCH:IMS:O:S:SRV 3550 (000B09AA) 550 5.1.1 no":           "550 5.1.1",
		"the message has 550 lines":                                 " ",
		"connect to 192.0.2.5: timeout":                             " ",
		"Exim 4.5.1.2 and 5.0.2195.6713":                            " ",
		"at 10:55 on 250.5":                                         " ",
		"wrapped line\n550 no such user":                            "550 ",
		"451 4.4.0 Primary target IP address responded: \"421 no\"": "451 4.4.0",
	} {
		code, enhanced := codesIn(text)
		if got := code.String() + " " + enhanced.String(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	qp := func(s string) string { return string(decodeQuotedPrintable([]byte(s))) }
	for in, want := range map[string]string{
		"a=3Db=\r\nc =\n d\r\n": "a=bc  d\n", "=E9=ZZ=4": "\xe9=ZZ=4", "x  \n": "x\n", "": "", "=": "",
	} {
		if got := qp(in); got != want {
			t.Errorf("quoted-printable %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"aGVsbG8=": "hello", "aGVs\r\n bG8": "hello", "aGV*sbG8===AAAA": "hello", "a": "", "": "",
	} {
		if got := string(decodeBase64([]byte(in))); got != want {
			t.Errorf("base64 %q: %q, want %q", in, got, want)
		}
	}
	for _, c := range []struct{ bytes, charset, want string }{
		{"caf\xe9", "iso-8859-1", "café"}, {"caf\xe9", "", "café"}, {"caf\xe9", "utf-8", "café"}, {"café", "us-ascii", "café"},
		{"\x1b$B4A\x1b(B", "ISO-2022-JP", "漢"}, {"\xc4\xe3", "gb2312", "你"}, {"\xb0\xa1", "ks_c_5601-1987", "가"}, {"caf\x82", "ibm850", "café"}, {"caf\xe9", "no-such", "café"},
	} {
		if got := toUTF8([]byte(c.bytes), c.charset); got != c.want {
			t.Errorf("%q in %s: %q, want %q", c.bytes, c.charset, got, c.want)
		}
	}
	const page = "<html><style>a{}</style><p>One &lt;two&gt;<br>three <b>four</b></p><!-- no --><td>five</td></html>"
	if got := strings.Join(strings.Fields(htmlText(page)), " "); got != "One <two> three four five" {
		t.Errorf("HTML: %q", got)
	}
}

func TestFieldGroups(t *testing.T) {
	text := "Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; x@example.com\nDiagnostic-Code: smtp; 550 no\n   such\nuser here\nFinal-Recipient: rfc822; y@example.com\nStatus: 5.1.1"
	want := []header{
		{{"reporting-mta", "dns; a"}},
		{{"final-recipient", "rfc822; x@example.com"}, {"diagnostic-code", "smtp; 550 no such user here"}},
		{{"final-recipient", "rfc822; y@example.com"}, {"status", "5.1.1"}},
	}
	if diff := cmp.Diff(want, fieldGroups(strings.Split(text, "\n")), cmp.AllowUnexported(field{})); diff != "" {
		t.Error(diff)
	}
}

func TestStatusAddress(t *testing.T) {
	for in, want := range map[string]string{
		"rfc822; a@example.com": "a@example.com", "RFC822;<a@example.com>": "a@example.com", "<a@example.com>": "a@example.com",
		"rfc822; bob": "bob", `utf-8; j\x{F6}rg@example.com`: "jörg@example.com", "rfc822; a@example.com (Bob)": "a@example.com", "": "",
		"=?utf-8?q?rfc822;_a=40example.com?=": "a@example.com",
	} {
		if got := statusAddress(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestMessageID(t *testing.T) {
	for in, want := range map[string]string{"<a@b>": "<a@b>", "a@b": "<a@b>", " <a@b> (x)": "<a@b>", "": "", "<": "", "<>": "", "a b": ""} {
		if got := messageID(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
