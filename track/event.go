package track

import (
	"slices"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// An Event is one row of a tracking log, a message trace or an agent log.
// Strings are as logged, "" where the log has nothing or "-". [Parse] reuses
// the slices: what is to outlive its next call must be cloned. The strings of
// many rows share memory.
type Event struct {
	Pos    outcome.Position
	Format logparse.Format
	Time   outcome.Time

	// Server is the server that wrote the row; "" where the log does not say,
	// as in Exchange 5.5 and in Exchange Online.
	Server                                   string
	ClientIP, ClientHostname                 string
	ServerIP, ServerHostname                 string
	Connector                                string
	OriginalClientIP                         string
	OriginalServerIP                         string
	Source, EventID                          string // "SMTP", "RECEIVE": upper case; numbered events in the words of Exchange 2007 and later
	Number                                   int    // the event's number in Exchange 4.0 to 2003, else -1
	Name                                     string // what the documentation calls a numbered event
	SourceContext                            string // as logged
	Session                                  SessionRef
	Reply                                    string // of the next server, for what was sent
	RemoteInternalID                         string // of the message on the next server, from its reply
	RemoteServer                             string // the server's name in its reply, else ServerHostname of what was sent
	MDB, Mailbox                             string // of submission and delivery
	InternalID                               string // of the message on Server
	MessageID                                string // with its <> where logged so
	NetworkID                                string // lower case
	LinkedID                                 string // Linked-MSGID, subject id or remote id: the message's name in another system
	Recipients                               []Recipient
	RawStatus                                string // the status column as logged
	Bytes, RecipientCount                    int64  // -1 where the row has none
	Related                                  []string
	References                               []string
	Subject, Sender, ReturnPath              string
	MessageInfo                              string
	Latency                                  []LatencyPart
	Origination                              outcome.Time // when the message was first submitted or received
	Directionality, TenantID                 string
	Custom                                   []KeyValue // custom-data, in its order
	Other                                    []KeyValue // columns of any other name
	Agent, AgentEvent, AgentAction, AgentWhy string     // of the agent log: Agent, Event, Action, Reason

	raw       [columnCount]string
	filled    uint64   // the columns that have a value, a bit for each
	effective int64    // by which it is ordered
	proxied   bool     // by a front end, which custom-data of what was received tells
	quick     bool     // it came the short way: filled is not set
	modern    bool     // a row in the columns of Exchange 2007 and later
	general   effect   // of the event, whatever the status
	log       part     // that the row stands in
	hostOnly  bool     // the reply names the host and no internal id, as that of mailbox delivery does
	short     string   // of Server, see place
	client    string   // the short name of ClientHostname, in a Builder
	names     []string // by which the message is known, see Builder
	row       *rowText
}

// place returns the short name of the server that wrote the row.
func (e *Event) place() string {
	if e.short == "" && e.Server != "" {
		e.short = shortName(e.Server)
	}
	return e.short
}

// A SessionRef names a message in a session of the receive log:
// "session;time;n", the source-context of RECEIVE.
type SessionRef struct {
	ID   string
	Time string
	N    int
}

// A Recipient of an event. The status is that of the recipient only where the
// row's statuses could be told apart, or where it has one for all.
type Recipient struct {
	Address string
	Status  string // a reply, "To", "Cc", "Bcc" or "0"
}

// A LatencyPart is a node of the latency tree: a server, or a component of the
// work there.
type LatencyPart struct {
	Name    string // "EX1.example.com", "TOTAL-HUB", "CAT"
	Total   time.Duration
	Local   bool // LSRV: the server that wrote the row
	Pending bool // the time had not ended ("-PEN")
	Parts   []LatencyPart
}

// A KeyValue is a named value in the order of the log.
type KeyValue struct{ Key, Value string }

// Clone returns a copy that shares no slices with e.
func (e *Event) Clone() *Event {
	c := *e
	c.Recipients = slices.Clone(e.Recipients)
	c.Related = slices.Clone(e.Related)
	c.References = slices.Clone(e.References)
	c.Latency = slices.Clone(e.Latency)
	c.Custom = slices.Clone(e.Custom)
	c.Other = slices.Clone(e.Other)
	c.row, c.names = nil, nil
	return &c
}
