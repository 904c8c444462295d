package testworld

import (
	"fmt"
	"strings"
	"time"
)

// A w3cLog is one session in the W3C log of Exchange 2003's SMTP service.
type w3cLog struct {
	folder  *logFolder
	session *Session
	server  *server
	helo    string
	peer    string
	start   time.Time
	verb    string // the command that has had no reply yet
	args    string
	sent    time.Time
	bytes   int64
}

const w3cFields = "date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status " +
	"sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host cs(User-Agent) cs(Cookie) cs(Referer) "

func (p *player) w3c(s *server, inbound bool, peer string) *w3cLog {
	l := &w3cLog{server: s, peer: peer, helo: "-", session: p.newSession(s, W3CLog, "", peer)}
	l.session.Inbound = inbound
	l.folder = p.folder(s.Name, "LogFiles/SMTPSVC1", "ex", func(f *logFolder) {
		f.suffix, f.stamp, f.period = ".log", "060102", 24*time.Hour
		f.header = func(first time.Time) string {
			return "#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: " +
				first.Format("2006-01-02 15:04:05") + "\r\n#Fields: " + w3cFields + "\r\n"
		}
	})
	return l
}

func (l *w3cLog) row(at time.Time, user, ip, port, verb, query string, status, win32, sc, cs, taken int64) {
	pos := &Position{}
	l.folder.add(at, fmt.Sprintf("%s %s %s SMTPSVC1 %s %s %s %s - %s %d %d %d %d %d SMTP - - - -", at.Format("2006-01-02 15:04:05"),
		l.peer, user, l.server.Name, ip, port, verb, query, status, win32, sc, cs, taken), pos)
	l.session.rows = append(l.session.rows, pos)
	if l.session.Start.IsZero() {
		l.session.Start = at
	}
	l.session.End = at
}

func (l *w3cLog) connect(at time.Time) { l.start = at }

func (l *w3cLog) command(at time.Time, line string) {
	verb, args, _ := strings.Cut(line, " ")
	if !l.session.Inbound {
		query := "-"
		if args != "" {
			query = plus(args)
		}
		l.row(at, "OutboundConnectionCommand", "-", "25", verb, query, 0, 0, int64(len(verb)), 0, 0)
		return
	}
	l.verb, l.args, l.sent, l.bytes = verb, args, at, int64(len(line))
	if verb == "EHLO" || verb == "HELO" {
		l.helo = args
	}
}

func (l *w3cLog) reply(at time.Time, lines ...string) {
	if !l.session.Inbound {
		l.row(at, "OutboundConnectionResponse", "-", "25", "-", plus(lines[0]), 0, 0, int64(len(lines[0])), 0, 0)
		return
	}
	code, _ := splitReply(strings.Replace(lines[0], "-", " ", 1))
	query, win32, status := "-", int64(0), int64(code)
	switch {
	case l.verb == "" || code == 354: // the greeting, the go-ahead
		return
	case l.verb == "QUIT":
		status, win32, query = 240, at.Sub(l.start).Milliseconds(), l.helo
	case l.args != "":
		query = "+" + plus(l.args)
	}
	l.row(at, l.helo, l.server.Address, "0", l.verb, query, status, win32, int64(len(lines[0])+2), l.bytes, at.Sub(l.sent).Milliseconds())
}

// content is where DATA gets its Message-ID and the size of the message.
func (l *w3cLog) content(_ time.Time, e *envelope) {
	l.args, l.bytes = e.messageID, e.bytes
}

func (l *w3cLog) note(time.Time, string, string) {}
func (l *w3cLog) begin(time.Time, *envelope)     {}
func (l *w3cLog) fail(time.Time, string)         {}
func (l *w3cLog) close(at time.Time, _ string)   {}
func plus(s string) string                       { return strings.ReplaceAll(s, " ", "+") }
