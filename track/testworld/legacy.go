package testworld

import (
	"fmt"
	"strings"
	"time"
)

// rows2003 writes the events one after the other about all recipients of the
// leg, a row for each of them, and returns when the last one is over.
func (p *player) rows2003(l *leg, at time.Time, events ...string) time.Time {
	return p.rowsTo2003(l, at, l.to, events...)
}

func (p *player) rowsTo2003(l *leg, at time.Time, to []string, events ...string) time.Time {
	for _, event := range events {
		for _, a := range to {
			p.row2003(l, at, event, a, nil)
		}
		at = at.Add(p.ms(10, 900))
	}
	return at
}

const names2003 = "# Date\tTime\tclient-ip\tClient-hostname\tPartner-Name\tServer-hostname\tserver-IP\tRecipient-Address\tEvent-ID\tMSGID\t" +
	"Priority\tRecipient-Report-Status\ttotal-bytes\tNumber-Recipients\tOrigination-Time\tEncryption\tservice-Version\tLinked-MSGID\tMessage-Subject\tSender-Address"

// row2003 writes a row of the tracking log of Exchange 2003. partner is the
// other end of a connection, nil where there is none.
func (p *player) row2003(l *leg, at time.Time, event, to string, partner *end) *Event {
	f := p.folder(l.s.Name, l.s.Name+".log", "", func(f *logFolder) {
		f.suffix, f.stamp, f.period, f.code = ".log", "20060102", 24*time.Hour, latin1
		f.header = func(time.Time) string {
			return "# Message Tracking Log File\r\n# Exchange System Attendant Version 6.5.7638.1\r\n" + names2003 + "\r\n"
		}
	})
	m := l.m
	client, ip, other, version := "-", "-", "-", "-"
	if partner != nil {
		ip, version = partner.ip(), "Version: 6.0.3790.4675"
		client = partner.name()
		if event == "1031" || event == "1020" {
			client, other = "-", partner.name()
		}
	}
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	sender := dash(m.Sender)
	clock := func(t time.Time) string { return t.Format("2006-1-2\t") + unpadded(t) + " GMT" }
	e := &Event{Time: seconds(at), Server: l.s.Name, Event: event, Recipients: []string{to}, Session: -1}
	f.add(at, strings.Join([]string{clock(at), ip, client, other, l.s.Name, l.s.Address, to, event, strings.Trim(m.MessageID, "<>"), "0", "0",
		fmt.Sprint(m.Bytes), fmt.Sprint(len(l.to)), strings.Replace(clock(m.submitted), "\t", " ", 1), "0", version, dash(m.MTSID),
		dash(m.Subject), sender, "-"}, "\t"), &e.Position)
	m.events = append(m.events, e)
	l.h.events = append(l.h.events, e)
	return e
}

// row55 writes a record of the tracking log of Exchange 5.5: a line, then a
// line for each recipient.
func (p *player) row55(l *leg, at time.Time, event, partner, remote string, to []string) *Event {
	f := p.folder(l.s.Name, "Tracking.log", "", func(f *logFolder) {
		f.suffix, f.stamp, f.period, f.code = ".log", "20060102", 24*time.Hour, latin1
	})
	m := l.m
	if m.MTSID == "" {
		m.MTSID = fmt.Sprintf("c=US;a= ;p=Example;l=%s-%sZ-%d", l.s.Name, at.Format("060102150405"), m.Number)
	}
	gateway := "/o=EXAMPLE/ou=LEGACY/cn=Configuration/cn=Servers/cn=" + l.s.Name + "/cn=Microsoft MTA"
	switch {
	case event == "1000":
		gateway = "/o=EXAMPLE/ou=LEGACY/cn=Configuration/cn=Servers/cn=" + l.s.Name + "/cn=Microsoft Private MDB"
	case len(event) == 4:
		gateway = "/o=EXAMPLE/ou=LEGACY/cn=Configuration/cn=Connections/cn=Internet Mail Service (" + l.s.Name + ")"
	}
	lines := []string{strings.Join([]string{m.MTSID, event, at.Format("2006.1.2 ") + unpadded(at), gateway, partner, remote, m.Sender, "0",
		fmt.Sprint(m.Bytes), "0", "0", "", fmt.Sprint(len(to))}, "\t")}
	for _, a := range to {
		lines = append(lines, a+"\t0")
	}
	e := &Event{Time: seconds(at), Server: l.s.Name, Event: event, Recipients: to, Session: -1}
	f.add(at, strings.Join(lines, "\r\n"), &e.Position)
	m.events = append(m.events, e)
	l.h.events = append(l.h.events, e)
	return e
}

// unpadded writes a time of day as those logs do: "9:5:0".
func unpadded(t time.Time) string {
	return fmt.Sprintf("%d:%d:%d", t.Hour(), t.Minute(), t.Second())
}

// latin1 encodes a text for servers that write the ANSI code page.
func latin1(s string) []byte {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return b
}
