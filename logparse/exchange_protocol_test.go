package logparse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// receiveEvent and sendEvent are the events of receiveStart and sendStart, with
// what set does to them.
func receiveEvent(set func(e *Event)) Event {
	e := Event{Direction: outcome.Inbound, Session: []byte("08DE000000000001"), Sequence: 7, Server: []byte("EX1"),
		Connector: []byte(`EX1\Default Frontend EX1`), Local: []byte("10.0.0.1:25"), Remote: []byte("192.0.2.7:51234"),
		Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}
	set(&e)
	return e
}

func sendEvent(set func(e *Event)) Event {
	e := Event{Direction: outcome.Outbound, Session: []byte("08DE000000000002"), Sequence: 7, Connector: []byte("Outbound"),
		Local: []byte("10.0.0.1:51000"), Remote: []byte("198.51.100.9:25"), Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}
	set(&e)
	return e
}

func enhancedCode(t testing.TB, s string) reply.Enhanced {
	t.Helper()
	e, n := reply.ParseEnhanced([]byte(s))
	if n != len(s) {
		t.Fatalf("%q is no enhanced code", s)
	}
	return e
}

func TestReceiveRows(t *testing.T) {
	for _, test := range []struct {
		name, rest string
		set        func(e *Event)
	}{
		{"connect", `+,,`, func(e *Event) { e.Kind = KindConnect }},
		{"disconnect", `-,,Remote(ConnectionReset)`, func(e *Event) {
			e.Kind, e.Context = KindDisconnect, []byte("Remote(ConnectionReset)")
		}},
		{"disconnect with blanks behind it", "-,,Local  \t", func(e *Event) {
			e.Kind, e.Context = KindDisconnect, []byte("Local")
		}},
		{"command", `<,MAIL FROM:<a@example.org> SIZE=10,`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText = KindCommand, VerbMAIL, []byte("MAIL")
			e.Arg, e.Data = []byte("FROM:<a@example.org> SIZE=10"), []byte("MAIL FROM:<a@example.org> SIZE=10")
		}},
		{"command in lower case", `<,quit,`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText, e.Data = KindCommand, VerbQUIT, []byte("quit"), []byte("quit")
		}},
		{"command with quotes", `<,"RCPT TO:<""a, b""@example.com>",`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText = KindCommand, VerbRCPT, []byte("RCPT")
			e.Arg, e.Data = []byte(`TO:<"a, b"@example.com>`), []byte(`RCPT TO:<"a, b"@example.com>`)
		}},
		{"unknown command", `<,<authentication response>,`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText = KindCommand, VerbOther, []byte("<authentication")
			e.Arg, e.Data = []byte("response>"), []byte("<authentication response>")
		}},
		{"empty command", `<,,`, func(e *Event) { e.Kind = KindCommand }},
		{"command that is a hyphen", `<,-,`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText, e.Data = KindCommand, VerbOther, []byte("-"), []byte("-")
		}},
		{"reply", `>,250 2.1.0 Sender OK,`, func(e *Event) {
			e.Kind, e.Code, e.Enhanced = KindReply, 250, enhancedCode(t, "2.1.0")
			e.Text, e.Data = []byte("250 2.1.0 Sender OK"), []byte("250 2.1.0 Sender OK")
		}},
		{"quoted reply", `>,"220 mx.example.com ready at Sun, 1 Nov 2026 10:30:00 +0100",`, func(e *Event) {
			e.Kind, e.Code = KindReply, 220
			e.Text = []byte("220 mx.example.com ready at Sun, 1 Nov 2026 10:30:00 +0100")
			e.Data = e.Text
		}},
		{"line of a reply", `>,250-PIPELINING,`, func(e *Event) {
			e.Kind, e.Code, e.More = KindReply, 250, true
			e.Text, e.Data = []byte("250-PIPELINING"), []byte("250-PIPELINING")
		}},
		{"folded reply", `>,250  mx.example.com Hello [192.0.2.7] SIZE,`, func(e *Event) {
			e.Kind, e.Code = KindReply, 250
			e.Text = []byte("250  mx.example.com Hello [192.0.2.7] SIZE")
			e.Data = e.Text
		}},
		{"reply without a code", `>,and more of it,`, func(e *Event) {
			e.Kind, e.Text, e.Data = KindReply, []byte("and more of it"), []byte("and more of it")
		}},
		{"info", `*,08DE000000000001;2026-11-01T09:30:00.250Z;1,receiving message`, func(e *Event) {
			e.Kind, e.Data, e.Context = KindInfo, []byte("08DE000000000001;2026-11-01T09:30:00.250Z;1"), []byte("receiving message")
		}},
		{"info with leading blank", `*, CN=EX1 CN=EX1,Sending certificate`, func(e *Event) {
			e.Kind, e.Data, e.Context = KindInfo, []byte(" CN=EX1 CN=EX1"), []byte("Sending certificate")
		}},
		{"quoted context", `*,,"TLS protocol X, with ""quotes"""`, func(e *Event) {
			e.Kind, e.Context = KindInfo, []byte(`TLS protocol X, with "quotes"`)
		}},
		{"without context", `*,data`, func(e *Event) { e.Kind, e.Data = KindInfo, []byte("data") }},
		{"without data", `+`, func(e *Event) { e.Kind = KindConnect }},
		{"with blanks round the event", ` + ,,`, func(e *Event) { e.Kind = KindConnect }},
		{"one column more", `*,a,b,c`, func(e *Event) { e.Kind, e.Data, e.Context = KindInfo, []byte("a"), []byte("b") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, ExchangeReceive, receiveHeader+rows(receiveStart+test.rest))
			if len(got.Records) != 1 || got.Counts.Header != 5 {
				t.Fatalf("%+v %q", got.Counts, got.Bad)
			}
			rec := got.Records[0]
			if diff := cmp.Diff(receiveEvent(test.set), rec.Event); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if rec.Format != ExchangeReceive || rec.Time.String() != "2026-11-01T09:30:00.250Z" || rec.Pos.Line != 6 || rec.Lines != 1 {
				t.Errorf("%v %v %v %d", rec.Format, rec.Time, rec.Pos, rec.Lines)
			}
			if want := receiveStart + test.rest; got.Raw[0] != want {
				t.Errorf("raw %q, want %q", got.Raw[0], want)
			}
		})
	}
}

