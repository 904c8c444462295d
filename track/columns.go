package track

import (
	"strings"

	"github.com/smtplog/smtplog/logparse"
)

// A column is what a value of a row means, whichever format it stands in.
type column uint8

// The columns that the rows of messages are put together from come first: a
// Builder keeps these and no others.
const (
	colEvent column = iota
	colSource
	colClientIP
	colClientHostname
	colServerIP
	colServerHostname
	colPartner // Exchange 4.0 to 2003: Partner-Name
	colGateway // Exchange 4.0 to 5.5: Gateway-Name
	colSourceContext
	colConnector
	colInternalID
	colMessageID
	colNetworkID
	colLinkedID
	colRemoteID
	colRecipients
	colStatus
	colBytes
	colRecipientCount
	colRelated
	colReference
	colSubject
	colSender
	colReturnPath
	colMessageInfo
	colOrigination
	colDirectionality
	colAction // agent log: Action
	colReply  // agent log: SmtpResponse
	colAgent
	colAgentSession
	colAgentReason
	colProxied // not empty: custom-data names a front end's client
	colDigest  // stands for what a row in brief does not have
	keptColumns

	colTenant = column(iota - 1)
	colOriginalClientIP
	colOriginalServerIP
	colCustom
	columnCount

	colTime  column = 254 // in Record.Time
	colOther column = 255
)

// columnNames are the names of the columns in lower case without "-" and "_".
var columnNames = map[string]column{
	"eventid": colEvent, "event": colEvent, "source": colSource,
	"clientip": colClientIP, "clienthostname": colClientHostname,
	"serverip": colServerIP, "serverhostname": colServerHostname,
	"partnername": colPartner, "gatewayname": colGateway,
	"sourcecontext": colSourceContext, "connectorid": colConnector,
	"internalmessageid": colInternalID, "messageid": colMessageID, "msgid": colMessageID,
	"networkmessageid": colNetworkID, "networkmsgid": colNetworkID, "messagetraceid": colNetworkID,
	"linkedmsgid": colLinkedID, "subjectid": colReference, "remoteid": colRemoteID,
	"recipientaddress": colRecipients, "recipients": colRecipients, "recipientname": colRecipients, "recipient": colRecipients,
	"recipientstatus": colStatus, "recipientreportstatus": colStatus, "reportstatus": colStatus, "status": colStatus,
	"totalbytes": colBytes, "size": colBytes, "length": colBytes,
	"recipientcount": colRecipientCount, "numberrecipients": colRecipientCount, "numrecipients": colRecipientCount,
	"relatedrecipientaddress": colRelated, "reference": colReference,
	"messagesubject": colSubject, "subject": colSubject,
	"senderaddress": colSender, "sender": colSender, "originator": colSender, "p2fromaddresses": colSender,
	"returnpath": colReturnPath, "p1fromaddress": colReturnPath,
	"messageinfo": colMessageInfo, "originationtime": colOrigination,
	"directionality": colDirectionality, "action": colAction, "smtpresponse": colReply,
	"tenantid": colTenant, "originalclientip": colOriginalClientIP, "originalserverip": colOriginalServerIP,
	"customdata": colCustom, "agent": colAgent, "sessionid": colAgentSession, "reason": colAgentReason,
	"fromip": colClientIP, "toip": colServerIP,
	"datetime": colTime, "date": colTime, "time": colTime, "timestamp": colTime, "received": colTime,
	"datetimeutc": colTime, "origintimestamputc": colTime,
}

// columnOf returns the column of that name in logs of the format.
func columnOf(format logparse.Format, name string) column {
	var buf [48]byte
	n := 0
	for i := 0; i < len(name) && n < len(buf); i++ {
		c := name[i]
		if c == '-' || c == '_' || c == ' ' {
			continue
		}
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		buf[n] = c
		n++
	}
	c, ok := columnNames[string(buf[:n])]
	switch {
	case !ok:
		return colOther
	case format == logparse.Tracking5 && (c == colRecipientCount || strings.EqualFold(name, "Recipients")):
		return colRecipientCount // a number, before the recipients' names
	case format == logparse.TrackingPS && name == "Status":
		return colOther
	}
	return c
}

// A columnMemo remembers the columns of the names of the row before, which are
// mostly those of the next row.
type columnMemo struct {
	format  logparse.Format
	names   []string
	columns []column
}

// maxMemo bounds the memo, which records of Exchange 5.5 with thousands of
// recipients would fill.
const maxMemo = 128

// column returns the column of the i-th name of a row, from 0.
func (m *columnMemo) column(format logparse.Format, i int, name string) column {
	if m.format != format {
		m.format, m.names, m.columns = format, m.names[:0], m.columns[:0]
	}
	if i < len(m.names) {
		if m.names[i] != name {
			m.names[i], m.columns[i] = name, columnOf(format, name)
		}
		return m.columns[i]
	}
	c := columnOf(format, name)
	if i == len(m.names) && i < maxMemo {
		m.names, m.columns = append(m.names, name), append(m.columns, c)
	}
	return c
}
