package probe

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/smtplog/smtplog/reply"
)

// accept sends the test message; the recipient's own transaction is open when
// accepted is true.
func (c *conversation) accept(to string, accepted bool) {
	address, err := ParseAddress(to)
	if err != nil || c.over {
		return // checkSyntax has told
	}
	if address != c.p.recipient {
		c.reset()
		if c.over {
			return
		}
		accepted = c.envelope(address)
	}
	if !accepted {
		if !c.over {
			c.reset()
		}
		return
	}
	got := c.command(StepData, "DATA", 354, nil)
	if got == nil || got.code != 354 {
		if !c.over {
			c.reset()
		}
		return
	}
	message := c.p.message(address.String())
	c.p.sent = true // whatever comes now, the message may be on its way
	c.p.acceptance = c.p.step(StepEndOfData, c.name, fmt.Sprintf("a test message of %d octets to %s", len(message), address), func(s *Step) {
		c.deadline()
		for line := range strings.SplitSeq(strings.TrimSuffix(message, "\r\n"), "\r\n") {
			c.p.trace(true, c.name, line)
		}
		if _, err := io.WriteString(c.conn, message); err != nil {
			c.over = true
			c.noReply(s, err)
			return
		}
		got := c.exchange(s, ".")
		switch {
		case got == nil:
		case got.code == 250:
			s.say("the message was taken: %s", c.firstLine(got))
		default:
			// Refused for sure: the next server may be given it.
			c.p.sent = got.code.Class() == reply.OK
			c.refused(s, got, 250)
		}
	})
}

// message is the test message, with CRLF, without the final dot. None of its
// lines begins with a dot.
func (p *prober) message(to string) string {
	now := p.opt.Now()
	domain := p.opt.Helo
	if p.sender.ASCII != "" {
		domain = p.sender.ASCII
	}
	domain = strings.Trim(domain, "[]")
	from := p.sender.String()
	if from == "" {
		from = "postmaster@" + domain
	}
	lines := []string{
		"From: <" + from + ">",
		"To: <" + to + ">",
		"Subject: Test of mail acceptance",
		"Date: " + now.Format(time.RFC1123Z),
		"Message-ID: <probe-" + strings.ToLower(rand.Text()) + "@" + domain + ">",
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=us-ascii",
		"Auto-Submitted: auto-generated",
		"",
		"This message tests whether mail to this address is accepted.",
		"Nothing needs to be done with it.",
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}