func TestSendRows(t *testing.T) {
	for _, test := range []struct {
		name, row string
		set       func(e *Event)
	}{
		{"command", sendStart + `>,RCPT TO:<x@example.net>,`, func(e *Event) {
			e.Kind, e.Verb, e.VerbText = KindCommand, VerbRCPT, []byte("RCPT")
			e.Arg, e.Data = []byte("TO:<x@example.net>"), []byte("RCPT TO:<x@example.net>")
		}},
		{"reply", sendStart + `<,550 5.1.1 No such user,`, func(e *Event) {
			e.Kind, e.Code, e.Enhanced = KindReply, 550, enhancedCode(t, "5.1.1")
			e.Text, e.Data = []byte("550 5.1.1 No such user"), []byte("550 5.1.1 No such user")
		}},
		{"before the connection", `2026-11-01T09:30:00.250Z,Outbound,08DE000000000002,0,,198.51.100.9:25,*,,attempting to connect`, func(e *Event) {
			e.Kind, e.Sequence, e.Local, e.Context = KindInfo, 0, nil, []byte("attempting to connect")
		}},
		{"failed", `2026-11-01T09:30:00.250Z,Outbound,08DE000000000002,,,198.51.100.9:25,*,,"Failed to connect. Winsock error code: 10061, Win32 error code: 10061"`, func(e *Event) {
			e.Kind, e.Sequence, e.Local = KindInfo, -1, nil
			e.Context = []byte("Failed to connect. Winsock error code: 10061, Win32 error code: 10061")
		}},
		{"values that are absent", `2026-11-01T09:30:00.250Z,-,,x,-,,+,,`, func(e *Event) {
			*e = Event{Kind: KindConnect, Direction: outcome.Outbound, Sequence: -1, Elapsed: -1, Win32: -1, BytesIn: -1, BytesOut: -1}
		}},
		{"backslash in a send connector", strings.Replace(sendStart, "Outbound", `A\B`, 1) + `+,,`, func(e *Event) {
			e.Kind, e.Connector = KindConnect, []byte(`A\B`)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, ExchangeSend, rows(test.row))
			if len(got.Records) != 1 {
				t.Fatalf("%+v %q", got.Counts, got.Bad)
			}
			if diff := cmp.Diff(sendEvent(test.set), got.Records[0].Event); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestReceiveServer(t *testing.T) {
	for connector, want := range map[string]string{
		`EX1\Default EX1`:         "EX1",
		`EX1 \Default `:           "EX1",
		`EX1\\Default EX1`:        "EX1",
		`Default`:                 "",
		`"EX1\Default, frontend"`: "EX1",
		`\Default`:                "",
	} {
		row := strings.Replace(receiveStart, `EX1\Default Frontend EX1`, connector, 1) + "+,,"
		got := readText(t, ExchangeReceive, rows(row))
		if len(got.Records) != 1 || string(got.Records[0].Server) != want {
			t.Errorf("%s: %+v, want %q", connector, got.Records, want)
		}
	}
}
