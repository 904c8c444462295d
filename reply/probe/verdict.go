package probe

import (
	"fmt"
	"strings"

	"github.com/smtplog/smtplog/reply"
)

// A Verdict says in one sentence whether mail gets through.
type Verdict struct {
	Text   string
	Result Result // Passed, Warning or Failed; Skipped when it could not be told
	Step   *Step  // what decided; nil where no single step did

	// Classification is the deciding step's, nil where nothing was refused.
	Classification *reply.Classification
}

func (p *prober) verdict() Verdict {
	to := p.recipient.String()
	if to == "" {
		to = p.opt.Recipient
	}
	for _, s := range p.report.Steps {
		if s.Name == StepSyntax && s.Result == Failed {
			return failure(s, fmt.Sprintf("Nothing was asked: %s.", s.Text))
		}
	}
	if s := p.impossible; s != nil && !s.Has(OutOfTime) && !s.Has(Interrupted) {
		return failure(p.impossible, fmt.Sprintf("Mail to %s cannot be delivered: %s.", to, p.impossible.Text))
	}
	var taken, refused []attempt
	for _, a := range p.attempts {
		switch {
		case a.accepted:
			taken = append(taken, a)
		case a.step.Result == Failed:
			refused = append(refused, a)
		}
	}
	if v, ok := p.messageVerdict(to); ok {
		return v
	}
	switch {
	case len(taken) == 0 && len(refused) == 0 && p.ctx.Err() != nil: // in DNS or at the first server
		return Verdict{Text: fmt.Sprintf("Whether mail to %s gets through is open: the check ended before a server could be asked.", to), Result: Skipped}
	case len(taken) == 0 && len(refused) == 0:
		return Verdict{Text: fmt.Sprintf("Whether mail to %s gets through is open: no server could be asked.", to), Result: Failed}
	case len(taken) == 0:
		return p.refusedVerdict(to, refused)
	case len(refused) > 0:
		s := refused[0].step
		return Verdict{
			Text: fmt.Sprintf("Mail to %s is accepted by %s, but not by all servers: %s at %s: %s.",
				to, taken[0].name, stageText(s), refused[0].name, sentence(s.Text)),
			Result: Failed, Step: s, Classification: s.Classification,
		}
	}
	v := Verdict{Result: Passed, Step: taken[0].step}
	where := taken[0].name
	if len(taken) > 1 {
		where = fmt.Sprintf("all %d servers and addresses", len(taken))
	}
	v.Text = fmt.Sprintf("Mail to %s is accepted by %s up to RCPT", to, where)
	p.besides(&v)
	v.Text += ". No message was sent."
	return v
}

// besides adds what else there is to a verdict that mail gets through.
func (p *prober) besides(v *Verdict) {
	switch failed, warned := count(p.report.Steps); {
	case failed > 0:
		v.Result = Failed
		v.Text += fmt.Sprintf("; %s failed", steps(failed))
	case warned > 0:
		v.Result = Warning
		v.Text += fmt.Sprintf("; %s to look at", warnings(warned))
	}
}

// messageVerdict is about the test message, where one was to be sent.
func (p *prober) messageVerdict(to string) (Verdict, bool) {
	s := p.acceptance
	if s == nil {
		// It was not even begun: told only where RCPT itself is no reason.
		for _, s := range p.report.Steps {
			if s.Name == StepData && s.Result == Failed || s.Name == StepRcpt && s.Result == Failed && s.Asked == "RCPT TO:<"+p.opt.AcceptTo+">" && p.opt.AcceptTo != to {
				return failure(s, fmt.Sprintf("No test message was sent to %s: %s is refused by %s: %s.", p.opt.AcceptTo, stageText(s), s.Target, sentence(s.Text))), true
			}
		}
		return Verdict{}, false
	}
	switch {
	case s.Result == Passed || s.Result == Warning:
		v := Verdict{Text: fmt.Sprintf("The test message to %s was accepted by %s", p.opt.AcceptTo, s.Target), Result: Passed, Step: s}
		p.besides(&v)
		v.Text += "."
		return v, true
	case s.Has(Refused):
		return failure(s, fmt.Sprintf("%s is accepted at RCPT, but %s refuses the message: %s.", to, s.Target, sentence(s.Text))), true
	}
	return failure(s, fmt.Sprintf("It is not known whether %s took the test message: %s.", s.Target, sentence(s.Text))), true
}

func (p *prober) refusedVerdict(to string, refused []attempt) Verdict {
	// A refusal by a server says more than one that could not be reached.
	first := refused[0]
	for _, a := range refused {
		if a.step.Has(Refused) {
			first = a
			break
		}
	}
	s := first.step
	others := ""
	if n := len(refused) - 1; n > 0 {
		others = fmt.Sprintf(" (and %d more failed)", n)
	}
	switch {
	case !s.Has(Refused):
		return failure(s, fmt.Sprintf("Mail to %s does not get through: %s at %s%s: %s.", to, stageText(s), first.name, others, sentence(s.Text)))
	case s.Classification != nil && s.Classification.Class == reply.Transient:
		return failure(s, fmt.Sprintf("Mail to %s is put off for now by %s at %s%s: %s.", to, first.name, stageText(s), others, sentence(s.Text)))
	}
	return failure(s, fmt.Sprintf("Mail to %s is refused by %s at %s%s: %s.", to, first.name, stageText(s), others, sentence(s.Text)))
}

func failure(s *Step, text string) Verdict {
	return Verdict{Text: text, Result: Failed, Step: s, Classification: s.Classification}
}

// stageText names the stage of a conversation that a step stands for.
func stageText(s *Step) string {
	switch s.Name {
	case StepConnect:
		return "no connection"
	case StepBanner:
		return "the banner"
	case StepEHLO:
		return "EHLO"
	case StepStartTLS:
		return "STARTTLS"
	case StepMail:
		return "MAIL"
	case StepRcpt:
		return "RCPT"
	case StepData:
		return "DATA"
	}
	return string(s.Name)
}

// sentence prepares a text to stand before a full stop.
func sentence(s string) string { return strings.TrimRight(s, ". ") }

func count(all []*Step) (failed, warned int) {
	for _, s := range all {
		switch s.Result {
		case Failed:
			failed++
		case Warning:
			warned++
		}
	}
	return failed, warned
}

func steps(n int) string {
	if n == 1 {
		return "1 other step"
	}
	return fmt.Sprintf("%d other steps", n)
}

func warnings(n int) string {
	if n == 1 {
		return "1 warning"
	}
	return fmt.Sprintf("%d warnings", n)
}
