package probe

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/smtplog/smtplog/reply"
)

// An attempt is what became of one mail server at one address.
type attempt struct {
	name     string
	accepted bool  // RCPT was accepted
	step     *Step // the reply to RCPT, or what came in its way
}

// checkServers talks to every address of every mail server, in order of
// preference.
func (p *prober) checkServers(targets []target) {
	for _, t := range targets {
		if !p.opt.NoTLS && !p.recipient.Literal.IsValid() {
			f := p.dns.lookup(p.tlsaName(t.host), dns.TypeTLSA)
			if f.ad && t.secure {
				for _, rr := range f.rrs {
					t.tlsa = append(t.tlsa, rr.(*dns.TLSA))
				}
			}
		}
		for _, addr := range t.addrs {
			if p.ctx.Err() != nil {
				// Skipped, and said so.
				p.step(StepConnect, hostName(t, addr, p.opt.Port), "", nil)
				break
			}
			if retry := p.talk(t, addr, !p.opt.NoTLS); retry && p.ctx.Err() == nil {
				p.talk(t, addr, false)
			}
		}
	}
}

// talk holds one conversation. It returns true when the TLS handshake failed
// and the server should be asked again without, as most senders do.
func (p *prober) talk(t target, addr netip.Addr, withTLS bool) (retry bool) {
	p.pause()
	first := len(p.report.Steps)
	c := &conversation{p: p, target: t, addr: addr, name: hostName(t, addr, p.opt.Port)}
	defer c.close()
	accepted := false
	if c.connect() && c.hello() {
		if handshake := c.startTLS(withTLS); handshake {
			retry = c.over
			if !c.over {
				c.hello()
			}
		}
		accepted = c.transaction()
		c.quit()
	}
	steps := p.report.Steps[first:]
	a := attempt{name: c.name, accepted: accepted}
	if accepted {
		a.step = steps[slices.IndexFunc(steps, func(s *Step) bool { return s.Name == StepRcpt })]
	} else {
		a.step = cause(steps)
		if last := steps[len(steps)-1]; !slices.ContainsFunc(steps, func(s *Step) bool { return s.Name == StepRcpt }) && last.Result != Skipped {
			p.step(StepRcpt, c.name, "", func(s *Step) { s.skip(NotReached, "not reached: %s failed", a.step.Name) })
		}
	}
	if !retry {
		p.attempts = append(p.attempts, a)
	}
	return retry
}

// cause returns the step that kept a conversation from getting through RCPT.
func cause(steps []*Step) *Step {
	for _, s := range steps {
		fatal := s.Name == StepConnect || s.Name == StepBanner || s.Name == StepEHLO || s.Name == StepMail || s.Name == StepRcpt
		if s.Result == Failed && fatal {
			return s
		}
	}
	for _, s := range slices.Backward(steps) {
		if s.Result == Failed {
			return s
		}
	}
	return steps[len(steps)-1]
}

// hello says EHLO, or HELO to servers that know no EHLO.
func (c *conversation) hello() bool {
	if c.over {
		return false
	}
	c.extensions = nil
	helo, done := false, false
	c.p.step(StepEHLO, c.name, "EHLO "+c.p.opt.Helo, func(s *Step) {
		got := c.exchange(s, "EHLO "+c.p.opt.Helo)
		switch {
		case got == nil:
		case got.code == 250:
			done = true
			c.read(s, got)
		case got.code/100 == 5 && slices.Contains([]reply.Code{500, 501, 502, 503, 504, 550}, got.code):
			helo = true
			s.warn(OnlyHELO, "EHLO is refused (%s); HELO comes next", c.firstLine(got))
		default:
			c.refused(s, got, 250)
		}
	})
	if helo {
		c.command(StepEHLO, "HELO "+c.p.opt.Helo, 250, func(s *Step, r *serverReply) {
			done = true
			s.say("the server speaks plain SMTP without extensions: %s", c.firstLine(r))
			c.learn(r)
		})
	}
	return done && !c.over
}

