package probe

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/smtplog/smtplog/reply"
)

// Bounds of a conversation that is read.
const (
	maxConversation = 16 << 20 // octets
	maxPastedLine   = 64 << 10 // octets of a line; the rest is dropped
	maxExchanges    = 10_000
)

// A Conversation is what the output of SMTPDiag, swaks, telnet, openssl
// s_client or "smtplog sessions --transcript" shows.
type Conversation struct {
	Exchanges []Exchange
	Message   int  // lines of messages, which are passed over
	Ignored   int  // other lines that are no part of a conversation
	Cut       bool // longer than what is read

	Text    string    // the verdict, one sentence
	Result  Result    // Passed, Warning, Failed, or Skipped when nothing was recognised
	Decided *Exchange // what the verdict rests on; nil where no single exchange does
}

// An Exchange is a command and its reply, or something that a tool noted.
type Exchange struct {
	Line    int    // from 1, of the command, or else of the reply
	Verb    string // CONNECT, EHLO, STARTTLS, MAIL, …, EOM for the end of the data, TLS, NOTE
	Command string // as sent, secrets left out; "" for the banner and for notes
	Reply   string // as received, lines joined with "\n"; "" where none is shown
	Note    string // what the tool said
	Result  Result // Passed, Info, Warning, Failed, or Skipped without a reply

	// Classification says what a reply or a note about a failure means; nil for
	// other notes.
	Classification *reply.Classification
}

// ReadConversation reads a pasted conversation and says what each step means.
// What is not recognised is counted and passed over. A nil classifier is the
// built-in one. The error is the reader's.
func ReadConversation(r io.Reader, classifier *reply.Classifier, d reply.Direction) (*Conversation, error) {
	p := &pasted{conversation: &Conversation{}, classifier: classifier, direction: d}
	limited := &io.LimitedReader{R: r, N: maxConversation}
	b := bufio.NewReaderSize(limited, 64<<10)
	for {
		line, err := readPastedLine(b)
		if len(line) > 0 {
			p.number++
			p.line(line)
		}
		if err == nil {
			continue
		}
		if limited.N <= 0 {
			p.conversation.Cut = true
		}
		p.end()
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return p.conversation, err
	}
}

// readPastedLine reads a line with its end, cut at maxPastedLine.
func readPastedLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if room := maxPastedLine - len(line); len(part) > room {
			part = part[:room]
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return string(line), err
		}
	}
}

// A pasted is a conversation that is being read.
type pasted struct {
	conversation *Conversation
	classifier   *reply.Classifier
	direction    reply.Direction

	number  int    // of the line
	block   string // of lines without marks: "sent", "received", "skip" up to a line, or ""
	until   string // what ends a block that is skipped
	data    bool   // the lines of a message are due
	login   bool   // the answer to a challenge is due
	more    bool   // another line of the reply to the current exchange is due
	current int    // the exchange whose reply is read
	pending []int  // exchanges that wait for their reply
	spoken  bool   // the server said something since it was connected to

	greeting bool   // openssl hides the first conversation but for the end of a reply to EHLO
	verified string // what openssl said of the certificate; it says so again
}

func (p *pasted) classify(text string) *reply.Classification {
	var c reply.Classification
	if p.classifier != nil {
		c = p.classifier.Classify(text, p.direction)
	} else {
		c = reply.Classify(text, p.direction)
	}
	return &c
}

// add appends an exchange and returns its index, -1 when there are too many.
func (p *pasted) add(e Exchange) int {
	c := p.conversation
	if len(c.Exchanges) >= maxExchanges {
		c.Cut = true
		return -1
	}
	e.Line = p.number
	c.Exchanges = append(c.Exchanges, e)
	return len(c.Exchanges) - 1
}

// client takes a line that the client sent.
func (p *pasted) client(text string) {
	p.more = false
	switch {
	case p.data && text != ".":
		p.conversation.Message++
		return
	case p.data:
		p.data = false
		p.command("EOM", ".")
		return
	case p.login:
		p.login = false
		p.command("AUTH", redacted)
		return
	}
	verb, arg := splitCommand(text)
	if verb == "" {
		verb = "?"
	}
	if verb == "AUTH" || verb == "X-EXPS" {
		mechanism, secret, _ := strings.Cut(arg, " ")
		if strings.TrimSpace(secret) != "" {
			text = verb + " " + mechanism + " " + redacted
		}
	}
	p.command(verb, text)
}

// redacted stands for a password or the answer to a challenge.
const redacted = "[redacted]"

func (p *pasted) command(verb, text string) {
	if i := p.add(Exchange{Verb: verb, Command: text, Result: Skipped}); i >= 0 {
		p.pending = append(p.pending, i)
	}
}

