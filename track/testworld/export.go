package testworld

import (
	"strconv"
	"strings"
	"time"
)

const exportNames = "PSComputerName,RunspaceId,Timestamp,ClientIp,ClientHostname,ServerIp,ServerHostname,SourceContext," +
	"ConnectorId,Source,EventId,InternalMessageId,MessageId,NetworkMessageId,Recipients,RecipientStatus,TotalBytes,RecipientCount," +
	"RelatedRecipientAddress,Reference,MessageSubject,Sender,ReturnPath,Directionality,TenantId,OriginalClientIp," +
	"MessageInfo,MessageLatency,MessageLatencyType,EventData,TransportTrafficType"

// exportFolder is the export of a server's tracking log by PowerShell.
func (p *player) exportFolder(s *server) *logFolder {
	return p.folder(s.Name, "", "Get-MessageTrackingLog", func(l *logFolder) {
		l.suffix, l.bom = ".csv", p.opt.BOM
		l.header = func(time.Time) string {
			return "#TYPE System.Management.Automation.PSObject\r\n" + quotedRow(strings.Split(exportNames, ",")) + "\r\n"
		}
	})
}

// exportRow writes a row as Export-Csv does, in the culture en-US and UTC.
func exportRow(l *leg, at time.Time, r *trackRow) string {
	m := l.m
	direction, network := "Originating", m.NetworkID
	if m.incoming {
		direction = "Incoming"
	}
	if !l.s.modern() {
		network = ""
	}
	messageID, count := m.MessageID, strconv.Itoa(len(l.to))
	if r.messageID != "" {
		messageID = r.messageID
	}
	path := m.ReturnPath
	if r.returnPath != "" {
		path = r.returnPath
	}
	id := ""
	if r.id != 0 {
		id = strconv.FormatInt(r.id, 10)
	}
	bytes, subject := strconv.FormatInt(m.Bytes, 10), m.Subject
	if r.bare {
		messageID, network, count, bytes, subject, path = "", "", "", "", "", ""
	}
	list := func(s string) string {
		if s == "" {
			return "{}"
		}
		return "{" + strings.ReplaceAll(s, ";", ", ") + "}"
	}
	return quotedRow([]string{l.s.FQDN, "5f7c1c9e-0000-4000-8000-000000000001", at.Format("1/2/2006 3:04:05 PM"), r.clientIP, r.clientHost,
		r.serverIP, r.serverHost, r.context, r.connector, r.source, r.event, id, messageID, network,
		list(strings.Join(r.to, ";")), list(r.status), bytes, count, list(r.related), list(r.reference), subject, m.Sender,
		path, direction, "", r.originalIP, r.info, "", "None", exportData(r.custom), "Email"})
}

// exportData writes custom-data as EventData shows it.
func exportData(custom string) string {
	if custom == "" {
		return ""
	}
	var pairs []string
	for part := range strings.SplitSeq(custom, ";") {
		key, value, _ := strings.Cut(strings.TrimPrefix(part, "S:"), "=")
		pairs = append(pairs, "["+key+", "+value+"]")
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

// quotedRow returns the values as a row with quotes round each of them.
func quotedRow(values []string) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
	}
	return b.String()
}
