package ndr

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// readMessages returns the messages of testdata by name.
func readMessages(t testing.TB) map[string][]byte {
	t.Helper()
	paths, _ := filepath.Glob("testdata/*.eml")
	all := map[string][]byte{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = b
	}
	if len(all) == 0 {
		t.Fatal("no messages in testdata")
	}
	return all
}

func collect(t testing.TB, r io.Reader) []*Report {
	t.Helper()
	var all []*Report
	for report, err := range ReadAll(r, "x") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, report)
	}
	return all
}

// TestReadOutlookMsg: what Outlook saves is refused with advice.
func TestReadOutlookMsg(t *testing.T) {
	msg := "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 600)
	if _, err := Read(strings.NewReader(msg)); !errors.Is(err, ErrOutlookMsg) {
		t.Errorf("Read: %v", err)
	}
	n := 0
	for r, err := range ReadAll(strings.NewReader(msg), "a.msg") {
		n++
		if r != nil || !errors.Is(err, ErrOutlookMsg) {
			t.Errorf("ReadAll: %v, %v", r, err)
		}
	}
	if n != 1 {
		t.Errorf("ReadAll yielded %d times", n)
	}
	if !strings.Contains(ErrOutlookMsg.Error(), ".eml") {
		t.Error("the error does not say what to do")
	}
}

// TestReadError: an error of the reader is passed on and ends the reading.
func TestReadError(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("From: a@example.org\n\nx"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := Read(broken); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Read: %v", err)
	}
	n := 0
	for _, err := range ReadAll(io.MultiReader(strings.NewReader("From: a@example.org\n\nx"), iotest.ErrReader(io.ErrUnexpectedEOF)), "x") {
		if n++; !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("ReadAll: %v", err)
		}
	}
	if n != 1 {
		t.Errorf("ReadAll yielded %d times", n)
	}
}

// TestReadAllIsRead: a file of one message reads the same both ways, however
// the bytes arrive.
func TestReadAllIsRead(t *testing.T) {
	for name, b := range readMessages(t) {
		one, err := Read(bytes.NewReader(b))
		if err != nil {
			t.Fatal(name, err)
		}
		want := describe(one)
		for how, r := range map[string]io.Reader{
			"whole": bytes.NewReader(b), "bytes": iotest.OneByteReader(bytes.NewReader(b)),
			"halves": iotest.HalfReader(bytes.NewReader(b)), "data and EOF": iotest.DataErrReader(bytes.NewReader(b)),
		} {
			all := collect(t, r)
			if len(all) != 1 {
				t.Errorf("%s, %s: %d messages", name, how, len(all))
				continue
			}
			if diff := cmp.Diff(want, describe(all[0])); diff != "" {
				t.Errorf("%s, %s:\n%s", name, how, diff)
			}
		}
	}
}

// TestLineEnds: LF and CRLF read the same.
func TestLineEnds(t *testing.T) {
	for name, b := range readMessages(t) {
		if strings.Contains(name, "utf16") {
			continue
		}
		lf := bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
		crlf := bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n"))
		if diff := cmp.Diff(describe(collect(t, bytes.NewReader(lf))[0]), describe(collect(t, bytes.NewReader(crlf))[0])); diff != "" {
			t.Errorf("%s: LF and CRLF differ:\n%s", name, diff)
		}
	}
}

// TestMbox: the messages of an mbox are told apart, with their lines.
func TestMbox(t *testing.T) {
	const box = "From MAILER-DAEMON Tue Mar  3 09:20:00 2026\n" +
		"From: MAILER-DAEMON@example.com\nTo: ann@example.org\nSubject: failure notice\n\n" +
		"<bob@example.com>:\n550 5.1.1 no such user\n\nFrom here on nothing is said.\n>From: kept\n\n" +
		"From MAILER-DAEMON  Tue Mar  3 09:21:00 2026 +0000\n" +
		"From: MAILER-DAEMON@example.com\nTo: ann@example.org\nSubject: failure notice\n\n" +
		"<kim@example.com>:\n552 5.2.2 mailbox full\n>From the mail system\n"
	all := collect(t, strings.NewReader(box))
	var got []string
	for _, r := range all {
		for _, rec := range r.Recipients {
			got = append(got, fmt.Sprintf("%s %s %s", r.Pos, rec.Address, rec.Enhanced))
		}
	}
	want := []string{"x:1 bob@example.com 5.1.1", "x:12 kim@example.com 5.2.2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if text := all[1].Recipients[0].Text; !strings.HasSuffix(text, "full From the mail system") {
		t.Errorf("the quoting was not taken away: %q", text)
	}
	a, b := all[0].Outcomes()[0], all[1].Outcomes()[0]
	if a.Session == b.Session {
		t.Error("two messages count as one session")
	}
}

