package track

import (
	"slices"
	"strconv"
	"strings"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// tracked reports whether logs of the format have rows about messages.
func tracked(format logparse.Format) bool {
	switch format {
	case logparse.Tracking5, logparse.Tracking2000, logparse.Tracking, logparse.TrackingPS, logparse.MessageTrace, logparse.Agent:
		return true
	}
	return false
}

// Parse reads the record as e. It returns false for records that are no rows
// of tracking logs, message traces or agent logs; rows of connectivity logs
// name no message.
func Parse(rec *logparse.Record, e *Event) bool {
	if !e.split(rec, true) {
		return false
	}
	e.read()
	e.readDetails()
	return true
}

// reset empties e but for the room of its slices.
func (e *Event) reset(pos outcome.Position, format logparse.Format, at outcome.Time) {
	recipients, related, references := e.Recipients[:0], e.Related[:0], e.References[:0]
	custom, other, names, row := e.Custom[:0], e.Other[:0], e.names[:0], e.row
	*e = Event{}
	e.Pos, e.Format, e.Time = pos, format, at
	e.Number, e.Bytes, e.RecipientCount = -1, -1, -1
	e.Recipients, e.Related, e.References = recipients, related, references
	e.Custom, e.Other, e.names, e.row = custom, other, names, row
}

// split takes the record apart, into all columns or those that a Builder keeps.
func (e *Event) split(rec *logparse.Record, all bool) bool {
	if rec.Kind != logparse.KindTracking || !tracked(rec.Format) {
		return false
	}
	e.reset(rec.Pos, rec.Format, rec.Time)
	if e.row == nil {
		e.row = newRowText()
	}
	e.row.split(rec, e, all)
	return true
}

// set takes the value of one column. Exchange 5.5 repeats the columns of a
// recipient.
func (e *Event) set(c column, value string) {
	if value == "-" && e.Format == logparse.Tracking2000 {
		return
	}
	if e.Format == logparse.Tracking5 {
		switch c {
		case colRecipients:
			e.Recipients = append(e.Recipients, Recipient{Address: unescapeMTA(value)})
			return
		case colStatus:
			if n := len(e.Recipients); n > 0 {
				e.Recipients[n-1].Status = value
			}
			return
		}
	}
	e.fill(c, value)
}

// fill gives a column a value.
func (e *Event) fill(c column, value string) {
	e.raw[c] = value
	e.filled &^= 1 << c
	if value != "" {
		e.filled |= 1 << c
	}
}

// unescapeMTA undoes what the MTA does to parentheses.
//
// QUIRK: the MTA of Exchange 4.0 to 5.5 writes "(040)" and "(041)" for "(" and
// ")" in addresses (KB Q249349).
func unescapeMTA(address string) string {
	if !strings.Contains(address, "(04") {
		return address
	}
	return mtaParentheses.Replace(address)
}

var mtaParentheses = strings.NewReplacer("(040)", "(", "(041)", ")")

// read fills the fields that messages are put together from.
func (e *Event) read() {
	e.readHead()
	e.readBody()
	e.general = effects[e.EventID]
}

// readHead fills the fields that say which message the row belongs to and who
// wrote it. Rows of Exchange 2007 and later have more to them.
func (e *Event) readHead() {
	raw := &e.raw
	e.ClientIP, e.ClientHostname = raw[colClientIP], raw[colClientHostname]
	e.ServerIP, e.ServerHostname = raw[colServerIP], raw[colServerHostname]
	e.Connector = raw[colConnector]
	e.Source, e.EventID = upper(raw[colSource]), upper(raw[colEvent])
	if e.EventID != "RECEIVE" {
		e.fill(colProxied, "")
	}
	e.proxied = raw[colProxied] != ""
	e.SourceContext = raw[colSourceContext]
	e.InternalID = raw[colInternalID]
	e.MessageID = strings.TrimSpace(raw[colMessageID])
	e.NetworkID = networkID(raw[colNetworkID])
	e.RawStatus = raw[colStatus]
	e.Subject, e.Sender, e.ReturnPath = raw[colSubject], raw[colSender], raw[colReturnPath]
	e.MessageInfo, e.Directionality = raw[colMessageInfo], raw[colDirectionality]
	switch e.Format {
	case logparse.Tracking5:
		e.read5()
	case logparse.Tracking2000:
		e.read2000()
	case logparse.Agent:
		e.readAgent()
	case logparse.MessageTrace:
		if e.EventID == "" {
			e.readTrace()
			return
		}
		e.read2007()
	default:
		e.read2007()
	}
}

// read2007 reads what Exchange 2007 and later have in common.
func (e *Event) read2007() {
	e.modern = true
	e.Server = e.writer()
	e.readContext()
	if e.EventID == "TRANSFER" {
		e.References = appendList(e.References, e.raw[colReference])
	}
}

// readBody fills the fields that say what became of the message.
func (e *Event) readBody() {
	e.Bytes, e.RecipientCount = number(e.raw[colBytes]), number(e.raw[colRecipientCount])
	if !e.modern {
		return
	}
	if e.Format == logparse.TrackingPS {
		e.RawStatus, _ = unbraced(e.RawStatus)
	}
	e.Recipients = appendRecipients(e.Recipients, e.raw[colRecipients], e.Format == logparse.TrackingPS)
	e.alignStatuses()
	e.Related = appendList(e.Related, e.raw[colRelated])
	if e.EventID != "TRANSFER" {
		e.References = appendList(e.References, e.raw[colReference])
	}
	e.Origination = originationOf(e.MessageInfo)
}

// writer returns the server that wrote the row: the one that accepted the
// connection for what was received, the one that opened it for all else.
func (e *Event) writer() string {
	received := strings.HasPrefix(e.EventID, "RECEIVE") || strings.HasPrefix(e.EventID, "HARECEIVE")
	if e.ServerHostname != "" && (received || e.ClientHostname == "") {
		return e.ServerHostname
	}
	return e.ClientHostname
}

// read2000 reads a row of Exchange 2000 or 2003, which has one recipient.
func (e *Event) read2000() {
	e.numbered()
	e.Server = e.ServerHostname
	if a := e.raw[colRecipients]; a != "" {
		e.Recipients = append(e.Recipients, Recipient{Address: a, Status: e.RawStatus})
	}
	e.LinkedID = e.raw[colLinkedID]
	e.Origination = time2000(e.raw[colOrigination])
	if partner := e.raw[colPartner]; partner != "" {
		e.RemoteServer = partner
	} else if e.EventID == "SEND" {
		e.RemoteServer = e.ClientHostname
	}
}

// read5 reads a record of Exchange 4.0 to 5.5.
func (e *Event) read5() {
	e.numbered()
	// A torn record may have columns of a recipient without a name.
	e.Recipients = slices.DeleteFunc(e.Recipients, func(r Recipient) bool { return r.Address == "" })
	e.RemoteServer = e.raw[colPartner]
	e.Connector = e.raw[colGateway]
	if id := e.raw[colRemoteID]; id != "" {
		// "<c=US%a=_%p=Org%l=EX1-960701173047Z-2@ex1.example.com>[PBZ70AAB]": the
		// Message-ID outside, and the spool file.
		if i := strings.LastIndexByte(id, '['); i > 0 && strings.HasSuffix(id, "]") {
			id = id[:i]
		}
		e.LinkedID = strings.TrimSpace(id)
	}
	if id := e.raw[colReference]; id != "" {
		e.References = append(e.References, id)
	}
}

// numbered reads the event's number.
func (e *Event) numbered() {
	n, err := strconv.Atoi(strings.TrimSpace(e.raw[colEvent]))
	if err != nil {
		return
	}
	e.Number = n
	known, ok := numberedEvents[n]
	if !ok {
		e.Source, e.EventID = "", strconv.Itoa(n)
		return
	}
	e.Source, e.EventID, e.Name = known.source, known.event, known.name
}

// readAgent reads a row of the agent log: what an agent did with a message in
// an SMTP session.
func (e *Event) readAgent() {
	e.Source, e.EventID, e.AgentAction = "AGENT", upper(e.raw[colAction]), e.raw[colAction]
	e.AgentEvent = e.raw[colEvent]
	e.Agent, e.AgentWhy = e.raw[colAgent], e.raw[colAgentReason]
	e.Session.ID = e.raw[colAgentSession]
	e.Reply = e.raw[colReply]
	e.Sender = strings.TrimSuffix(e.Sender, ";")
	if a := e.raw[colRecipients]; a != "" {
		e.Recipients = append(e.Recipients, Recipient{Address: a, Status: e.Reply})
	}
}

// readTrace reads a row of Exchange Online's message trace, which tells what
// became of a message and not its way: one recipient and its status, or all in
// one column of the historical search.
func (e *Event) readTrace() {
	e.Source, e.EventID = "TRACE", upper(e.RawStatus)
	if a := e.raw[colRecipients]; a != "" {
		e.Recipients = append(e.Recipients, Recipient{a, e.RawStatus})
		return
	}
	if !strings.Contains(e.RawStatus, "##") {
		return
	}
	e.EventID = "SUMMARY"
	for part := range strings.SplitSeq(e.RawStatus, ";") {
		address, status, ok := strings.Cut(part, "##")
		if address = strings.TrimSpace(address); ok && address != "" {
			e.Recipients = append(e.Recipients, Recipient{address, strings.TrimSpace(status)})
		}
	}
}

// readDetails fills what only single events are asked for.
func (e *Event) readDetails() {
	e.OriginalClientIP, e.OriginalServerIP = e.raw[colOriginalClientIP], e.raw[colOriginalServerIP]
	e.TenantID = e.raw[colTenant]
	e.Custom = appendCustom(e.Custom, e.raw[colCustom])
	e.Latency = parseLatency(e.MessageInfo)
}
