package testlog

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// allFields are the columns that the IIS SMTP service can log.
var allFields = strings.Fields("date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem " +
	"cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host cs(User-Agent) cs(Cookie) cs(Referer)")

// The rows of the IIS SMTP service.
const (
	rowCommand  = iota // inbound: a command and its reply's code; outbound: the command
	rowResponse        // outbound
	rowDropped         // inbound: the QUIT row of a peer that vanished
)

// An iisRow is what the service logs of one step.
type iisRow struct {
	at                int64
	user              string
	method, query     string
	status            int
	win32             int64
	bytesOut, bytesIn int64
	elapsed           int64 // ms
	outbound          bool
}

type iisLog struct {
	opt *Options
}

func newIISLog(opt *Options) *iisLog { return &iisLog{opt} }

func (l *iisLog) header(b []byte) []byte {
	if l.opt.Format != logparse.IISW3C {
		return b
	}
	b = append(b, "#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: "...)
	b = l.opt.Start.UTC().AppendFormat(b, "2006-01-02 15:04:05")
	b = append(b, "\r\n#Fields: "...)
	for _, f := range l.opt.Fields {
		b = append(append(b, f...), ' ')
	}
	return append(b, "\r\n"...)
}

func (l *iisLog) plan(c *connection) {
	rng := newRand(l.opt.Seed, 5, uint64(c.s.Number))
	for i := range c.steps {
		e := &c.steps[i]
		step := int32(i)
		if c.host.direction == outcome.Outbound {
			if e.verb != logparse.VerbConnect && e.verb != logparse.VerbEOM {
				c.rows = append(c.rows, rowRef{e.sent, step, rowCommand})
			}
			c.rows = append(c.rows, rowRef{e.done, step, rowResponse})
			continue
		}
		switch {
		case e.verb == logparse.VerbConnect:
		case e.verb == logparse.VerbDATA && e.code == 354:
			// Its row is written when the data has ended.
		default:
			c.rows = append(c.rows, rowRef{e.done, step, rowCommand})
		}
	}
	if c.s.Ended != Remote {
		return
	}
	c.s.Ended = Cut
	if c.host.direction == outcome.Inbound && len(c.rows) > 0 && rng.Float64() < 0.85 {
		c.s.Ended = Remote
		c.rows = append(c.rows, rowRef{c.end, int32(len(c.steps) - 1), rowDropped})
	} else if c.host.direction == outcome.Outbound && rng.Float64() < 0.5 && len(c.rows) > 0 {
		// The last command's reply never came.
		if last := &c.rows[len(c.rows)-1]; last.part == rowResponse && len(c.rows) > 1 {
			c.unanswered(rng)
		}
	}
}

// unanswered drops the last response, unless that was the verdict about
// somebody.
func (c *connection) unanswered(*rand.Rand) {
	switch c.steps[len(c.steps)-1].verb {
	case logparse.VerbHELO, logparse.VerbEHLO, logparse.VerbSTARTTLS, logparse.VerbRSET:
		c.rows = c.rows[:len(c.rows)-1]
	}
}

// describe returns what the service logs for r.
func (l *iisLog) describe(c *connection, r rowRef) iisRow {
	e := &c.steps[r.step]
	row := iisRow{at: r.at, user: c.s.Helo, outbound: c.host.direction == outcome.Outbound}
	switch {
	case r.part == rowResponse:
		text := c.host.replyText(e, c.s)
		row.user, row.method, row.query = "OutboundConnectionResponse", "-", plus(text)
		row.bytesOut = int64(len(text))
	case row.outbound:
		row.user, row.method, row.query = "OutboundConnectionCommand", verbName(e.verb), plus(c.argument(e))
		row.bytesOut = int64(len(row.method))
	case r.part == rowDropped:
		row.method, row.status = "QUIT", 240
		row.user, row.query = c.greeted(int(r.step)), c.greeted(int(r.step))
		row.bytesIn, row.bytesOut = c.bytesIn, c.bytesOut
		row.win32 = (r.at - c.start) / millisecond
	default:
		l.command(&row, c, e, int(r.step))
	}
	c.bytesIn, c.bytesOut = row.bytesIn, row.bytesOut
	return row
}

