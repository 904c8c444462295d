package testworld

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A sideLog is what one end of a connection logs of it.
type sideLog interface {
	connect(at time.Time)
	command(at time.Time, line string)
	reply(at time.Time, lines ...string)
	content(at time.Time, e *envelope) // the message has gone over the wire
	note(at time.Time, data, context string)
	begin(at time.Time, e *envelope) // a transaction begins: MAIL stands before or behind
	fail(at time.Time, context string)
	close(at time.Time, context string)
}

// A party is one end of a connection.
type party struct {
	s        *server // nil for outside hosts
	name, ip string
	port     int
	log      sideLog // nil if it logs nothing
	session  *Session
}

// A conn is an SMTP connection.
type conn struct {
	p              *player
	client, server *party
	at             time.Time
	trip           time.Duration // one way
	count          int           // transactions so far
	plain          bool          // HELO, so that MAIL has no parameters
	secure         bool          // after STARTTLS
}

// An envelope is one transaction.
type envelope struct {
	m         *mail
	from      string
	to        []string
	replies   map[string]string // to RCPT where it is not accepted
	bytes     int64
	messageID string
	recordID  int64 // on the client
	context   string
	n         int
}

// dial opens a connection and greets. proxied is the line with which a front
// end names its client, "" for none.
func (p *player) dial(at time.Time, client, server *party, proxied string) *conn {
	c := &conn{p: p, client: client, server: server, at: at, trip: p.ms(1, 6)}
	if client.s == nil || server.s == nil {
		c.trip = p.ms(8, 60)
	}
	if a, b := client.session, server.session; a != nil && b != nil {
		a.Peer, b.Peer = b.Number, a.Number
	}
	if server.session != nil && proxied != "" {
		server.session.Proxied, _, _ = strings.Cut(strings.TrimPrefix(proxied, "XPROXYFROM SID="), " ")
	}
	if client.log != nil {
		client.log.connect(c.at)
	}
	c.at = c.at.Add(c.trip)
	if server.log != nil {
		server.log.connect(c.at)
	}
	c.reply(fmt.Sprintf("220 %s %s ready at %s", server.name, software(server.s), c.at.Add(time.Hour).Format("Mon, 2 Jan 2006 15:04:05")+" +0100"))
	c.greet()
	if server.s != nil && server.s.exchange() && client.s == nil && p.rng.IntN(3) == 0 {
		c.startTLS()
	}
	if proxied != "" {
		c.say(proxied, "250 XProxyFrom accepted")
	}
	return c
}

func software(s *server) string {
	switch {
	case s == nil:
		return "ESMTP"
	case s.Version == V55:
		return "ESMTP Server (Microsoft Exchange Internet Mail Service 5.5.2653.13)"
	case s.Version == V2003:
		return "Microsoft ESMTP MAIL Service, Version: 6.0.3790.4675"
	}
	return "Microsoft ESMTP MAIL Service"
}

func (c *conn) greet() {
	if c.client.s != nil && c.client.s.Version == V55 || c.server.s != nil && c.server.s.Version == V55 {
		c.plain = true
		c.say("HELO "+c.client.name, "250 OK")
		return
	}
	lines := []string{"250-" + c.server.name + " Hello [" + c.client.ip + "]", "250-SIZE 37748736", "250-PIPELINING", "250-DSN",
		"250-ENHANCEDSTATUSCODES"}
	if c.server.s != nil && c.server.s.exchange() && !c.secure {
		lines = append(lines, "250-STARTTLS")
	}
	lines = append(lines, "250-8BITMIME", "250 CHUNKING")
	c.say("EHLO "+c.client.name, lines...)
}

func (c *conn) startTLS() {
	c.say("STARTTLS", "220 2.0.0 SMTP server ready")
	c.server.log.note(c.at, " CN="+c.server.name+" CN=Example CA 4A0001 0123456789ABCDEF0123456789ABCDEF01234567 2026-01-01T00:00:00.000Z "+
		"2028-01-01T00:00:00.000Z "+c.server.name, "Sending certificate Subject Issuer name Serial number Thumbprint Not before Not after Subject alternate names")
	c.at = c.at.Add(2 * c.trip)
	c.server.log.note(c.at, "", "TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using bulk encryption algorithm CALG_AES_256 "+
		"with strength 256 bits, MAC hash algorithm CALG_SHA_384 with strength 0 bits and key exchange algorithm CALG_ECDH_EPHEM with strength 384 bits")
	c.secure = true
	c.greet()
}

// say sends a command and its reply.
func (c *conn) say(line string, reply ...string) {
	c.command(line)
	c.reply(reply...)
}

func (c *conn) command(line string) {
	if c.client.log != nil {
		c.client.log.command(c.at, line)
	}
	c.at = c.at.Add(c.trip)
	if c.server.log != nil {
		c.server.log.command(c.at, line)
	}
}