// read takes the extensions from a reply to EHLO.
func (c *conversation) read(s *Step, got *serverReply) {
	c.learn(got)
	c.extensions = map[string]string{}
	for _, line := range got.lines[1:] {
		text := strings.TrimSpace(line[min(4, len(line)):])
		// QUIRK: old servers write "AUTH=LOGIN" beside or instead of "AUTH LOGIN".
		keyword, params, _ := strings.Cut(text, " ")
		if rest, ok := strings.CutPrefix(strings.ToUpper(keyword), "AUTH="); ok {
			keyword, params = "AUTH", rest
		}
		c.extensions[strings.ToUpper(keyword)] = params
		s.detail("%s", text)
	}
	switch n := len(c.extensions); n {
	case 0:
		s.say("greeted; no extensions")
	default:
		s.say("greeted; %s", clip(strings.Join(s.Details, ", ")))
	}
	if c.p.sender.UTF8 || c.p.recipient.UTF8 {
		if _, ok := c.extensions["SMTPUTF8"]; !ok && (c.secure || c.p.opt.NoTLS || !c.offers("STARTTLS")) {
			s.fail(MissingExtension, "the server does not offer SMTPUTF8, which these addresses need (RFC 6531)")
			s.Classification = because(reply.ReasonBadAddress)
		}
	}
}

// learn takes our address from the greeting, where it is not known yet.
func (c *conversation) learn(got *serverReply) {
	if r := c.p.report; !r.Address.IsValid() && len(got.lines) > 0 {
		r.Address = addressIn(got.lines[0])
	}
}

func (c *conversation) offers(extension string) bool {
	_, ok := c.extensions[extension]
	return ok
}

// transaction offers the mail: MAIL, RCPT, then RSET or, where it was asked
// for, the test message. It reports whether RCPT was accepted.
func (c *conversation) transaction() bool {
	if c.over {
		return false
	}
	if c.p.opt.Exchange2003 {
		c.expectExtension(StepLink2State, "X-LINK2STATE")
		c.expectExtension(StepXExch50, "XEXCH50")
	}
	accepted := c.envelope(c.p.recipient)
	if to := c.p.opt.AcceptTo; to != "" && !c.p.sent {
		c.accept(to, accepted)
	} else if !c.over {
		c.reset()
	}
	return accepted
}

func (c *conversation) expectExtension(name Name, extension string) {
	c.p.step(name, c.name, "EHLO lists "+extension, func(s *Step) {
		if c.offers(extension) {
			s.say("listed")
			return
		}
		s.fail(MissingExtension, "EHLO does not list %s: no Exchange 2000 or 2003, its SMTP service is damaged, or a firewall filters", extension)
	})
}

// envelope sends MAIL and RCPT.
func (c *conversation) envelope(to Address) bool {
	mail := "MAIL FROM:<" + c.p.sender.String() + ">"
	if (c.p.sender.UTF8 || to.UTF8) && c.offers("SMTPUTF8") {
		mail += " SMTPUTF8"
	}
	ok := func(r *serverReply) bool { return r != nil && r.code.Class() == reply.OK && r.code/100 == 2 }
	if !ok(c.command(StepMail, mail, 250, nil)) {
		if !c.over {
			c.p.step(StepRcpt, c.name, "RCPT TO:<"+to.String()+">", func(s *Step) { s.skip(NotReached, "not reached: MAIL was refused") })
		}
		return false
	}
	accepted := false
	if c.over {
		return false
	}
	c.p.step(StepRcpt, c.name, "RCPT TO:<"+to.String()+">", func(s *Step) {
		got := c.exchange(s, s.Asked)
		switch {
		case got == nil:
		case ok(got): // 251: will forward (RFC 5321 section 3.4)
			accepted = true
			s.say("%s", c.firstLine(got))
		default:
			c.refused(s, got, 250)
		}
	})
	return accepted
}

func (c *conversation) reset() {
	c.command(StepRset, "RSET", 250, nil)
}

// quit ends the conversation. A server that does not answer QUIT has done its
// work: that is no failure.
func (c *conversation) quit() {
	if c.over {
		return
	}
	c.p.step(StepQuit, c.name, "QUIT", func(s *Step) {
		got := c.exchange(s, "QUIT")
		switch {
		case got == nil:
			s.Result, s.Notes, s.Classification = Passed, nil, nil
			s.info(Dropped, "the server closed the connection without a reply")
		case got.code != 221:
			s.info(BadReply, "expected 221, got %s", c.firstLine(got))
		default:
			s.say("%s", c.firstLine(got))
		}
	})
	c.over = true
}
