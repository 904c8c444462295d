package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/probe"
)

// conversationSchema is the version of the JSON form (schema/conversation.json).
const conversationSchema = "smtplog/conversation/v1"

// explainConversation explains a pasted conversation step by step.
func (a *app) explainConversation(f *explainFlags, out *term.Output, c *reply.Classifier, d reply.Direction, args []string) error {
	if len(args) > 0 {
		return usageError{errors.New("--conversation reads standard input: smtplog explain --conversation < paste.txt")}
	}
	if isTerminal(a.stdin) {
		fmt.Fprintln(a.stderr, "smtplog: paste the conversation, then end it with Ctrl-D (Ctrl-Z and Enter on Windows)")
	}
	conversation, err := a.readConversation(c, d)
	if err != nil {
		return err
	}
	if f.json {
		err = printJSON(a.stdout, conversationToJSON(conversation))
	} else {
		p := &probePrinter{w: a.stdout, out: out}
		err = p.conversation(conversation)
	}
	if err == nil && len(conversation.Exchanges) == 0 {
		err = errFailed
	}
	return err
}

// readConversation reads standard input, in UTF-16 too: PowerShell's > writes it.
func (a *app) readConversation(c *reply.Classifier, d reply.Direction) (*probe.Conversation, error) {
	ctx := context.Background()
	sources, errs := input.Find(ctx, []string{"-"}, &input.Options{Stdin: a.stdin})
	if len(errs) > 0 {
		return nil, errs[0]
	}
	if len(sources) == 0 { // nothing was piped in
		return probe.ReadConversation(strings.NewReader(""), c, d)
	}
	stream, err := sources[0].Open(ctx)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	return probe.ReadConversation(stream, c, d)
}

// conversation prints the steps, each with what it means, and the verdict at
// the end.
func (p *probePrinter) conversation(c *probe.Conversation) error {
	for i := range c.Exchanges {
		p.pastedStep(&c.Exchanges[i])
	}
	if c.Message > 0 {
		fmt.Fprintf(p.w, "%s\n", p.out.Dim(plural(int64(c.Message), "line")+" of messages passed over"))
	}
	if c.Ignored > 0 {
		fmt.Fprintf(p.w, "%s\n", p.out.Dim(plural(int64(c.Ignored), "line")+" passed over that are no part of a conversation"))
	}
	if c.Cut {
		fmt.Fprintf(p.w, "%s\n", p.out.Dim("the conversation is longer than what is read; the rest was left out"))
	}
	if len(c.Exchanges) > 0 {
		fmt.Fprintln(p.w)
	}
	wrap(p.w, p.out.Width(), p.colored(c.Result, term.Safe(c.Text)), "  ")
	if c.Decided != nil && c.Decided.Result == probe.Failed && c.Decided.Classification != nil {
		p.meaning("  ", c.Decided.Classification)
	}
	return nil
}

func (p *probePrinter) pastedStep(e *probe.Exchange) {
	what := e.Command
	switch {
	case e.Note != "":
		what = e.Note
	case what == "" && e.Verb == "CONNECT":
		what = "(banner)"
	case what == "":
		what = "(" + e.Verb + ")"
	}
	result := resultText(p.out, e.Result)
	wrap(p.w, p.out.Width()+len(result)-7, fmt.Sprintf("%5d  %s  %s", e.Line, result, term.Safe(what)), strings.Repeat(" ", 18))
	const indent = "                "
	if e.Reply != "" {
		for line := range strings.SplitSeq(e.Reply, "\n") {
			wrap(p.w, p.out.Width(), indent+p.out.Dim(term.Safe(line)), indent+"  ")
		}
	} else if e.Note == "" {
		fmt.Fprintf(p.w, "%s%s\n", indent, p.out.Dim("no reply is shown"))
	}
	if c := e.Classification; c != nil && (e.Result == probe.Failed || e.Result == probe.Warning) {
		p.meaning(indent, c)
	} else if c != nil {
		p.line(indent, "Means", c.Meaning)
	}
}

type conversationJSON struct {
	Schema       string         `json:"schema"`
	Verdict      verdictJSON    `json:"verdict"`
	Steps        []exchangeJSON `json:"steps"`
	MessageLines int            `json:"message_lines,omitempty"`
	IgnoredLines int            `json:"ignored_lines,omitempty"`
	Cut          bool           `json:"cut,omitempty"`
}

type exchangeJSON struct {
	Line    int    `json:"line"`
	Verb    string `json:"verb"`
	Command string `json:"command,omitempty"`
	Reply   string `json:"reply,omitempty"`
	Note    string `json:"note,omitempty"`
	Result  string `json:"result"`
	*meaningJSON
}

func conversationToJSON(c *probe.Conversation) *conversationJSON {
	j := &conversationJSON{
		Schema: conversationSchema, Verdict: verdictJSON{Result: string(c.Result), Text: wireText(c.Text)}, Steps: []exchangeJSON{},
		MessageLines: c.Message, IgnoredLines: c.Ignored, Cut: c.Cut,
	}
	for i := range c.Exchanges {
		e := &c.Exchanges[i]
		if e == c.Decided {
			j.Verdict.Step, j.Verdict.meaningJSON = &i, meaning(e.Classification)
		}
		j.Steps = append(j.Steps, exchangeJSON{
			Line: e.Line, Verb: wireText(e.Verb), Command: wireText(e.Command), Reply: wireText(e.Reply), Note: wireText(e.Note),
			Result: string(e.Result), meaningJSON: meaning(e.Classification),
		})
	}
	return j
}