func (c *conn) reply(lines ...string) {
	c.at = c.at.Add(c.p.ms(0, 3))
	if c.server.log != nil {
		c.server.log.reply(c.at, lines...)
	}
	c.at = c.at.Add(c.trip)
	if c.client.log != nil {
		c.client.log.reply(c.at, lines...)
	}
}

// mail goes through a transaction. take is called when the whole message is
// there; it returns the reply and when it is given. It is not called when no
// recipient was accepted. The last reply is returned.
func (c *conn) mail(e *envelope, take func(at time.Time) (time.Time, string)) string {
	c.count++
	e.n = c.count
	for _, side := range []*party{c.client, c.server} {
		if side.session != nil {
			t := Transaction{Message: -1, From: e.from, To: e.to}
			if side == c.client {
				t.RecordID = e.recordID
			}
			if e.m != nil {
				t.Message = e.m.Number
				if !slices.Contains(side.session.Messages, e.m.Number) {
					side.session.Messages = append(side.session.Messages, e.m.Number)
				}
			}
			side.session.Transactions = append(side.session.Transactions, t)
		}
	}
	if c.client.log != nil {
		c.client.log.begin(c.at, e)
	}
	line := "MAIL FROM:<" + e.from + ">"
	if !c.plain {
		line += fmt.Sprintf(" SIZE=%d", e.bytes)
	}
	c.command(line)
	if c.server.log != nil {
		c.server.log.begin(c.at, e)
	}
	c.reply("250 2.1.0 Sender OK")
	accepted, last := 0, ""
	var codes []int
	for _, to := range e.to {
		reply := e.replies[to]
		if reply == "" {
			reply = "250 2.1.5 Recipient OK"
			accepted++
		} else {
			last = reply
		}
		code, _ := splitReply(reply)
		codes = append(codes, code)
		c.say("RCPT TO:<"+to+">", reply)
	}
	if accepted == 0 {
		c.say("RSET", "250 2.0.0 Resetting")
	} else {
		last = c.data(e, take)
	}
	code, _ := splitReply(last)
	for _, side := range []*party{c.client, c.server} {
		if side.session != nil {
			t := &side.session.Transactions[len(side.session.Transactions)-1]
			t.Code, t.Codes = code, codes
			t.InternalID, t.Hostname = splitNext(last)
			if side == c.server {
				t.Context = e.context
			}
		}
	}
	return last
}

func (c *conn) data(e *envelope, take func(at time.Time) (time.Time, string)) string {
	bdat := c.client.s != nil && c.client.s.exchange() && c.server.s != nil && c.server.s.exchange()
	if bdat {
		c.command(fmt.Sprintf("BDAT %d LAST", e.bytes))
	} else {
		c.say("DATA", "354 Start mail input; end with <CRLF>.<CRLF>")
	}
	c.at = c.at.Add(time.Duration(e.bytes/20_000+1) * time.Millisecond)
	for _, side := range []*party{c.client, c.server} {
		if side.log != nil {
			side.log.content(c.at, e)
		}
	}
	at, reply := take(c.at)
	c.at = at
	c.reply(reply)
	return reply
}

// quit ends the connection.
func (c *conn) quit() {
	c.say("QUIT", "221 2.0.0 Service closing transmission channel")
	if c.server.log != nil {
		c.server.log.close(c.at, "Local")
	}
	if c.client.log != nil {
		c.client.log.close(c.at, "Remote")
	}
}

// queued is the reply of a server to a message that it takes.
func queued(s *server, e *envelope, id int64, took time.Duration, purpose string) string {
	rate := float64(e.bytes) / 1024 / max(took.Seconds(), 0.001)
	speed := fmt.Sprintf(" %d bytes in %.3f, %s KB/sec", e.bytes, took.Seconds(), strings.Replace(fmt.Sprintf("%.3f", rate), ".", ",", 1))
	switch {
	case s.Version >= V2016:
		return fmt.Sprintf("250 2.6.0 %s [InternalId=%d, Hostname=%s]%s Queued mail for %s", e.messageID, id, s.FQDN, speed, purpose)
	case s.Version == V2013:
		return fmt.Sprintf("250 2.6.0 %s [InternalId=%d, Hostname=%s] Queued mail for %s", e.messageID, id, s.FQDN, purpose)
	case s.Version == V2010:
		return fmt.Sprintf("250 2.6.0 %s [InternalId=%d] Queued mail for %s", e.messageID, id, purpose)
	case s.Version == V55:
		return "250 OK"
	}
	return fmt.Sprintf("250 2.6.0 %s Queued mail for %s", e.messageID, purpose)
}

// splitNext reads "[InternalId=…, Hostname=…]".
func splitNext(reply string) (id int64, name string) {
	_, rest, ok := strings.Cut(reply, "[InternalId=")
	if !ok {
		return 0, ""
	}
	rest, _, _ = strings.Cut(rest, "]")
	number, name, _ := strings.Cut(rest, ", Hostname=")
	for _, c := range number {
		id = id*10 + int64(c-'0')
	}
	return id, name
}
