package logparse

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// Names by which the header rows of the exports are recognised. A header may
// leave out any of them and have others.
var (
	trackingPSNames = nameSet("PSComputerName,RunspaceId,PSShowComputerName,Timestamp,ClientIp,ClientHostname,ServerIp," +
		"ServerHostname,SourceContext,ConnectorId,Source,EventId,InternalMessageId,MessageId,NetworkMessageId,Recipients," +
		"RecipientStatus,TotalBytes,RecipientCount,RelatedRecipientAddress,Reference,MessageSubject,Sender,ReturnPath," +
		"Directionality,TenantId,OriginalClientIp,OriginalServerIp,MessageInfo,MessageLatency,MessageLatencyType," +
		"EventData,TransportTrafficType,SchemaVersion")

	messageTraceNames = nameSet("PSComputerName,RunspaceId,PSShowComputerName,Organization,MessageId,Received,SenderAddress," +
		"RecipientAddress,Subject,Status,ToIP,FromIP,Size,MessageTraceId,StartDate,EndDate,Index," +
		"origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id," +
		"original_client_ip,directionality,connector_id,delivery_priority," +
		"date_time_utc,client_ip,client_hostname,server_ip,server_hostname,source_context,source,event_id," +
		"internal_message_id,recipient_address,recipient_count,related_recipient_address,reference,return_path," +
		"message_info,tenant_id,original_server_ip,custom_data")
)

// nameSet returns the names of the list in lower case.
func nameSet(list string) map[string]bool {
	set := make(map[string]bool)
	for name := range strings.SplitSeq(strings.ToLower(list), ",") {
		set[name] = true
	}
	return set
}

// exportRows reads what PowerShell and Exchange Online export: CSV with a row
// of names in front, times in the culture of whoever exported it.
type exportRows struct {
	csvRow
	format Format
	names  map[string]bool // those that such a header has
	times  []string        // the column of the time, the first that there is
	zone   *time.Location  // of times that do not say theirs
	order  DateOrder
	list   *exportList // nil until a header is read
}

// exportList is a list of columns, and the places of those that are used.
type exportList struct {
	layout
	time, event, client, server int
	given                       bool // the caller named the columns
}

// newTrackingPS reads Get-MessageTrackingLog | Export-Csv, whose times are in
// the zone of the computer it ran on.
func newTrackingPS(lines *lineScanner, opt *Options, found Detection) rowReader {
	r := &exportRows{format: TrackingPS, names: trackingPSNames, times: []string{"Timestamp"}, zone: opt.Location}
	return r.init(lines, opt, found)
}

// newMessageTrace reads the exports of Exchange Online's message trace, whose
// times are UTC in each of its layouts.
func newMessageTrace(lines *lineScanner, opt *Options, found Detection) rowReader {
	r := &exportRows{format: MessageTrace, names: messageTraceNames,
		times: []string{"Received", "date_time_utc", "origin_timestamp_utc"}, zone: time.UTC}
	return r.init(lines, opt, found)
}

func (r *exportRows) init(lines *lineScanner, opt *Options, found Detection) *exportRows {
	r.lines, r.order = lines, opt.DateOrder
	if r.order == AnyOrder {
		r.order = found.Order
	}
	switch {
	case len(opt.Fields) > 0:
		r.list = r.newList(opt.Fields)
		r.list.given = true
	case len(found.Fields) > 0:
		r.list = r.newList(found.Fields)
	}
	return r
}

func (r *exportRows) newList(names []string) *exportList {
	index := func(name string) int {
		return slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	}
	l := &exportList{layout: layout{names: names, split: splitCSV, separator: ','}, time: -1,
		event: index("EventId"), client: index("ClientHostname"), server: index("ServerHostname")}
	for _, name := range r.times {
		if l.time < 0 {
			l.time = index(name)
		}
	}
	return l
}

func (r *exportRows) next(rec *Record) (lineClass, string) {
	line, class, msg := takeLine(r.lines)
	if class != lineRecord {
		return class, msg
	}
	if line[0] == '#' { // "#TYPE Microsoft.Exchange…"
		return lineHeader, ""
	}
	if r.split(line) && !r.join(r.isRow, func() bool { return r.list != nil && r.count == len(r.list.names) }) {
		return lineMalformed, unclosed
	}
	at, ok := outcome.Time{}, false
	if r.list != nil {
		at, ok = parseCulture(r.value(r.list.time), r.order, r.zone)
	}
	if !ok && r.isHeader() {
		r.setHeader()
		return lineHeader, ""
	}
	switch l := r.list; {
	case l == nil:
		return lineMalformed, "no row before it names the columns"
	case r.count < len(l.names) || r.count > len(l.names) && !l.given:
		return lineMalformed, fmt.Sprintf("%d columns where %d are named", r.count, len(l.names))
	}
	rec.Kind, rec.Time = KindTracking, at
	if r.format == TrackingPS {
		rec.Server = trackingServer(r.value(r.list.event), r.value(r.list.client), r.value(r.list.server))
	}
	rec.raw, rec.layout = r.raw, &r.list.layout
	return lineRecord, ""
}

// isRow reports whether the line begins a row of its own. Only exports that
// begin with the time show it; in the others the quotes must do.
func (r *exportRows) isRow(line []byte) bool {
	if r.list == nil || r.list.time != 0 {
		return false
	}
	_, ok := parseCulture(csvColumn(line, 0), r.order, r.zone)
	return ok
}

// isHeader reports whether the row holds names of columns, most of them known.
// It may come again where exports were joined.
func (r *exportRows) isHeader() bool {
	known := 0
	for i := range r.values {
		var buf [32]byte
		name := bytes.TrimSpace(r.value(i))
		if len(name) > len(buf) {
			continue
		}
		lower := buf[:copy(buf[:], name)]
		for j, c := range lower {
			if c >= 'A' && c <= 'Z' {
				lower[j] = c | 0x20
			}
		}
		if r.names[string(lower)] {
			known++
		}
	}
	return known >= 2 && 2*known >= r.count
}

func (r *exportRows) setHeader() {
	names := make([]string, len(r.values))
	for i := range names {
		names[i] = string(bytes.TrimSpace(r.value(i)))
	}
	r.list = r.newList(names)
}
