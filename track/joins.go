package track

import (
	"net"
	"slices"
	"strings"

	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A transaction is what is kept of one for the join.
type transaction struct {
	session   string
	server    string
	direction outcome.Direction
	number    int // in its session
	of        int // transactions that the session has
	context   string
	name      string // of the message
	internal  string // internal id on the server
	local     string // the server's address
	remote    string // the next server, where its internal id is known
	from      string // key of the sender's address
	to        []string
	proxied   string // the front end's session
	pos       outcome.Position
	start     outcome.Time
	end       int64
	keys      []joinKey
}

// A joinKey is something that a transaction and an event have in common.
type joinKey struct{ kind, server, id string }

// The kinds of keys.
const (
	joinSession  = "session"
	joinInternal = "internal"
	joinRemote   = "remote"
	joinReply    = "reply" // internal id and Message-ID, where the server is not known
	joinName     = "name"
	joinProxied  = "proxied"  // the session that was passed on
	joinEnvelope = "envelope" // sender and recipient of what names no message
)

// joins holds transactions until the messages that they carried are over.
type joins struct {
	byKey   map[joinKey][]*transaction
	all     []*transaction
	max     int // how many are held at most
	dropped int64
	end     int64 // the earliest end of one of them

	near   func(outcome.Time) bool // Options.Near
	narrow bool                    // only what is near is held
}

func newJoins() *joins { return &joins{byKey: map[joinKey][]*transaction{}, max: MaxTransactions} }

// AddSession takes a session for the join. It keeps nothing of s. Sessions are
// to be added before the messages they carried are over; the order of formats
// in which logs are read sees to that.
func (b *Builder) AddSession(s *session.Session) {
	for i := range s.Transactions {
		b.joins.take(s, i)
	}
}

// take takes a transaction, if there is room.
func (j *joins) take(s *session.Session, i int) {
	if len(j.all) >= j.max && j.near != nil && !j.narrow {
		j.narrow = true
		j.keep(func(t *transaction) bool { return j.near(t.start) })
	}
	switch {
	case j.narrow && !j.near(startOf(s, i)):
	case len(j.all) >= j.max:
		j.dropped++
	default:
		j.add(s, i)
	}
}

// startOf returns when a transaction of the session began.
func startOf(s *session.Session, i int) outcome.Time {
	if t := s.Transactions[i].Start; !t.IsZero() {
		return t
	}
	return s.Start
}

func (j *joins) add(s *session.Session, i int) {
	from := &s.Transactions[i]
	t := &transaction{
		session: strings.Clone(s.ID), server: strings.Clone(s.Server), direction: s.Direction, number: i, of: len(s.Transactions),
		context: strings.Clone(from.SourceContext), name: messageName(strings.Clone(from.MessageID)), start: startOf(s, i),
	}
	if !s.End.IsZero() {
		t.end = s.End.UnixNano()
	}
	if s.Proxied != nil {
		t.proxied = strings.Clone(s.Proxied.Session)
	}
	if len(s.Sources) > 0 {
		t.pos = outcome.Position{File: s.Sources[0].File, Line: s.Sources[0].FirstLine}
	}
	key := func(kind, server, id string) {
		if id != "" {
			t.keys = append(t.keys, joinKey{kind, server, id})
		}
	}
	key(joinSession, "", lower(t.session))
	id := strings.Clone(from.InternalID)
	key(joinInternal, shortName(t.server), id)
	if id != "" && t.name != "" && (s.Direction == outcome.Inbound || t.server == "") {
		key(joinReply, "", id+" "+t.name)
	}
	if from.RemoteInternalID != "" {
		remote := strings.Clone(from.RemoteInternalID)
		key(joinRemote, shortName(strings.Clone(from.RemoteServer)), remote)
		if t.name != "" {
			key(joinReply, "", remote+" "+t.name) // Exchange 2010 does not name the host
		}
	}
	key(joinName, "", t.name)
	key(joinProxied, "", lower(t.proxied))
	t.local = addressOf(s.Local)
	t.internal, t.from = id, addressKey(strings.Clone(from.From))
	if from.RemoteInternalID != "" {
		t.remote = shortName(strings.Clone(from.RemoteServer))
	}
	for k := range from.Recipients[:min(len(from.Recipients), maxEnvelope)] {
		to := addressKey(strings.Clone(from.Recipients[k].To))
		t.to = append(t.to, to)
		if t.name == "" && id == "" {
			key(joinEnvelope, shortName(t.server), t.from+" "+to)
		}
	}
	for _, k := range t.keys {
		j.byKey[k] = append(j.byKey[k], t)
	}
	j.all = append(j.all, t)
}

// forget drops the transactions that ended before. It looks at them only when
// many may have.
func (j *joins) forget(before int64) {
	if len(j.all) < j.max/2 || j.end >= before {
		return
	}
	j.keep(func(t *transaction) bool { return t.end >= before })
}

// keep drops all other transactions.
func (j *joins) keep(wanted func(*transaction) bool) {
	kept := j.all[:0]
	end := int64(all)
	for _, t := range j.all {
		if wanted(t) {
			kept = append(kept, t)
			end = min(end, t.end)
			continue
		}
		for _, k := range t.keys {
			list := j.byKey[k]
			if n := slices.Index(list, t); n >= 0 {
				list = slices.Delete(list, n, n+1)
			}
			if len(list) == 0 {
				delete(j.byKey, k)
			} else {
				j.byKey[k] = list
			}
		}
	}
	clear(j.all[len(kept):])
	j.all, j.end = kept, end
}

// addressOf returns the address of an endpoint, "10.0.0.1:25".
func addressOf(endpoint string) string {
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return strings.Clone(endpoint)
	}
	return strings.Clone(host)
}

// maxEnvelope is how many recipients of a transaction are kept.
const maxEnvelope = 16
