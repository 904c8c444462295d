package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/reply"
)

type explainFlags struct {
	direction string
	rules     string
	color     string
	json      bool
	list      bool

	conversation bool
}

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain [REPLY]",
		Short: "Say what a reply or a code means, who acts, and what to do",
		Long: `Explains a reply line, a reply code (550), an enhanced code (5.7.1) or a Win32 or
Winsock error number (10060): what it means, whether it may be tried again, the
reason, who has to act, and what to do. Without REPLY it reads standard input, each
line one reply. It works offline.

--conversation reads a whole conversation from standard input, as SMTPDiag, swaks,
telnet, openssl s_client and smtplog sessions --transcript print it, and explains it
step by step, with the verdict at the end.

Who has to act depends on the side: by default the reply is one that our server was
given; --direction inbound takes it for one that our server gave.`,
		Example: `  smtplog explain "550 5.7.1 Unable to relay"
  smtplog explain 10060
  smtplog explain --direction inbound 5.7.54
  swaks --to bob@example.net 2>&1 | smtplog explain --conversation
  smtplog analyze logs --json | jq -r '.failures.groups[].example.text' | smtplog explain --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.explain(&f, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.direction, "direction", "outbound", "`SIDE` of the connection: outbound, the reply was given to us, or inbound, we gave it; e.g. --direction inbound")
	fl.BoolVar(&f.list, "list", false, "list the reasons, e.g. --list")
	fl.BoolVar(&f.json, "json", false, "one JSON object for each reply, e.g. --json | jq .reason")
	fl.BoolVar(&f.conversation, "conversation", false, "read a pasted conversation and explain it step by step, e.g. --conversation < paste.txt")
	addRules(fl, &f.rules)
	addColor(fl, &f.color)
	return cmd
}

func (a *app) explain(f *explainFlags, args []string) error {
	out, err := a.output(f.color)
	if err != nil {
		return err
	}
	var d reply.Direction
	switch f.direction {
	case "outbound":
		d = reply.Outbound
	case "inbound":
		d = reply.Inbound
	default:
		return usageError{fmt.Errorf("--direction is inbound or outbound, not %q", f.direction)}
	}
	if f.list {
		return a.listReasons(f, out, d)
	}
	c, err := classifier(f.rules)
	if err != nil {
		return err
	}
	if f.conversation {
		return a.explainConversation(f, out, c, d, args)
	}
	explain := reply.Explain
	if c != nil {
		explain = c.Explain
	}
	p := &explainer{w: a.stdout, out: out, json: f.json}
	if len(args) > 0 {
		return p.print(explain(strings.Join(args, " "), d))
	}
	if isTerminal(a.stdin) {
		return usageError{errors.New(`no REPLY given: smtplog explain "550 5.1.1 User unknown", or pipe replies in, one a line`)}
	}
	r := bufio.NewReaderSize(a.stdin, 64<<10)
	for {
		line, err := readLine(r)
		if text := strings.TrimSpace(input.Text(line)); text != "" {
			if err := p.print(explain(text, d)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// maxReplyLine bounds a line of standard input; what is beyond is dropped.
const maxReplyLine = 64 << 10

// readLine reads a line without its end, cut at maxReplyLine.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line) < maxReplyLine {
			line = append(line, part...)
		}
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

// classifier returns the built-in rules with those of a file before them; nil,
// which stands for the built-in ones, without a file.
func classifier(rules string) (*reply.Classifier, error) {
	if rules == "" {
		return nil, nil
	}
	file, err := os.Open(rules)
	if err != nil {
		return nil, fmt.Errorf("--rules: %w", err)
	}
	defer file.Close()
	extra, err := reply.ParseRules(file, rules)
	if err != nil {
		return nil, fmt.Errorf("--rules: %w", err)
	}
	return reply.NewClassifier(extra)
}

func (a *app) listReasons(f *explainFlags, out *term.Output, d reply.Direction) error {
	t := table.New(table.Column{Title: "reason"}, table.Column{Title: "acts"}, table.Column{Title: "meaning", Flex: true, Min: 30})
	for _, r := range reply.Reasons() {
		if f.json {
			if err := printJSON(a.stdout, map[string]string{
				"reason": r.String(), "actor": r.Actor(d).String(), "meaning": r.Meaning(), "remedy": r.Remedy(d),
			}); err != nil {
				return err
			}
			continue
		}
		t.Add(r.String(), r.Actor(d).String(), r.Meaning())
	}
	if f.json {
		return nil
	}
	return t.Render(a.stdout, out)
}

// An explainer prints explanations.
type explainer struct {
	w     io.Writer
	out   *term.Output
	json  bool
	begun bool
}

type explanationJSON struct {
	Input      string      `json:"input"`
	Code       int         `json:"code,omitempty"`
	Enhanced   string      `json:"enhanced,omitempty"`
	Class      string      `json:"class,omitempty"`
	Reason     string      `json:"reason"`
	Actor      string      `json:"actor"`
	Meaning    string      `json:"meaning,omitempty"`
	Remedy     string      `json:"remedy,omitempty"`
	Source     string      `json:"source,omitempty"`
	List       string      `json:"list,omitempty"`
	RetryAfter int64       `json:"retry_after_s,omitempty"`
	Inner      string      `json:"inner,omitempty"`
	Also       []senseJSON `json:"also,omitempty"`
}

type senseJSON struct {
	Meaning string `json:"meaning"`
	Reason  string `json:"reason"`
	Source  string `json:"source,omitempty"`
}

func (p *explainer) print(e reply.Explanation) error {
	if p.json {
		j := explanationJSON{
			Input: e.Input, Code: int(e.Code), Enhanced: e.Enhanced.String(), Class: e.Class.String(),
			Reason: e.Reason.String(), Actor: e.Actor.String(), Meaning: e.Meaning, Remedy: e.Remedy, Source: e.Source,
			List: e.List, RetryAfter: int64(e.RetryAfter.Seconds()), Inner: e.Inner,
		}
		for _, s := range e.Also {
			j.Also = append(j.Also, senseJSON{s.Meaning, s.Reason.String(), s.Source})
		}
		return printJSON(p.w, j)
	}
	if p.begun {
		fmt.Fprintln(p.w)
	}
	p.begun = true
	fmt.Fprintln(p.w, p.out.Bold(term.Safe(e.Input)))
	p.line("Means", e.Meaning)
	p.line("Class", classText(e.Class))
	p.line("Reason", e.Reason.String())
	p.line("Acts", actorText(e.Actor))
	p.line("Do", e.Remedy)
	p.line("Quotes", e.Inner)
	p.line("Blocklist", e.List)
	if e.RetryAfter > 0 {
		p.line("Try again", "in "+table.Duration(e.RetryAfter))
	}
	p.line("Source", e.Source)
	for _, s := range e.Also {
		p.line("Also", fmt.Sprintf("%s (%s; %s)", s.Meaning, s.Reason, s.Source))
	}
	return nil
}

// line prints one property unless it is empty.
func (p *explainer) line(name, text string) {
	if text == "" {
		return
	}
	head := fmt.Sprintf("  %-10s ", name)
	wrap(p.w, p.out.Width(), head+term.Safe(text), strings.Repeat(" ", len(head)))
}

func classText(c reply.Class) string {
	switch c {
	case reply.OK:
		return "ok: accepted, or asks to go on"
	case reply.Transient:
		return "transient: may be tried again"
	case reply.Permanent:
		return "permanent: refused for good"
	}
	return ""
}