// TestMboxOfAll: every message of testdata reads the same in an mbox as alone.
func TestMboxOfAll(t *testing.T) {
	var box bytes.Buffer
	var want []string
	for name, b := range readMessages(t) {
		if strings.Contains(name, "utf16") || strings.Contains(name, "leading-blank") {
			continue // neither can stand in an mbox
		}
		r, err := Read(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, describe(r))
		fmt.Fprintf(&box, "From MAILER-DAEMON Tue Mar  3 09:20:00 2026\n%s\n\n", b)
	}
	var got []string
	for _, r := range collect(t, &box) {
		got = append(got, describe(r))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadNothing(t *testing.T) {
	for _, s := range []string{"", "\n", "\r\n\r\n", "From ", "From x\n", "\x00", "no mail at all"} {
		all := collect(t, strings.NewReader(s))
		if len(all) != 1 || all[0].Kind != NotABounce || len(all[0].Recipients) != 0 {
			t.Errorf("%q: %+v", s, all)
		}
	}
}

func TestOutcomes(t *testing.T) {
	b := readMessages(t)["postfix.eml"]
	r, err := Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	all := r.Outcomes()
	if len(all) != 1 {
		t.Fatalf("%d outcomes", len(all))
	}
	o := all[0]
	if o.Class != reply.Permanent || o.Code != 550 || o.Enhanced != (reply.Enhanced{Major: 5, Subject: 1, Detail: 1}) || o.Domain != "example.com" ||
		o.Host != "mx.example.com" || o.Server != "mail.example.org" || o.Direction != outcome.Outbound || o.Format != "ndr" || !o.IsReply ||
		o.Recipient != "bob@example.com" || o.Time.String() != "2026-03-03T09:20:00Z" {
		t.Errorf("%+v", o)
	}
	if len((&Report{Kind: NotABounce}).Outcomes()) != 0 {
		t.Error("outcomes of no bounce")
	}
}

func TestVerb(t *testing.T) {
	for text, want := range map[string]string{
		"host mx said: 550 no (in reply to RCPT TO command)":                           "RCPT",
		"host mx said: 554 no (in reply to end of DATA command)":                       "EOM",
		"SMTP error from remote mail server after MAIL FROM:<a@example.org>: 550 no":   "MAIL",
		"SMTP error from remote server for TEXT command, host: mx reason: 550 rejects": "EOM",
		"550 no": "",
	} {
		if got := verb(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestLimits: messages beyond the limits are read up to them.
func TestLimits(t *testing.T) {
	var b strings.Builder
	b.WriteString("From: MAILER-DAEMON@example.com\nSubject: failure\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n")
	for i := range MaxRecipients + 5 {
		fmt.Fprintf(&b, "Final-Recipient: rfc822; u%d@example.com\nAction: failed\nStatus: 5.1.1\n\n", i)
	}
	r, err := Read(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Recipients) > MaxRecipients || len(r.Recipients) < 5000 || len(r.Problems) == 0 {
		t.Errorf("%d recipients, problems %q", len(r.Recipients), r.Problems)
	}
	deep := "From: MAILER-DAEMON@example.com\n" + strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 50)
	if r, err = Read(strings.NewReader(deep)); err != nil || len(r.Problems) == 0 {
		t.Errorf("%v, %q", err, r.Problems)
	}
	long := io.MultiReader(strings.NewReader("From: MAILER-DAEMON@example.com\nSubject: failure notice\n\n<a@example.com>:\n550 no\n\n"),
		io.LimitReader(zeros{}, MaxMessage+1000))
	if r, err = Read(long); err != nil || len(r.Recipients) != 1 || !strings.Contains(strings.Join(r.Problems, " "), "32 MiB") {
		t.Errorf("%v, %+v", err, r)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// TestHostile reads megabytes of what makes careless readers look at the same
// bytes again and again; work that grows with the square of the size would not
// end.
func TestHostile(t *testing.T) {
	const head = "Return-Path: <>\nFrom: MAILER-DAEMON@example.com\nSubject: Undeliverable: x\n"
	more := []string{
		"Content-Type: text/html\n\n", "Content-Type: multipart/report; boundary=b\n\n--b\n", "Content-Transfer-Encoding: quoted-printable\n\n", "",
		"\n   ----- Transcript of session follows -----\n", "X-Failed-Recipients: ",
		"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n",
	}
	for i, unit := range []string{
		"@", "<@", "<a@b", "\"@", "a@b.c", "<a@b.c>", "<a@b.c>\n", "<a@b.c>:\n", "a@b.c on 1/1/2001 10:10\n ", "#550 5.1.1 a\n", "a@b.c\n#550 5.1.1 a\n",
		"x '550 5.1.1\n", "a@b.c\nx '550 5.1.1 returned '", "550 ", "5.1.1 ", "550-5.1.1 ", "Final-Recipient: rfc822;a@b.c\n", "Final-Recipient: a@b.c\nAction: failed\n\n",
		"Action: failed\n", "From: a\n", "From a 1:00 2 3 4 5\n\n", "--b\n", "--b\n\n", "--b\nContent-Type: multipart/mixed; boundary=b\n\n", ": ", "a: a@b.c\n", "Recipient: a@b.c\n",
		"<x #5.1.1", "<x #5.1.1\n", "=", "=\n", "&amp;", "<", "<br>", "<!--", "<style>", "> ", "> a\n", "\n", " \n", ">>> RCPT To:<a@b.c>\n<<< 550 5.1.1 no\n", "(", "Doe, Jane on ", "1 ", "Mon ",
		"=?utf-8?q?a?= ", "Received: x\n", "Received: x\nTo: a\n",
	} {
		for _, before := range []string{"\n", more[i%len(more)]} {
			r, err := Read(strings.NewReader(head + before + strings.Repeat(unit, 100_000/len(unit))))
			if err != nil {
				t.Fatal(err)
			}
			check(t, r)
		}
	}
}

// check tests what holds for every report.
func check(t *testing.T, r *Report) {
	t.Helper()
	if len(r.Recipients) > MaxRecipients || len(r.Problems) > maxProblems {
		t.Errorf("%d recipients, %d problems", len(r.Recipients), len(r.Problems))
	}
	bounce := r.Kind == Bounce || r.Kind == Delay || r.Kind == Delivered
	if !bounce && len(r.Recipients) > 0 {
		t.Errorf("%s with recipients", r.Kind)
	}
	for i := range r.Recipients {
		rec := &r.Recipients[i]
		if len(rec.Text) > maxText || rec.Reason == reply.ReasonNone || rec.Class == reply.ClassNone {
			t.Fatalf("%+v", rec)
		}
		switch rec.Action {
		case "failed", "delayed", "delivered", "relayed", "expanded":
		default:
			t.Fatalf("action %q", rec.Action)
		}
	}
	if got := len(r.Outcomes()); got != len(r.Recipients) {
		t.Errorf("%d outcomes of %d recipients", got, len(r.Recipients))
	}
}

// FuzzRead: no input panics or breaks what holds for every report, and an
// mbox reads the same however the bytes arrive.
func FuzzRead(f *testing.F) {
	for _, b := range readMessages(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := Read(bytes.NewReader(b)); err == nil {
			check(t, r)
		}
		var whole, pieces []string
		for r, err := range ReadAll(bytes.NewReader(b), "x") {
			if err == nil {
				check(t, r)
				whole = append(whole, describe(r))
			}
		}
		for r, err := range ReadAll(iotest.HalfReader(bytes.NewReader(b)), "x") {
			if err == nil {
				pieces = append(pieces, describe(r))
			}
		}
		if diff := cmp.Diff(whole, pieces); diff != "" {
			t.Error(diff)
		}
	})
}
