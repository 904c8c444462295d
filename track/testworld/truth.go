package testworld

import "time"

// A Message is the truth about one mail.
type Message struct {
	Number     int // its place in World.Messages
	Story      Story
	NetworkID  string // of Exchange 2013 and later, "" where it met none
	MessageID  string // with its brackets; not always unique
	MTSID      string // of Exchange 5.5, "" elsewhere
	Sender     string // as the tracking logs' sender-address has it
	ReturnPath string // "<>" for the null sender
	Subject    string
	Bytes      int64
	Start      time.Time // of the first event
	End        time.Time // of the last event
	Status     Status    // of the recipients together, as the messages' JSON has it
	Recipients []Recipient
	Events     []Event  // what the tracking logs say of it, by time
	Hops       []Hop    // the servers that it was on, by the time of arrival
	Servers    []string // the same, each once
	Sessions   []int    // numbers of the sessions that carried it or tried to

	// DSNOf is the number of the message that this one reports on (a bounce,
	// a quarantined copy), Related of one that it was made for otherwise
	// (a request for approval, the notice that it was refused). -1 for none.
	DSNOf, Related int

	// Latency is the time from the first event to the last delivery or send to
	// the outside, 0 where neither happened.
	Latency time.Duration

	// Invisible says that no tracking row is left that names the message.
	Invisible bool
}

// Status is a verdict in the words of the messages' JSON.
type Status string

// The verdicts. A message is Partial if one of its recipients was delivered and
// another failed or was dropped; else it has the first of Failed, Dropped,
// Quarantined, Deferred, Pending, Delivered, Redirected and Expanded that one
// of its recipients has.
const (
	Delivered   Status = "delivered" // to a mailbox, or accepted by an outside host
	Failed      Status = "failed"
	Deferred    Status = "deferred" // tried, and no more was heard of it
	Pending     Status = "pending"  // not tried yet, waiting for somebody, or in the poison queue
	Expanded    Status = "expanded"
	Redirected  Status = "redirected"
	Quarantined Status = "quarantined"
	Dropped     Status = "dropped"
	Partial     Status = "partial" // of messages only
)

// A Recipient is one address and what became of it.
type Recipient struct {
	Address  string
	Status   Status
	At       time.Time // when that was settled; of Deferred and Pending the last event
	Server   string    // that settled it
	Code     int       // of the reply that the tracking log holds, 0 for none
	Enhanced string    // "5.1.1", "" for none
	Text     string    // the reply
	Deferred int       // how often it was put off before

	Alias string   // the address that it was sent to, where RESOLVE changed it
	Into  []string // Expanded: the members; Redirected: the other recipient
	Via   []string // the groups and recipients that led to it, the first one first

	// Lost says that no file that is left tells the verdict. Duplicates of it
	// (the mailbox server's DELIVER and the hub's SEND to it) are no verdicts.
	Lost bool
	// Unnamed says that no row that is left names the address.
	Unnamed bool

	verdict *Event
}

// A Position is a row of a log.
type Position struct {
	File string // path, also where the file is lost
	Line int    // from 1
	Lost bool   // the file is lost
}

// An Event is a row of a tracking log; in those of Exchange 2000 and 2003 and
// in exports with a row per recipient, one of the rows.
type Event struct {
	Position
	Time       time.Time
	Server     string // that logged it
	Source     string // "SMTP", "STOREDRIVER"; "" in logs of Exchange 2003 and 5.5
	Event      string // "RECEIVE"; the number in logs of Exchange 2003 and 5.5
	InternalID int64  // 0 for none
	Recipients []string
	Status     string // recipient-status as logged
	Reference  string // as logged
	Session    int    // the session that its source-context names, -1 for none
	Bare       bool   // it names no message: NOTIFYMAPI, which shares its source-context with SUBMIT
}

// A Hop is a message on a server. Copies that TRANSFER made on the same server
// belong to the same hop.
type Hop struct {
	Server      string
	InternalIDs []int64 // that the server gave it, the first one first; empty on Exchange 2003 and 5.5
	Arrived     time.Time
	Left        time.Time // last event on the server
	From        int       // the hop that it came from, -1 for the first one and from outside
	Events      []int     // places in Message.Events
	Sessions    []int     // that it arrived and left by, on this server
	Shadow      bool      // it was here only as a shadow copy

	// Lost are the tracking files that held rows of it and are lost.
	Lost []string
	// Invisible says that no row of it is left that names the message.
	Invisible bool
}

// A Session is one SMTP connection as one server logged it. A connection
// between two servers of ours is two sessions.
type Session struct {
	Number   int
	ID       string // Exchange's session id, "" in logs of IIS and the IMS
	Server   string
	Log      SessionLog
	Inbound  bool
	Remote   string // address and port of the peer as logged; IIS and the IMS have no port
	Peer     int    // the number of the session that the other side logged, -1 for none
	Proxied  string // id of the front end's session that XPROXYFROM names, "" for none
	Start    time.Time
	End      time.Time
	Messages []int // numbers of the messages that it carried or tried to
	// Transactions are the MAILs, one for each of Messages and for those that
	// were refused and became no message.
	Transactions []Transaction
	Rows         []Position
	Lost         bool // no row of it is left

	rows      []*Position
	connector string
}

// SessionLog is the kind of log that a session is in.
type SessionLog string

// The protocol logs.
const (
	ReceiveLog SessionLog = "exchange-receive"
	SendLog    SessionLog = "exchange-send"
	W3CLog     SessionLog = "iis-w3c"
	IMSLog     SessionLog = "ims"
)

// A Transaction is one MAIL of a session.
type Transaction struct {
	Message    int // its number, -1 for a refused one that became no message
	From       string
	Context    string // "session;time;n" of a receive log
	RecordID   int64  // of a send log: internal-message-id on this server
	InternalID int64  // that the end of data's reply names
	Hostname   string // that it names
	To         []string
	Codes      []int // of the replies to RCPT
	Code       int   // of the last reply to MAIL, DATA or the end of data; 0 if none came
}
