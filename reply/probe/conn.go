package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/smtplog/smtplog/reply"
)

// A conversation is one connection to a mail server.
type conversation struct {
	p      *prober
	target target
	addr   netip.Addr
	name   string // "mx1.example.net [192.0.2.25]:25"
	conn   net.Conn
	r      *bufio.Reader
	over   bool // the connection is of no more use

	release    func() bool       // lets go of the run's context
	extensions map[string]string // of the last EHLO, keys in upper case
	secure     bool              // TLS is on
}

func (c *conversation) attach(conn net.Conn) {
	c.conn = conn
	c.r = bufio.NewReaderSize(conn, 4096)
}

// deadline gives the next exchange its time.
func (c *conversation) deadline() {
	c.conn.SetDeadline(time.Now().Add(c.p.opt.Timeout))
	if c.p.ctx.Err() != nil { // the run's end came before this deadline was set
		c.conn.SetDeadline(past)
	}
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// connect opens the connection and reads the banner. It reports whether the
// server is willing to go on.
func (c *conversation) connect() bool {
	address := netip.AddrPortFrom(c.addr, uint16(c.p.opt.Port)).String()
	c.p.step(StepConnect, c.name, "TCP "+address, func(s *Step) {
		ctx, stop := context.WithTimeout(c.p.ctx, c.p.opt.Timeout)
		defer stop()
		conn, err := c.p.dial(ctx, tcp, address, true)
		if err != nil {
			c.over = true
			c.connectFailed(s, err)
			return
		}
		c.attach(conn)
		s.Answered = "connected from " + conn.LocalAddr().String()
		s.say("connected")
	})
	if c.conn == nil {
		return false
	}
	// An interrupt ends a wait at once, not at its time-out.
	raw := c.conn
	c.release = context.AfterFunc(c.p.ctx, func() { raw.SetDeadline(past) })
	banner := c.command(StepBanner, "", 220, func(s *Step, r *serverReply) {
		text := r.text()
		// QUIRK: Cisco PIX and ASA with "fixup protocol smtp" write asterisks
		// over the banner and take away ESMTP.
		if strings.Count(text, "*") > 10 {
			s.warn(FilteredBanner, "a firewall writes over the banner (Cisco's SMTP fixup); it disturbs ESMTP and TLS")
		}
	})
	if banner != nil && banner.code != 220 {
		c.quit()
	}
	return !c.over
}

func (c *conversation) connectFailed(s *Step, err error) {
	s.Answered = netProblem(err)
	switch {
	case c.addr.Is6() && hasNoRoute(err):
		s.skip(NoRoute, "this host has no IPv6 route there")
	case isTimeout(err):
		s.fail(ConnectTimeout, "no answer within %s; a firewall here or there drops port %d, or the server is down", c.p.opt.Timeout, c.p.opt.Port)
		s.Classification = because(reply.ReasonConnectionTimeout)
	case isRefused(err):
		s.fail(ConnectRefused, "the connection was refused: nothing listens on port %d, or a firewall rejects it", c.p.opt.Port)
		s.Classification = because(reply.ReasonConnectionRefused)
	default:
		s.fail(ConnectFailed, "no connection: %s", netProblem(err))
		s.Classification = because(reply.ReasonConnectionRefused)
	}
}

// send writes one line.
func (c *conversation) send(line string) error {
	c.p.trace(true, c.name, line)
	_, err := io.WriteString(c.conn, line+"\r\n")
	return err
}

// command sends a command, "" for the banner, and reads its reply. A reply of
// another code than the expected one fails the step; then looks at one that was
// as expected. It returns nil where there was no reply.
func (c *conversation) command(name Name, line string, expect reply.Code, then func(*Step, *serverReply)) *serverReply {
	if c.over {
		return nil
	}
	var got *serverReply
	c.p.step(name, c.name, line, func(s *Step) {
		if got = c.exchange(s, line); got == nil {
			return
		}
		if got.code != expect {
			c.refused(s, got, expect)
			return
		}
		s.say("%s", c.firstLine(got))
		if then != nil {
			then(s, got)
		}
	})
	return got
}

// exchange sends a line and reads the reply; it fails the step and ends the
// conversation where there is none.
func (c *conversation) exchange(s *Step, line string) *serverReply {
	c.deadline()
	var err error
	if line != "" {
		err = c.send(line)
	}
	got := &serverReply{}
	if err == nil {
		got, err = readReply(c.r)
	}
	for _, l := range got.lines {
		c.p.trace(false, c.name, l)
	}
	s.Answered = got.text()
	if got.cut {
		s.warn(CutReply, "the reply is longer than %d octets; the rest is not shown", maxReplyText)
	}
	if err != nil {
		c.over = true
		c.noReply(s, err)
		return nil
	}
	if got.mixed {
		s.warn(BadReply, "the lines of the reply have different codes")
	}
	return got
}

func (c *conversation) noReply(s *Step, err error) {
	switch {
	case errors.Is(err, errReplyEndless):
		s.fail(BadReply, "the reply does not end: more than %d lines or %d octets", maxReplyLines, maxReplyText)
		s.Classification = because(reply.ReasonProtocolError)
	case errors.Is(err, errNoReply):
		s.fail(BadReply, "what answers does not speak SMTP, or breaks its rules")
		s.Classification = because(reply.ReasonProtocolError)
	case isTimeout(err):
		s.fail(TimedOut, "no reply within %s", c.p.opt.Timeout)
		s.Classification = because(reply.ReasonConnectionTimeout)
	default:
		s.fail(Dropped, "the server dropped the connection (%s)", netProblem(err))
		s.Classification = because(reply.ReasonConnectionDropped)
	}
}

// refused fails the step with what the reply means.
func (c *conversation) refused(s *Step, got *serverReply, expect reply.Code) {
	class := c.p.classify(got.text())
	s.Classification = &class
	if !class.Class.Failed() {
		s.fail(BadReply, "expected %s, got %s", expect, c.firstLine(got))
		s.Classification = because(reply.ReasonProtocolError)
		return
	}
	s.fail(Refused, "%s", c.firstLine(got))
	if got.code == 421 {
		// RFC 5321 section 4.2.1: the server closes the connection.
		c.over = true
	}
}

// firstLine shows a reply in a line: its last, with the code, and how many went
// before. What it means is told from the whole of it.
func (c *conversation) firstLine(r *serverReply) string {
	if len(r.lines) == 1 {
		return clip(r.lines[0])
	}
	return clip(strings.Join(r.lines, " "))
}

// clip shortens a text that is to stand within a sentence.
func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// close ends the conversation without a word.
func (c *conversation) close() {
	if c.conn != nil {
		c.release()
		c.conn.Close()
	}
	c.over = true
}

func hostName(t target, addr netip.Addr, port int) string {
	return fmt.Sprintf("%s [%s]:%d", t.host, addr, port)
}
