package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/miekg/dns"

	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/reply/probe"
)

// probeServers are a DNS server and a mail server on the loopback interface.
type probeServers struct {
	dns, port string
	rcpt      error
	messages  int
}

func (s *probeServers) NewSession(*smtp.Conn) (smtp.Session, error) { return s, nil }

func (s *probeServers) Reset()                               {}
func (s *probeServers) Logout() error                        { return nil }
func (s *probeServers) Mail(string, *smtp.MailOptions) error { return nil }
func (s *probeServers) Rcpt(string, *smtp.RcptOptions) error { return s.rcpt }

func (s *probeServers) Data(r io.Reader) error {
	s.messages++
	_, err := io.Copy(io.Discard, r)
	return err
}

func (s *probeServers) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	name := q.Question[0].Name
	for _, line := range []string{
		"example.net. 300 IN SOA ns.example.net. root.example.net. 7 1 1 1 1", "example.net. 300 IN MX 10 mx1.example.net.", "mx1.example.net. 300 IN A 127.0.0.1",
		"example.com. 300 IN MX 0 .", `example.net. 300 IN TXT "v=spf1 -all"`,
	} {
		rr, err := dns.NewRR(line)
		if err == nil && rr.Header().Name == name && rr.Header().Rrtype == q.Question[0].Qtype {
			m.Answer = append(m.Answer, rr)
		}
	}
	if len(m.Answer) == 0 {
		rr, _ := dns.NewRR("example.net. 300 IN SOA ns.example.net. root.example.net. 7 1 1 1 1")
		m.Ns = append(m.Ns, rr)
	}
	w.WriteMsg(m)
}

func startProbeServers(t *testing.T) *probeServers {
	t.Helper()
	s := &probeServers{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// UDP on the port that TCP was given.
	pc, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Skip("the UDP port of the same number is in use: ", err)
	}
	for _, d := range []*dns.Server{{Listener: l, Handler: s}, {PacketConn: pc, Handler: s}} {
		started := make(chan struct{})
		d.NotifyStartedFunc = func() { close(started) }
		go d.ActivateAndServe()
		<-started
		t.Cleanup(func() { d.Shutdown() })
	}
	s.dns = l.Addr().String()
	m, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(s)
	server.Domain = "mx1.example.net"
	server.ErrorLog = log.New(io.Discard, "", 0)
	go server.Serve(m)
	t.Cleanup(func() { server.Close() })
	_, s.port, _ = net.SplitHostPort(m.Addr().String())
	return s
}

func (s *probeServers) probe(args ...string) result {
	return smtplog("", append([]string{"probe", "alice@example.net", "bob@example.net", "-d", s.dns, "--port", s.port, "--helo", "client.example.org", "--timeout", "5s"}, args...)...)
}

func userUnknown() error {
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "User \x1b[31munknown"}
}

