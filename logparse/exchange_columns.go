package logparse

import "strings"

// The columns that the readers use, by their places in columnList.at and in
// the "wanted" list of their log.
const atTime = 0 // in every log

// In protocol logs.
const (
	atConnector = iota + 1
	atSession
	atSequence
	atLocal
	atRemote
	atEvent
	atData
	atContext
	atCount
)

// In tracking logs.
const (
	atEventID = iota + 1
	atClientHostname
	atServerHostname
)

// In connectivity logs.
const (
	atConnectivitySession = iota + 1
	atConnectivityDirection
)

// In agent logs.
const (
	atAgentSession = iota + 1
	atAgentLocal
	atAgentRemote
)

// columnList is a list of columns, and where in it those stand that the reader
// of the log uses.
type columnList struct {
	layout
	at    [atCount]int // places from 0, -1 for a column that is missing
	known bool         // a version of Exchange writes this list
	given bool         // the caller named the columns
}

func newColumnList(names, wanted []string) *columnList {
	c := &columnList{layout: layout{names: names, split: splitCSV, separator: ','}}
	for i := range c.at {
		c.at[i] = -1
	}
	for i, name := range wanted {
		for j := range names {
			if strings.EqualFold(strings.TrimSpace(names[j]), name) {
				c.at[i] = j
				break
			}
		}
	}
	return c
}

// exchangeLog describes one of the logs that Exchange 2007 and later write as
// CSV behind a header of "#" lines.
type exchangeLog struct {
	format  Format
	logType string   // the value of #Log-type
	wanted  []string // the columns that the reader uses, the one of the time first
	lists   []*columnList
}

func newExchangeLog(format Format, logType string, wanted []string, lists ...string) *exchangeLog {
	l := &exchangeLog{format: format, logType: logType, wanted: wanted}
	for _, list := range lists {
		c := newColumnList(strings.Split(list, ","), wanted)
		c.known = true
		l.lists = append(l.lists, c)
	}
	return l
}

// known returns the list of that many columns that a version of Exchange
// writes, nil if there is none.
func (l *exchangeLog) known(columns int) *columnList {
	for _, c := range l.lists {
		if len(c.names) == columns {
			return c
		}
	}
	return nil
}

// named returns the list of these names.
func (l *exchangeLog) named(names []string) *columnList {
	if c := l.known(len(names)); c != nil && equalNames(c.names, names) {
		return c
	}
	return newColumnList(names, l.wanted)
}

func equalNames(a, b []string) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

const (
	protocolColumns = "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"

	// Exchange 2007; 2010 adds five columns at the end; 2013 puts
	// network-message-id behind message-id; 2016 adds three at the end.
	trackingHead    = "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id"
	trackingTail    = ",recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info"
	trackingAdd2010 = ",directionality,tenant-id,original-client-ip,original-server-ip,custom-data"
	trackingAdd2013 = ",network-message-id"
	trackingAdd2016 = ",transport-traffic-type,log-id,schema-version"

	agentColumns = "Timestamp,SessionId,LocalEndpoint,RemoteEndpoint,EnteredOrgFromIP,MessageId,P1FromAddress,P2FromAddresses,Recipient,NumRecipients,Agent,Event,Action,SmtpResponse,Reason,ReasonData,Diagnostics"
	agentAdd2016 = ",NetworkMsgID,TenantID,Directionality"
)

var protocolWanted = strings.Split(protocolColumns, ",")

// exchangeLogs are the logs that are read.
var exchangeLogs = []*exchangeLog{
	newExchangeLog(ExchangeReceive, "SMTP Receive Protocol Log", protocolWanted, protocolColumns),
	newExchangeLog(ExchangeSend, "SMTP Send Protocol Log", protocolWanted, protocolColumns),
	newExchangeLog(Tracking, "Message Tracking Log",
		[]string{"date-time", "event-id", "client-hostname", "server-hostname"},
		trackingHead+trackingTail,
		trackingHead+trackingTail+trackingAdd2010,
		trackingHead+trackingAdd2013+trackingTail+trackingAdd2010,
		trackingHead+trackingAdd2013+trackingTail+trackingAdd2010+trackingAdd2016),
	newExchangeLog(Connectivity, "Transport Connectivity Log",
		[]string{"date-time", "session", "direction"},
		"date-time,session,source,Destination,direction,description"),
	newExchangeLog(Agent, "Agent Log",
		[]string{"Timestamp", "SessionId", "LocalEndpoint", "RemoteEndpoint"},
		agentColumns, agentColumns+agentAdd2016),
}

func exchangeLogOf(format Format) *exchangeLog {
	for _, l := range exchangeLogs {
		if l.format == format {
			return l
		}
	}
	return exchangeLogs[0]
}
