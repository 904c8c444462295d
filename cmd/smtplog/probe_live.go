package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/reply/probe"
)

// A liveProbe shows on standard error what a check is doing: on a terminal in
// one line that is written over, with --verbose in lines that stay. Its colours
// are those of SMTPDiag: white for what is being done, grey for what is said,
// green for passed and red for failed.
type liveProbe struct {
	w       io.Writer
	out     *term.Output
	verbose bool
	shown   int // columns of the line that is to be written over
}

func (a *app) liveProbe(f *probeFlags) *liveProbe {
	return &liveProbe{w: a.stderr, out: term.For(a.stderr, f.color, a.env), verbose: f.verbose}
}

func (l *liveProbe) begin(s *probe.Step) {
	doing := stepTitle(s) + " " + s.Target
	switch {
	case l.verbose:
		fmt.Fprintf(l.w, "%s\n", l.out.Bold(term.Safe(doing)))
	case l.out.IsTerminal():
		text := term.Cut(doing+" …", l.out.Width()-1)
		width := term.DisplayWidth(text)
		fmt.Fprintf(l.w, "\r%s%s", text, strings.Repeat(" ", max(l.shown-width, 0)))
		l.shown = width
	}
}

func (l *liveProbe) done(s *probe.Step) {
	if l.verbose {
		fmt.Fprintf(l.w, "  %s (%s) %s\n", resultText(l.out, s.Result), table.Duration(s.Duration), term.Safe(s.Text))
	}
}

// trace prints one packet or line.
func (l *liveProbe) trace(t probe.Trace) {
	mark := "<"
	if t.Sent {
		mark = ">"
	}
	for line := range strings.SplitSeq(strings.TrimRight(t.Text, "\r\n"), "\n") {
		fmt.Fprintf(l.w, "  %s\n", l.out.Dim(mark+" "+term.Cut(line, 1000)))
	}
}

// end clears the line.
func (l *liveProbe) end() {
	if l.shown > 0 {
		fmt.Fprintf(l.w, "\r%s\r", strings.Repeat(" ", l.shown))
	}
}

// resultText writes a result in its colour, as wide as the widest.
func resultText(out *term.Output, r probe.Result) string {
	text := fmt.Sprintf("%-7s", r)
	switch r {
	case probe.Passed:
		return out.Green(text)
	case probe.Failed:
		return out.Red(text)
	case probe.Warning:
		return out.Yellow(text)
	}
	return out.Dim(text)
}

// stepTitles name the steps for people.
var stepTitles = map[probe.Name]string{
	probe.StepSyntax: "address", probe.StepSOA: "SOA", probe.StepSOASerials: "SOA serials", probe.StepMX: "MX", probe.StepAddress: "A, AAAA",
	probe.StepMXList: "mail servers", probe.StepMXHost: "mail server", probe.StepPTR: "PTR", probe.StepHelo: "HELO name", probe.StepSPF: "SPF",
	probe.StepDMARC: "DMARC", probe.StepDKIM: "DKIM", probe.StepMTASTS: "MTA-STS", probe.StepTLSA: "TLSA", probe.StepConnect: "connect",
	probe.StepBanner: "banner", probe.StepEHLO: "EHLO", probe.StepLink2State: "X-LINK2STATE", probe.StepXExch50: "XEXCH50", probe.StepStartTLS: "STARTTLS",
	probe.StepCertificate: "certificate", probe.StepDANE: "DANE", probe.StepMail: "MAIL", probe.StepRcpt: "RCPT", probe.StepData: "DATA",
	probe.StepEndOfData: "end of data", probe.StepRset: "RSET", probe.StepQuit: "QUIT",
}

func stepTitle(s *probe.Step) string {
	title := stepTitles[s.Name]
	if s.Name == probe.StepEHLO && strings.HasPrefix(s.Asked, "HELO") {
		title = "HELO"
	}
	if s.Transport != "" {
		title += " " + strings.ToUpper(s.Transport)
	}
	return title
}