func TestProbe(t *testing.T) {
	s := startProbeServers(t)
	t.Run("accepted", func(t *testing.T) {
		r := s.probe()
		if r.code != exitDone {
			t.Errorf("exit status %d\n%s%s", r.code, r.stdout, r.stderr)
		}
		first, _, _ := strings.Cut(r.stdout, "\n")
		if !strings.HasPrefix(first, "Mail to bob@example.net is accepted by mx1.example.net [127.0.0.1]:"+s.port) {
			t.Errorf("the verdict is not first: %q", first)
		}
		for _, want := range []string{"passed", "warning", "skipped", "MX UDP", "A, AAAA TCP", "banner: 220 mx1.example.net", "RCPT: 250", "0 failed"} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("the report lacks %q:\n%s", want, r.stdout)
			}
		}
		if !strings.Contains(r.stderr, "offers mail from <alice@example.net> to <bob@example.net>; no message is sent") {
			t.Errorf("it does not say what it is about to do: %q", r.stderr)
		}
		if s.messages != 0 {
			t.Error("a message was sent")
		}
	})
	t.Run("verbose", func(t *testing.T) {
		r := s.probe("-v", "--policy", "--dkim-selector", "s1")
		for _, want := range []string{"> RCPT TO:<bob@example.net>", "< 220 mx1.example.net ESMTP", ";; QUESTION SECTION", "IN\tMX"} {
			if !strings.Contains(strings.ReplaceAll(r.stderr, "\\t", "\t"), want) {
				t.Errorf("standard error lacks %q:\n%s", want, r.stderr)
			}
		}
		for _, want := range []string{"Asked      MAIL FROM:<alice@example.net>", "Answered   250", "DMARC:", "DKIM:", "TLSA:", "MTA-STS:", "SPF:"} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("the report lacks %q:\n%s", want, r.stdout)
			}
		}
	})
	t.Run("JSON", func(t *testing.T) {
		v := conform(t, "probe", s.probe("--json", "--policy").stdout)[0].(map[string]any)
		if len(v["steps"].([]any)) < 20 {
			t.Errorf("%d steps", len(v["steps"].([]any)))
		}
	})
	t.Run("a message", func(t *testing.T) {
		r := s.probe("--accept", "--exchange-2003")
		if s.messages != 1 || r.code != exitFailed { // X-LINK2STATE is missing
			t.Errorf("%d messages, exit status %d", s.messages, r.code)
		}
		if !strings.Contains(r.stderr, "SENDS ONE TEST MESSAGE to <bob@example.net>") {
			t.Errorf("it does not say that it sends: %q", r.stderr)
		}
		for _, want := range []string{"The test message to bob@example.net was accepted", "STEP          EXPECTED    RESULT  REPLY", "X-LINK2STATE  listed      failed", "end of data   250         passed"} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("the report lacks %q:\n%s", want, r.stdout)
			}
		}
	})
	t.Run("to the postmaster", func(t *testing.T) {
		if r := s.probe("--accept=postmaster"); r.code != exitDone || !strings.Contains(r.stdout, "The test message to postmaster@example.net was accepted") {
			t.Errorf("exit status %d\n%s", r.code, r.stdout)
		}
	})
	t.Run("source", func(t *testing.T) {
		r := s.probe("--source", "127.0.0.1", "-v")
		if r.code != exitDone || !strings.Contains(r.stdout, "connected from 127.0.0.1:") || !strings.Contains(r.stdout, "from 127.0.0.1, DNS from") {
			t.Errorf("exit status %d\n%s", r.code, r.stdout)
		}
		if r := s.probe("-6"); r.code != exitFailed || !strings.Contains(r.stdout, "no address of the family") {
			t.Errorf("exit status %d\n%s", r.code, r.stdout)
		}
	})
	t.Run("colours", func(t *testing.T) {
		if r := s.probe("--color", "always"); !strings.Contains(r.stdout, "\x1b[32mpassed") {
			t.Errorf("no green: %q", r.stdout)
		}
	})
	s.rcpt = userUnknown()
	t.Run("refused", func(t *testing.T) {
		r := s.probe()
		if r.code != exitFailed {
			t.Errorf("exit status %d", r.code)
		}
		for _, want := range []string{"is refused by mx1.example.net", "user_unknown (the sender acts)", `550 5.1.1 User \x1b[31munknown`} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("the report lacks %q:\n%s", want, r.stdout)
			}
		}
		if strings.Contains(r.stdout, "\x1b") {
			t.Error("an escape sequence of the server came through")
		}
	})
	t.Run("refused, JSON", func(t *testing.T) {
		v := conform(t, "probe", s.probe("--json").stdout)[0].(map[string]any)
		verdict := v["verdict"].(map[string]any)
		if verdict["reason"] != "user_unknown" || verdict["code"] != 550.0 || verdict["enhanced"] != "5.1.1" {
			t.Errorf("verdict %v", verdict)
		}
		step := v["steps"].([]any)[int(verdict["step"].(float64))].(map[string]any)
		if step["name"] != "rcpt" {
			t.Errorf("step %v", step)
		}
	})
	t.Run("null MX", func(t *testing.T) {
		r := smtplog("", "probe", "<>", "bob@example.com", "-d", s.dns, "--helo", "client.example.org")
		if r.code != exitFailed || !strings.Contains(r.stdout, "null MX") {
			t.Errorf("exit status %d\n%s", r.code, r.stdout)
		}
	})
}

