package testworld

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An exchangeLog is one session in a protocol log of Exchange 2007 and later.
type exchangeLog struct {
	folder        *logFolder
	session       *Session
	version       Version
	connector     string
	local, remote string
	start         time.Time
	sequence      int
}

// listen returns the server's end of a connection that it logs. Roles are
// "FrontEnd", "Hub", "Edge" and "Mailbox".
func (p *player) listen(s *server, role, connector string, port int, peer *party) *party {
	side := &party{s: s, name: s.FQDN, ip: s.Address, port: port}
	if s.exchange() {
		side.session = p.newSession(s, ReceiveLog, s.sessionID(), endpoint(peer.ip, peer.port))
		side.log = &exchangeLog{folder: p.protocolFolder(s, role, false), session: side.session, version: s.Version,
			connector: s.Name + `\` + connector, local: endpoint(s.Address, port), remote: side.session.Remote}
	}
	return side
}

// caller returns the client's end of a connection that it logs; connect fills
// in where to when the peer is known.
func (p *player) caller(s *server, role, connector, peerIP string, peerPort int) *party {
	side := &party{s: s, name: s.FQDN, ip: s.Address, port: s.nextPort()}
	if s.exchange() {
		side.session = p.newSession(s, SendLog, s.sessionID(), endpoint(peerIP, peerPort))
		side.session.connector = connector
		side.log = &exchangeLog{folder: p.protocolFolder(s, role, true), session: side.session, version: s.Version,
			connector: connector, local: endpoint(s.Address, side.port), remote: side.session.Remote}
	}
	return side
}

func (p *player) newSession(s *server, log SessionLog, id, remote string) *Session {
	x := &Session{Number: len(p.sessions), ID: id, Server: s.Name, Log: log, Inbound: log == ReceiveLog, Remote: remote, Peer: -1}
	p.sessions = append(p.sessions, x)
	return x
}

func endpoint(ip string, port int) string {
	if strings.Contains(ip, ":") {
		ip = "[" + ip + "]"
	}
	return ip + ":" + strconv.Itoa(port)
}

func (p *player) protocolFolder(s *server, role string, send bool) *logFolder {
	folder, prefix, kind := "SmtpReceive", "RECV", "Receive"
	if send {
		folder, prefix, kind = "SmtpSend", "SEND", "Send"
	}
	return p.folder(s.Name, role+"/ProtocolLog/"+folder, prefix, func(l *logFolder) {
		l.suffix, l.number, l.most, l.bom = ".LOG", true, 600, p.opt.BOM
		l.stamp, l.period = "2006010215", time.Hour
		version := "15.0.0.0"
		if s.Version < V2013 {
			l.stamp, l.period = "20060102", 24*time.Hour
			version = trackVersions[s.Version]
		}
		l.header = func(first time.Time) string {
			return "#Software: Microsoft Exchange Server\r\n#Version: " + version + "\r\n#Log-type: SMTP " + kind +
				" Protocol Log\r\n#Date: " + stamp(first) +
				"\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n"
		}
	})
}

func (l *exchangeLog) row(at time.Time, event, data, context string) {
	local := l.local
	if event == "*" && context == "attempting to connect" || strings.HasPrefix(context, "Failed to connect") {
		local = "" // the connection does not exist yet
	}
	pos := &Position{}
	l.folder.add(at, csvRow(stamp(at), l.connector, l.session.ID, strconv.Itoa(l.sequence), local, l.remote, event, data, context), pos)
	l.sequence++
	l.session.rows = append(l.session.rows, pos)
	if l.session.Start.IsZero() {
		l.session.Start = at
	}
	l.session.End = at
}

func (l *exchangeLog) connect(at time.Time) {
	l.start = at
	if !l.session.Inbound {
		l.row(at, "*", "", "attempting to connect")
		l.row(at.Add(time.Millisecond), "+", "", "")
		return
	}
	l.row(at, "+", "", "")
	l.row(at, "*", "SMTPSubmit SMTPAcceptAnyRecipient SMTPAcceptAnySender AcceptRoutingHeaders", "Set Session Permissions")
}

func (l *exchangeLog) command(at time.Time, line string) {
	if l.session.Inbound {
		l.row(at, "<", line, "")
	} else {
		l.row(at, ">", line, "")
	}
}

// reply writes a reply: a row per line up to Exchange 2013, one row with the
// line breaks folded since.
func (l *exchangeLog) reply(at time.Time, lines ...string) {
	event := "<"
	if l.session.Inbound {
		event = ">"
	}
	if len(lines) > 1 && l.version >= V2016 {
		folded := lines[0][:3] + " "
		for _, line := range lines {
			folded += " " + line[4:]
		}
		lines = []string{folded}
	}
	for _, line := range lines {
		l.row(at, event, line, "")
	}
}

func (l *exchangeLog) content(time.Time, *envelope) {}

func (l *exchangeLog) note(at time.Time, data, context string) { l.row(at, "*", data, context) }

func (l *exchangeLog) begin(at time.Time, e *envelope) {
	if !l.session.Inbound {
		switch {
		case e.recordID < 0:
		case l.version >= V2010:
			l.row(at, "*", "", fmt.Sprintf("sending message with RecordId %d and InternetMessageId %s", e.recordID, e.messageID))
		default:
			l.row(at, "*", strconv.FormatInt(e.recordID, 10), "sending message")
		}
		return
	}
	n := e.n
	if l.version < V2016 {
		n--
	}
	e.context = fmt.Sprintf("%s;%s;%d", l.session.ID, stamp(l.start), n)
	l.row(at, "*", e.context, "receiving message")
}

func (l *exchangeLog) fail(at time.Time, context string) {
	l.row(at.Add(-time.Second), "*", "", "attempting to connect")
	l.row(at, "*", "", context)
}

func (l *exchangeLog) close(at time.Time, context string) { l.row(at, "-", "", context) }
