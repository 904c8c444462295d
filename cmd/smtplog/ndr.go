package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/reply/ndr"
)

type ndrFlags struct {
	color string
	json  bool
}

func (a *app) ndrCommand() *cobra.Command {
	var f ndrFlags
	cmd := &cobra.Command{
		Use:   "ndr FILE…",
		Short: "Say what a bounce message says: who was not reached, why, and what to do",
		Long: `Reads bounce messages (.eml files, mbox files, folders and archives of them, or
standard input) of Exchange, Exchange Online and the other mail servers: delivery status
notifications (RFC 3464) and the text that people get to read. Auto-replies and abuse
reports are told apart. The ids that are printed find the message in the logs.`,
		Example: `  smtplog ndr undeliverable.eml
  smtplog ndr bounces/ --json | jq -r '.recipients[] | [.address, .reason] | @tsv'
  smtplog ndr < message.eml`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.ndr(cmd.Context(), &f, args) },
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.json, "json", false, "one JSON object for each message, e.g. --json | jq .recipients")
	addColor(fl, &f.color)
	return cmd
}

func (a *app) ndr(ctx context.Context, f *ndrFlags, paths []string) error {
	out, err := a.output(f.color)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		if isTerminal(a.stdin) {
			return usageError{errors.New("no FILE given: smtplog ndr message.eml, or pipe a message in")}
		}
		paths = []string{"-"}
	}
	sources, errs := input.Find(ctx, paths, &input.Options{Stdin: a.stdin})
	p := &reportPrinter{w: a.stdout, out: out, json: f.json}
	for _, src := range sources {
		err := p.source(ctx, src)
		if err != nil && !errors.Is(err, errPrinting) {
			errs = append(errs, err)
		} else if err != nil {
			return p.err
		}
	}
	if err := a.stdout.Flush(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	a.report(errs)
	if len(errs) > 0 {
		return errFailed
	}
	return nil
}

// errPrinting says that printing failed, with reportPrinter.err.
var errPrinting = errors.New("printing failed")

// A reportPrinter prints what bounce messages say.
type reportPrinter struct {
	w     io.Writer
	out   *term.Output
	json  bool
	begun bool
	err   error
}

func (p *reportPrinter) source(ctx context.Context, src *input.Source) error {
	stream, err := src.Open(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	for report, err := range ndr.ReadAll(stream, src.Name) {
		if err != nil {
			return fmt.Errorf("%s: %w", src.Name, err)
		}
		if p.json {
			p.err = printJSON(p.w, reportJSON(report))
		} else {
			p.err = p.report(report)
		}
		if p.err != nil {
			return errPrinting
		}
	}
	return nil
}

type ndrJSON struct {
	File             string             `json:"file"`
	Line             int64              `json:"line,omitempty"`
	Kind             string             `json:"kind"`
	Product          string             `json:"product,omitempty"`
	ReportingMTA     string             `json:"reporting_mta,omitempty"`
	MessageID        string             `json:"message_id,omitempty"`
	NetworkMessageID string             `json:"network_message_id,omitempty"`
	Subject          string             `json:"subject,omitempty"`
	From             string             `json:"from,omitempty"`
	QueueID          string             `json:"queue_id,omitempty"`
	EnvelopeID       string             `json:"envelope_id,omitempty"`
	Arrived          string             `json:"arrived,omitempty"`
	Recipients       []ndrRecipientJSON `json:"recipients"`
	Problems         []string           `json:"problems,omitempty"`
}

type ndrRecipientJSON struct {
	Address   string `json:"address,omitempty"`
	Original  string `json:"original,omitempty"`
	Name      string `json:"name,omitempty"`
	Action    string `json:"action,omitempty"`
	Enhanced  string `json:"enhanced,omitempty"`
	Code      int    `json:"code,omitempty"`
	Class     string `json:"class,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Actor     string `json:"actor,omitempty"`
	Remedy    string `json:"remedy,omitempty"`
	RemoteMTA string `json:"remote_mta,omitempty"`
	Text      string `json:"text,omitempty"`
}

func reportJSON(r *ndr.Report) ndrJSON {
	text := func(s string) string { return input.Text([]byte(s)) }
	j := ndrJSON{
		File: text(r.Pos.File), Line: r.Pos.Line, Kind: string(r.Kind), Product: r.Product, ReportingMTA: text(r.ReportingMTA),
		MessageID: text(r.MessageID), NetworkMessageID: text(r.NetworkMessageID), Subject: text(r.Subject),
		From: text(r.From), QueueID: text(r.QueueID), EnvelopeID: text(r.EnvelopeID), Arrived: r.Arrived.String(),
		Recipients: []ndrRecipientJSON{}, Problems: r.Problems,
	}
	for i := range r.Recipients {
		rc := &r.Recipients[i]
		j.Recipients = append(j.Recipients, ndrRecipientJSON{
			Address: text(rc.Address), Original: text(rc.Original), Name: text(rc.Name), Action: rc.Action,
			Enhanced: rc.Enhanced.String(), Code: int(rc.Code), Class: rc.Class.String(), Reason: rc.Reason.String(),
			Actor: rc.Actor.String(), Remedy: rc.Remedy, RemoteMTA: text(rc.RemoteMTA), Text: text(rc.Text),
		})
	}
	return j
}

// kindTexts say what a message is.
var kindTexts = map[ndr.Kind]string{
	ndr.Bounce:     "Not delivered",
	ndr.Delay:      "Delayed, still being tried",
	ndr.Delivered:  "Delivered",
	ndr.AutoReply:  "Not a bounce: an automatic reply",
	ndr.Feedback:   "Not a bounce: an abuse report",
	ndr.NotABounce: "Not a bounce",
}

// report prints one message for people: the verdict first.
func (p *reportPrinter) report(r *ndr.Report) error {
	if p.begun {
		fmt.Fprintln(p.w)
	}
	p.begun = true
	head := kindTexts[r.Kind]
	if r.Subject != "" {
		head += ": " + r.Subject
	}
	wrap(p.w, p.out.Width(), p.out.Bold(term.Safe(head)), "  ")
	p.line("", "file", r.Pos.String())
	p.line("", "message id", r.MessageID)
	p.line("", "network id", r.NetworkMessageID)
	p.line("", "queue id", r.QueueID)
	p.line("", "from", r.From)
	p.line("", "sent", r.Arrived.String())
	p.line("", "reported by", strings.TrimSpace(r.ReportingMTA+" "+parenthesis(r.Product)))
	for i := range r.Recipients {
		rc := &r.Recipients[i]
		who := rc.Address
		if who == "" {
			who = rc.Name
		}
		fmt.Fprintf(p.w, "  %s\n", p.out.Bold(term.Safe(who)))
		p.line("  ", "action", rc.Action)
		p.line("  ", "reply", strings.ReplaceAll(rc.Text, "\n", " "))
		p.line("  ", "given by", rc.RemoteMTA)
		p.line("  ", "status", strings.TrimSpace(rc.Code.String()+" "+rc.Enhanced.String()))
		p.line("  ", "reason", rc.Reason.String()+" ("+actorText(rc.Actor)+")")
		p.line("  ", "do", rc.Remedy)
	}
	for _, problem := range r.Problems {
		p.line("", "broken", problem)
	}
	return nil
}

func parenthesis(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func (p *reportPrinter) line(indent, name, text string) {
	if text == "" {
		return
	}
	head := fmt.Sprintf("%s  %-11s ", indent, name)
	wrap(p.w, p.out.Width(), head+term.Safe(text), strings.Repeat(" ", len(head)))
}
