package testworld

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A trackRow is a row of the tracking log of Exchange 2007 and later. What is
// not set comes from the leg.
type trackRow struct {
	log                    string // "MSGTRK" where not set, "MSGTRKMS", "MSGTRKMD", "MSGTRKMA"
	clientIP, clientHost   string
	serverIP, serverHost   string
	context, connector     string
	source, event          string
	id                     int64    // internal-message-id, the leg's where not set; -1 for none
	to                     []string // the leg's recipients where not set
	status                 string   // for each recipient, or once for all
	related, reference     string
	info, custom           string
	returnPath             string
	messageID              string
	bare                   bool // NOTIFYMAPI: it says next to nothing
	session                int  // number + 1 of the session that the context names
	unlisted               bool // without recipients
	originalIP, originalSv string
}

// track writes a row about the leg.
func (p *player) track(l *leg, at time.Time, r trackRow) *Event {
	if r.log == "" || !l.s.modern() && r.log != "MSGTRKM" {
		r.log = "MSGTRK"
	}
	if r.to == nil && !r.unlisted && !r.bare {
		r.to = l.to
	}
	switch {
	case r.id == 0 && !r.bare:
		r.id = l.id
	case r.id < 0:
		r.id = 0
	}
	e := &Event{Time: at, Server: l.s.Name, Source: r.source, Event: r.event, InternalID: r.id,
		Recipients: slices.Clone(r.to), Reference: r.reference, Session: r.session - 1, Bare: r.bare}
	if r.status != "" && !strings.Contains(r.status, ";") {
		r.status = strings.TrimSuffix(strings.Repeat(r.status+";", len(r.to)), ";")
	}
	e.Status = r.status
	if l.s.exports {
		e.Time = seconds(at)
		p.exportFolder(l.s).add(at, exportRow(l, at, &r), &e.Position)
	} else {
		p.trackFolder(l.s, r.log).add(at, csvRow(columnsOf(l, at, &r)...), &e.Position)
	}
	l.m.events = append(l.m.events, e)
	l.h.events = append(l.h.events, e)
	return e
}

const (
	columnsHead = "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id," +
		"internal-message-id,message-id"
	columnsTail = "recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference," +
		"message-subject,sender-address,return-path,message-info"
	columns2010 = "directionality,tenant-id,original-client-ip,original-server-ip,custom-data"
	columns2016 = "transport-traffic-type,log-id,schema-version"
)

// trackFields returns the names of the columns that the version writes.
func trackFields(v Version) string {
	switch {
	case v <= V2007:
		return columnsHead + "," + columnsTail
	case v == V2010:
		return columnsHead + "," + columnsTail + "," + columns2010
	case v == V2013:
		return columnsHead + ",network-message-id," + columnsTail + "," + columns2010
	}
	return columnsHead + ",network-message-id," + columnsTail + "," + columns2010 + "," + columns2016
}

var trackVersions = map[Version]string{V2007: "8.0.0.0", V2010: "14.0.0.0", V2013: "15.00.1497.010", V2016: "15.01.2507.027", V2019: "15.02.1258.012"}

func (p *player) trackFolder(s *server, log string) *logFolder {
	return p.folder(s.Name, "MessageTracking", log, func(l *logFolder) {
		l.suffix, l.number, l.most, l.bom = ".LOG", true, 200, p.opt.BOM
		l.stamp, l.period = "2006010215", time.Hour
		if s.Version < V2013 {
			l.stamp, l.period = "20060102", 24*time.Hour
		}
		l.header = func(first time.Time) string {
			return "#Software: Microsoft Exchange Server\r\n#Version: " + trackVersions[s.Version] +
				"\r\n#Log-type: Message Tracking Log\r\n#Date: " + stamp(first) + "\r\n#Fields: " + trackFields(s.Version) + "\r\n"
		}
	})
}

// columnsOf returns the values of a row.
func columnsOf(l *leg, at time.Time, r *trackRow) []string {
	m := l.m
	id, messageID, network, bytes, count, subject, path := number(r.id), m.MessageID, m.NetworkID, number(m.Bytes), number(int64(len(l.to))), m.Subject, m.ReturnPath
	if r.messageID != "" {
		messageID = r.messageID
	}
	if r.returnPath != "" {
		path = r.returnPath
	}
	if r.unlisted {
		count = ""
	}
	direction, traffic := "Originating", "Email"
	if m.incoming {
		direction = "Incoming"
	}
	if r.bare {
		messageID, network, bytes, count, subject, path, direction, traffic = "", "", "", "", "", "", "", ""
	}
	values := []string{stamp(at), r.clientIP, r.clientHost, r.serverIP, r.serverHost, r.context, r.connector, r.source, r.event, id, messageID}
	v := l.s.Version
	if v >= V2013 {
		values = append(values, network)
	}
	values = append(values, strings.Join(r.to, ";"), r.status, bytes, count, r.related, r.reference, subject, m.Sender, path, r.info)
	if v >= V2010 {
		values = append(values, direction, "", r.originalIP, r.originalSv, r.custom)
	}
	if v >= V2016 {
		values = append(values, traffic, logID(at, l.id), trackVersions[v])
	}
	return values
}

// logID makes up the GUID that Exchange 2016 and later give each row.
func logID(at time.Time, id int64) string {
	n := uint64(at.UnixMilli())
	return fmt.Sprintf("%08x-%04x-4000-8000-%012x", uint32(n), uint16(n>>32), id)
}

// number writes a number, nothing for 0.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