func TestProbeLog(t *testing.T) {
	s := startProbeServers(t)
	s.rcpt = userUnknown()
	row := func(minute int, code string) string {
		return fmt.Sprintf("2026-11-01T10:%02d:00.000Z,Internet,08DE00000000%04d,%%d,10.0.0.1:1000,192.0.2.25:25,%%s\n", minute, minute) + code
	}
	var b strings.Builder
	b.WriteString("#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Send Protocol Log\r\n#Date: 2026-11-01T10:00:00.000Z\r\n" +
		"#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n")
	for minute, verdict := range []string{"550 5.1.1 User unknown", "250 2.1.5 Ok", "550 5.1.1 User unknown", "550 5.7.1 Unable to relay", "550 5.1.1 User unknown"} {
		lines := []string{"+,,", "<,220 mx1.example.net ESMTP,", ">,EHLO mail.example.org,", "<,250 mx1.example.net,", ">,MAIL FROM:<alice@example.org>,", "<,250 2.1.0 Ok,",
			">,RCPT TO:<bob@example.net>,", "<," + verdict + ","}
		if strings.HasPrefix(verdict, "250") {
			lines = append(lines, ">,DATA,", "<,354 go on,", "<,250 2.0.0 queued,")
		}
		lines = append(lines, ">,QUIT,", "<,221 Bye,", "-,,Remote")
		for i, l := range lines {
			fmt.Fprintf(&b, strings.ReplaceAll(row(minute, ""), "\n", "\r\n"), i, l)
		}
	}
	path := filepath.Join(t.TempDir(), "SEND.LOG")
	writeFile(t, path, []byte(b.String()))
	t.Run("the same", func(t *testing.T) {
		r := s.probe("--log", path)
		text := strings.Join(strings.Fields(r.stdout), " ")
		want := "example.net has failed in the same way since 2026-11-01T10:02:00.000Z (2 times until 2026-11-01T10:04:00.000Z; the last delivery was at 2026-11-01T10:01:00.000Z), first in " + path
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, r.stdout)
		}
	})
	t.Run("JSON", func(t *testing.T) {
		v := conform(t, "probe", s.probe("--json", "--log", path).stdout)[0].(map[string]any)
		l := v["log"].(map[string]any)
		if l["failures"] != 2.0 || l["since"] != "2026-11-01T10:02:00.000Z" || l["outcomes"] != 5.0 {
			t.Errorf("log %v", l)
		}
	})
	t.Run("another", func(t *testing.T) {
		s.rcpt = &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "Mailbox full"}
		if r := s.probe("--log", path); !strings.Contains(strings.Join(strings.Fields(r.stdout), " "), "do not show this failure") {
			t.Errorf("says\n%s", r.stdout)
		}
	})
	t.Run("accepted", func(t *testing.T) {
		s.rcpt = nil
		if r := s.probe("--log", path); r.code != exitDone || !strings.Contains(strings.Join(strings.Fields(r.stdout), " "), "the logs show 5 outcomes to example.net") {
			t.Errorf("exit status %d\n%s", r.code, r.stdout)
		}
	})
	t.Run("no log", func(t *testing.T) {
		if r := s.probe("--log", filepath.Join(t.TempDir(), "none.log")); r.code != exitFailed || r.stdout != "" {
			t.Errorf("exit status %d\n%s", r.code, r.stdout)
		}
	})
	t.Run("not a log", func(t *testing.T) {
		other := filepath.Join(t.TempDir(), "other.txt")
		writeFile(t, other, []byte("nothing\n"))
		if r := s.probe("--log", other); r.code != exitFailed || !strings.Contains(r.stdout, "the logs show no mail to example.net") {
			t.Errorf("exit status %d\n%s", r.code, r.stdout)
		}
	})
}

func TestProbeUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"a@example.org"}, {"a@example.org", "b@example.net", "c@example.net"}, {"a@example.org", "b@example.net", "-4", "-6"},
		{"a@example.org", "b@example.net", "--port", "0"}, {"a@example.org", "b@example.net", "--timeout", "0s"}, {"a@example.org", "b@example.net", "--timeout", "x"},
		{"a@example.org", "b@example.net", "--source", "x"}, {"a@example.org", "b@example.net", "--accept=all"}, {"a@example.org", "b@example.net", "--helo", "a b"},
		{"a@example.org", "b@example.net", "-d", "a b"}, {"a@example.org", "b@example.net", "--color", "x"}, {"a@example.org", "b@example.net", "--what"},
	} {
		if r := smtplog("", append([]string{"probe"}, args...)...); r.code != exitUsage || r.stderr == "" {
			t.Errorf("%v: exit status %d: %s", args, r.code, r.stderr)
		}
	}
	if r := smtplog("", "probe", "a@example.org", "no address", "-d", "127.0.0.1:1"); r.code != exitFailed || !strings.Contains(r.stdout, "Nothing was asked") {
		t.Errorf("a malformed address: exit status %d: %s", r.code, r.stdout)
	}
}