// server takes a line that the server sent.
func (p *pasted) server(text string) {
	line, ok := reply.ParseLine([]byte(text))
	if !ok {
		p.conversation.Ignored++
		return
	}
	if line.Code == 334 {
		text = "334 " + redacted
	}
	if !p.more {
		data, login := p.data, p.login
		p.data, p.login = false, line.Code == 334
		switch {
		case len(p.pending) > 0:
			p.current, p.pending = p.pending[0], p.pending[1:]
		case data: // logs and some tools do not show the final dot
			p.current = p.add(Exchange{Verb: "EOM"})
		case login: // nor the answers to a challenge
			p.current = p.add(Exchange{Verb: "AUTH"})
		case p.greeting:
			p.greeting = false
			p.current = p.add(Exchange{Verb: "EHLO"})
		case !p.spoken:
			p.current = p.add(Exchange{Verb: "CONNECT"})
		default:
			p.current = p.add(Exchange{Verb: "?"})
		}
	}
	p.spoken = true
	p.more = line.More
	if p.current < 0 {
		return
	}
	e := &p.conversation.Exchanges[p.current]
	if e.Reply != "" {
		e.Reply += "\n"
	}
	if len(e.Reply) < maxReplyText {
		e.Reply += text
	}
	if line.More {
		return
	}
	e.Classification = p.classify(e.Reply)
	e.Result = Passed
	if e.Classification.Class.Failed() {
		e.Result = Failed
	}
	p.data = line.Code == 354 && e.Verb == "DATA"
}

// note takes what a tool said.
func (p *pasted) note(verb string, result Result, text string) {
	text = strings.TrimSpace(text)
	e := Exchange{Verb: verb, Note: text, Result: result}
	if result == Failed {
		e.Classification = p.failure(text)
	}
	p.add(e)
}

// failure says what a note about a failure means, by the error number that it
// gives, or by its words.
func (p *pasted) failure(text string) *reply.Classification {
	number := errorNumber(text)
	if number == "" {
		return p.classify(text)
	}
	c := reply.Explain(number, p.direction).Classification
	if c.Class == reply.ClassNone {
		c.Class = reply.Transient
	}
	return &c
}

// connected begins another connection.
func (p *pasted) connected(text string, result Result) {
	p.note("CONNECT", result, text)
	p.pending, p.more, p.data, p.login, p.spoken, p.greeting, p.verified = nil, false, false, false, false, false, ""
}

// disconnected ends a connection: in good order only when nothing is due.
func (p *pasted) disconnected(text string) {
	quit := len(p.pending) == 0 && p.spoken && !p.data
	if !quit && len(p.pending) == 1 && p.conversation.Exchanges[p.pending[0]].Verb == "QUIT" {
		quit = true
	}
	p.pending = nil
	if quit {
		p.note("NOTE", Info, text)
		return
	}
	i := p.add(Exchange{Verb: "NOTE", Note: strings.TrimSpace(text), Result: Failed})
	if i >= 0 {
		p.conversation.Exchanges[i].Classification = because(reply.ReasonConnectionDropped)
	}
}

// end works out the verdict.
func (p *pasted) end() {
	c := p.conversation
	if len(c.Exchanges) == 0 {
		c.Result, c.Text = Skipped, "No SMTP conversation was recognised."
		return
	}
	var accepted *Exchange
	var spoken bool
	from := 0 // the first exchange of the connection that decides
	for i := range c.Exchanges {
		e := &c.Exchanges[i]
		if e.Verb == "EOM" && e.Result == Passed {
			accepted = e
		}
		spoken = spoken || e.Reply != ""
		if e.Verb == "CONNECT" && firstFailure(c.Exchanges[i:]) != nil {
			from = i
		}
	}
	failed := firstFailure(c.Exchanges[from:])
	switch {
	case accepted != nil && failed == nil:
		c.Result, c.Decided = Passed, accepted
		c.Text = fmt.Sprintf("The server took the message: %s.", sentence(oneLine(accepted.Reply)))
	case accepted != nil:
		c.Result, c.Decided = Warning, failed
		c.Text = fmt.Sprintf("The server took a message (line %d), but %s failed: %s.", accepted.Line, failed.Verb, sentence(said(failed)))
	case failed != nil:
		c.Result, c.Decided = Failed, failed
		c.Text = fmt.Sprintf("%s: %s.", failedText(failed), sentence(said(failed)))
	case !spoken:
		c.Result, c.Text = Skipped, "No reply of a server is shown."
	default:
		last := &c.Exchanges[len(c.Exchanges)-1]
		c.Result = Passed
		c.Text = fmt.Sprintf("Nothing was refused; no message was sent. The conversation ends with %s (line %d).", last.Verb, last.Line)
		for i := range c.Exchanges {
			if c.Exchanges[i].Result == Warning {
				c.Result, c.Decided = Warning, &c.Exchanges[i]
				c.Text = fmt.Sprintf("Nothing was refused, but: %s.", sentence(said(&c.Exchanges[i])))
				break
			}
		}
	}
}

// firstFailure returns the first failure, which later ones follow from; an EHLO
// that HELO made up for is none.
func firstFailure(all []Exchange) *Exchange {
	for i := range all {
		e := &all[i]
		if e.Result != Failed || e.Verb == "QUIT" || e.Verb == "EHLO" && i+1 < len(all) && all[i+1].Verb == "HELO" && all[i+1].Result == Passed {
			continue
		}
		return e
	}
	return nil
}

func failedText(e *Exchange) string {
	switch {
	case e.Note != "" && e.Verb == "TLS":
		return "TLS failed"
	case e.Note != "" && e.Verb == "CONNECT":
		return "There was no connection"
	case e.Note != "":
		return "The conversation failed"
	case e.Classification != nil && e.Classification.Class == reply.Transient:
		return e.Verb + " was put off for now"
	}
	return e.Verb + " was refused"
}

func said(e *Exchange) string {
	if e.Note != "" {
		return oneLine(e.Note)
	}
	return oneLine(e.Reply)
}

func oneLine(s string) string { return clip(strings.ReplaceAll(s, "\n", " ")) }