// command fills in the row of an inbound command.
func (l *iisLog) command(row *iisRow, c *connection, e *exchange, step int) {
	row.method, row.status = verbName(e.verb), int(e.code)
	row.user = c.greeted(step)
	row.elapsed = (e.done - e.sent) / millisecond
	arg := c.argument(e)
	if arg != "" {
		row.query = "+" + plus(arg)
	}
	row.bytesIn = int64(len(row.method) + len(row.query))
	row.bytesOut = int64(len(c.host.replyText(e, c.s)) + 2)
	switch e.verb {
	case logparse.VerbEOM, logparse.VerbBDAT:
		tr := &c.s.Transactions[e.msg]
		row.query = "+" + tr.MessageID
		if ownID(tr.MessageID) {
			row.query = tr.MessageID
		}
		// The declared size is a little off: it was counted before the last headers.
		row.bytesIn = tr.Size + int64(len(tr.MessageID)) + tr.Size%97
		if e.verb == logparse.VerbEOM {
			row.method = "DATA"
			row.elapsed = (e.done - c.steps[step-1].sent) / millisecond
		}
	case logparse.VerbQUIT:
		row.query, row.status = row.user, 240
		row.win32 = (e.done - c.start) / millisecond
		row.bytesIn, row.bytesOut = 4, 68
	}
}

// greeted returns the HELO name as known once the step is done, "" before.
func (c *connection) greeted(step int) string {
	for i := range c.steps[:step+1] {
		if v := c.steps[i].verb; v == logparse.VerbHELO || v == logparse.VerbEHLO {
			return c.helo
		}
	}
	return ""
}

func (l *iisLog) row(b []byte, c *connection, r rowRef) []byte {
	row := l.describe(c, r)
	switch l.opt.Format {
	case logparse.IISNCSA:
		return l.ncsa(b, c, &row)
	case logparse.IISMSIIS:
		return l.msiis(b, c, &row)
	}
	return l.w3c(b, c, &row)
}

func (l *iisLog) w3c(b []byte, c *connection, row *iisRow) []byte {
	at := clock(l.opt, row.at)
	for i, f := range l.opt.Fields {
		if i > 0 {
			b = append(b, ' ')
		}
		switch f {
		case "date":
			b = at.AppendFormat(b, "2006-01-02")
		case "time":
			b = at.AppendFormat(b, "15:04:05")
		case "c-ip":
			b = append(b, c.host.address...)
		case "cs-username":
			b = append(b, dash(row.user)...)
		case "s-sitename":
			b = append(b, "SMTPSVC1"...)
		case "s-computername":
			b = append(b, "GATE"...)
		case "s-ip":
			if row.outbound {
				b = append(b, '-')
			} else {
				b = append(b, ourAddr...)
			}
		case "s-port":
			if row.outbound {
				b = append(b, "25"...)
			} else {
				b = append(b, '0')
			}
		case "cs-method":
			b = append(b, row.method...)
		case "cs-uri-query":
			b = append(b, dash(row.query)...)
		case "sc-status":
			b = strconv.AppendInt(b, int64(row.status), 10)
		case "sc-win32-status":
			b = strconv.AppendInt(b, row.win32, 10)
		case "sc-bytes":
			b = strconv.AppendInt(b, row.bytesOut, 10)
		case "cs-bytes":
			b = strconv.AppendInt(b, row.bytesIn, 10)
		case "time-taken":
			b = strconv.AppendInt(b, row.elapsed, 10)
		case "cs-version":
			b = append(b, "SMTP"...)
		default:
			b = append(b, '-')
		}
	}
	return append(b, "\r\n"...)
}

func (l *iisLog) ncsa(b []byte, c *connection, row *iisRow) []byte {
	b = append(append(b, c.host.address...), " - "...)
	b = append(append(b, dash(row.user)...), " ["...)
	b = clock(l.opt, row.at).AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(append(b, "] \""...), row.method...)
	b = append(b, " -"...)
	if row.query != "" {
		b = append(append(b, '?'), row.query...)
	}
	b = append(b, " SMTP\" "...)
	b = strconv.AppendInt(b, int64(row.status), 10)
	b = strconv.AppendInt(append(b, ' '), row.bytesOut, 10)
	return append(b, "\r\n"...)
}

func (l *iisLog) msiis(b []byte, c *connection, row *iisRow) []byte {
	const sep = ", "
	local, status := ourAddr, row.status
	if row.outbound {
		local = "-"
	}
	if row.method == "QUIT" {
		status = 0
	}
	b = append(append(b, c.host.address...), sep...)
	b = append(append(b, dash(row.user)...), sep...)
	b = clock(l.opt, row.at).AppendFormat(b, "1/2/06, 15:04:05, ")
	b = append(b, "SMTPSVC1, GATE, "...)
	b = append(append(b, local...), sep...)
	for _, n := range [...]int64{row.elapsed, row.bytesIn, row.bytesOut, int64(status), row.win32} {
		b = append(strconv.AppendInt(b, n, 10), sep...)
	}
	b = append(append(b, row.method...), ", -, "...)
	b = append(b, dash(row.query)...)
	return append(b, ",\r\n"...)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// plus writes blanks as the service does.
func plus(s string) string { return strings.ReplaceAll(s, " ", "+") }