// A live check on a terminal writes one line over and over, and clears it.
func TestProbeLive(t *testing.T) {
	var b strings.Builder
	l := &liveProbe{w: &b, out: term.For(&b, "never", func(string) string { return "" })}
	l.begin(&probe.Step{Name: probe.StepMX, Target: "example.net", Transport: "udp"})
	l.done(&probe.Step{Name: probe.StepMX, Result: probe.Passed})
	l.end()
	if b.String() != "" {
		t.Errorf("no terminal, but wrote %q", b.String())
	}
	for name := range stepTitles {
		if stepTitle(&probe.Step{Name: name}) == "" {
			t.Errorf("%s has no title", name)
		}
	}
}

func TestExplainConversation(t *testing.T) {
	paste := "220 mx1.example.net ESMTP\nEHLO client\n250-mx1.example.net\n250 SIZE\nAUTH PLAIN c2VjcmV0\n535 5.7.8 no\nRCPT TO:<bob@example.net>\n550 5.1.1 User \x1b[31munknown\nsomething\n"
	t.Run("text", func(t *testing.T) {
		r := smtplog(paste, "explain", "--conversation")
		if r.code != exitDone {
			t.Errorf("exit status %d: %s", r.code, r.stderr)
		}
		for _, want := range []string{"    1  passed   (banner)\n", "    2  passed   EHLO client\n                250-mx1.example.net\n", "AUTH PLAIN [redacted]", "user_unknown (the sender acts)", "1 line passed over", "\nAUTH was refused: 535"} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("lacks %q:\n%s", want, r.stdout)
			}
		}
		if strings.Contains(r.stdout, "\x1b") || strings.Contains(r.stdout, "c2VjcmV0") {
			t.Errorf("not safe: %q", r.stdout)
		}
	})
	t.Run("JSON", func(t *testing.T) {
		r := smtplog(paste, "explain", "--conversation", "--json")
		v := conform(t, "conversation", r.stdout)[0].(map[string]any)
		if n := len(v["steps"].([]any)); n != 4 {
			t.Errorf("%d steps", n)
		}
		if verdict := v["verdict"].(map[string]any); verdict["reason"] != "auth_failed" || verdict["step"] != 2.0 {
			t.Errorf("verdict %v", verdict)
		}
	})
	t.Run("our own transcripts", func(t *testing.T) {
		transcript := done(t, "sessions", filepath.Join(root, "testdata", "logs", "hub1"), "--transcript")
		r := smtplog(transcript, "explain", "--conversation", "--json")
		conform(t, "conversation", r.stdout)
		if r.code != exitDone || strings.Contains(r.stdout, `"verb":"?"`) {
			t.Errorf("exit status %d: a reply without its command", r.code)
		}
	})
	t.Run("UTF-16", func(t *testing.T) {
		wide := "\xff\xfe"
		for _, c := range []byte(paste) {
			wide += string([]byte{c, 0})
		}
		want := smtplog(paste, "explain", "--conversation").stdout
		if got := smtplog(wide, "explain", "--conversation").stdout; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if got := smtplog("\ufeff"+paste, "explain", "--conversation").stdout; got != want {
			t.Errorf("with a byte order mark\n%s", got)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		if r := smtplog("Dear all,\n", "explain", "--conversation"); r.code != exitFailed || !strings.Contains(r.stdout, "No SMTP conversation") {
			t.Errorf("exit status %d: %s", r.code, r.stdout)
		}
		conform(t, "conversation", smtplog("", "explain", "--conversation", "--json").stdout)
	})
	t.Run("usage", func(t *testing.T) {
		if r := smtplog("", "explain", "--conversation", "550"); r.code != exitUsage {
			t.Errorf("exit status %d", r.code)
		}
	})
	t.Run("without the flag each line is a reply", func(t *testing.T) {
		if out := smtplog("250-a\n250 b\n", "explain", "--json").stdout; strings.Count(out, "\n") != 2 {
			t.Errorf("%q", out)
		}
	})
	if os.Getenv("COLUMNS") != "" {
		t.Error("the width is not that of the tests")
	}
}
