package testlog

import (
	"fmt"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

const (
	ourName   = "gate.example.com"
	ourDomain = "example.com"
	ourAddr   = "10.1.0.25"
)

// sender returns who the next message is from.
func (t *talk) sender() string {
	rng := t.rng
	if rng.Float64() < 0.03 {
		return ""
	}
	n := rng.IntN(t.host.senders)
	if t.host.direction == outcome.Outbound {
		return fmt.Sprintf("%s%d@%s", people[n%len(people)], n, ourDomain)
	}
	domain := t.host.domain
	if t.host.senders > 4 {
		domain = domains[(n+t.host.number)%len(domains)]
	}
	return fmt.Sprintf("%s%d@%s", people[(n+t.host.number)%len(people)], n, domain)
}

// recipient returns whom a message is for.
func (t *talk) recipient() string {
	domain := ourDomain
	if t.host.direction == outcome.Outbound {
		domain = t.host.domain
	}
	n := t.rng.IntN(400)
	return fmt.Sprintf("%s.%d@%s", people[n%len(people)], n, domain)
}

// messageID returns the Message-ID of the i-th message of the session: made by
// the sender's program, by its server, or by ours where the message had none.
func (t *talk) messageID(tr *Transaction, i int) string {
	n := t.rng.Uint32()
	switch t.host.idStyle {
	case 0:
		for j := range tr.From {
			if tr.From[j] == '@' {
				return fmt.Sprintf("<%08x.%d%s>", n, i, tr.From[j:])
			}
		}
	case 1:
		return fmt.Sprintf("<%d.%08x@%s>", t.s.Number, n, t.host.name)
	}
	return fmt.Sprintf("<GATE%08x%04d@%s>", n, i, ourName)
}

// ownID reports whether our server made up the message's id.
func ownID(id string) bool { return len(id) > 5 && id[:5] == "<GATE" }

var people = [...]string{"anna", "bo", "carla.maria", "d", "emil", "newsletter", "g.h", "ines+tag", "jo_hn", "postmaster"}

// flavours is the number of wordings that peers have for their replies.
const flavours = 4

// replyText returns the first line of the reply to e as h words it.
func (h *host) replyText(e *exchange, s *Session) string {
	tr := &Transaction{}
	if e.msg < len(s.Transactions) {
		tr = &s.Transactions[e.msg]
	}
	to := ""
	if e.rcpt < len(tr.Recipients) {
		to = tr.Recipients[e.rcpt].To
	}
	if e.code >= 400 {
		if e.verb != logparse.VerbRCPT {
			to = ""
		}
		return refusalText(e.code, to)
	}
	exchange := h.flavour == 0
	switch e.verb {
	case logparse.VerbConnect:
		if h.flavour == 3 {
			return "220 " + h.name + " ESMTP"
		}
		return "220 " + h.name + " ESMTP ready at Mon, 2 Mar 2026 08:00:00 +0000"
	case logparse.VerbEHLO:
		if exchange {
			return "250-" + h.name + " Hello [" + ourAddr + "]"
		}
		return "250-" + h.name
	case logparse.VerbHELO:
		return "250 " + h.name
	case logparse.VerbSTARTTLS:
		return "220 2.0.0 Ready to start TLS"
	case logparse.VerbAUTH:
		return "235 2.7.0 Authentication successful"
	case logparse.VerbRSET:
		return [...]string{"250 2.0.0 Resetting", "250 2.0.0 Ok", "250 OK", "250 2.0.0 Reset state"}[h.flavour]
	case logparse.VerbMAIL:
		return [...]string{"250 2.1.0 Sender OK", "250 2.1.0 Ok", "250 OK", "250 2.1.0 <" + tr.From + ">... Sender ok"}[h.flavour]
	case logparse.VerbRCPT:
		return [...]string{"250 2.1.5 Recipient OK", "250 2.1.5 Ok", "250 OK", "250 2.1.5 <" + to + ">... Recipient ok"}[h.flavour]
	case logparse.VerbDATA:
		return [...]string{"354 Start mail input; end with <CRLF>.<CRLF>", "354 End data with <CR><LF>.<CR><LF>",
			"354 START MAIL INPUT, END WITH \".\" ON A LINE BY ITSELF", "354 Enter mail, end with \".\" on a line by itself"}[h.flavour]
	case logparse.VerbEOM, logparse.VerbBDAT:
		return [...]string{"250 2.6.0 " + tr.MessageID + " Queued mail for delivery",
			fmt.Sprintf("250 2.0.0 Ok: queued as %X", tr.Size*31), "250 OK",
			fmt.Sprintf("250 2.0.0 i22%d Message accepted for delivery", tr.Size)}[h.flavour]
	case logparse.VerbQUIT:
		return [...]string{"221 2.0.0 Service closing transmission channel", "221 2.0.0 Bye", "221 SERVICE CLOSING CHANNEL",
			"221 2.0.0 " + h.name + " closing connection"}[h.flavour]
	}
	return e.code.String() + " OK"
}

// refusalText words a refusal.
func refusalText(code reply.Code, to string) string {
	if to == "" {
		to = "message"
	}
	switch code {
	case 450:
		return "450 4.2.0 <" + to + ">: Greylisted, try again later"
	case 451:
		return "451 4.7.1 Service unavailable - try again later"
	case 500:
		return "500 5.3.3 Unrecognized command"
	case 535:
		return "535 5.7.3 Authentication unsuccessful"
	case 550:
		return "550 5.1.1 <" + to + ">: User unknown"
	case 552:
		return "552 5.2.2 Mailbox full"
	}
	return code.String() + " 5.7.1 Rejected by policy; see https://www.example.org/postmaster"
}

// argument returns what follows the verb on the command line.
func (c *connection) argument(e *exchange) string {
	blank := ""
	if c.host.blank {
		blank = " "
	}
	switch e.verb {
	case logparse.VerbHELO, logparse.VerbEHLO, logparse.VerbOther:
		return c.helo
	case logparse.VerbMAIL:
		tr := &c.s.Transactions[e.msg]
		arg := "FROM:" + blank + "<" + tr.From + ">"
		if c.host.size {
			arg += fmt.Sprintf(" SIZE=%d", tr.Size)
		}
		return arg
	case logparse.VerbRCPT:
		return "TO:" + blank + "<" + c.s.Transactions[e.msg].Recipients[e.rcpt].To + ">"
	case logparse.VerbBDAT:
		return fmt.Sprintf("%d LAST", c.s.Transactions[e.msg].Size)
	case logparse.VerbAUTH:
		return "LOGIN"
	}
	return ""
}

// verbName returns the verb as the client writes it; the firewall's is the one
// that is no SMTP command.
func verbName(v logparse.Verb) string {
	if v == logparse.VerbOther {
		return "xxxx"
	}
	return v.String()
}
