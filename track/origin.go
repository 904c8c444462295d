package track

import (
	"encoding/binary"
	"hash/maphash"
	"strings"
)

// An origin is what rows have in common that tell of the same step between the
// same servers: the columns that say who did what.
type origin struct {
	who, what string // the columns as they stand in the row, see quickRow

	clientIP, clientHostname string
	serverIP, serverHostname string
	connector, source, event string

	eventID, sourceID string // in upper case
	server            string // that wrote the row
	short             string // its short name
	place             uint32 // the number of that
	client            string // the short name of clientHostname
	general           effect
	part              part
	log               *spans // of the server, nil before the first row or where there are too many

	plain   plainStep
	rank    uint8 // of its event among those of the same moment
	arrives bool  // its event says how the message came to the server
	demands bool  // another must
	stores  bool  // its event is of mailbox delivery or what follows

	receive bool // its event is RECEIVE
	sends   bool // or one of those that begin with SEND
	slow    bool // its rows go the long way
	noted   bool // the servers that it names are known
	context bool // a verdict may depend on the source-context

	reply []byte   // see shortened
	steps []uint16 // the numbers of its briefSteps
}

// origins are those of the rows that are held, each with a number.
type origins struct {
	list   []*origin
	index  map[uint64]uint32 // by the hash of the columns
	recent [1 << 10]uint32   // those that were asked for last, by a hash
	steps  [1 << 10]knownStep
	brief  []briefStep
	seed   maphash.Seed
	key    []byte
}

// A knownStep is the origin of rows with that logparse.Record.Step.
type knownStep struct {
	step   uint64 // 0: there is none
	origin uint32 // its number
}

// step returns the place of rows with that Step.
func (s *origins) step(step uint64) *knownStep { return &s.steps[step%uint64(len(s.steps))] }

// maxOrigins bounds the origins, which strangers have a hand in. Rows of
// others go the long way.
const maxOrigins = 1 << 14

func newOrigins() *origins {
	return &origins{index: map[uint64]uint32{}, seed: maphash.MakeSeed()}
}

// is reports whether these are the origin's columns.
func (o *origin) is(who, what []byte) bool {
	return o.who == string(who) && o.what == string(what)
}

// find returns the origin of a row and its number, nil if it is not to be
// kept.
func (s *origins) find(q *quickRow, b *Builder) (o *origin, number uint32) {
	who, what := q.span(atClientIP, atServerHostname), q.span(atConnector, atEventID)
	recent := &s.recent[recentOrigin(who, what)]
	if int(*recent) < len(s.list) {
		if o := s.list[*recent]; o.is(who, what) {
			return o, *recent
		}
	}
	s.key = append(append(append(s.key[:0], who...), '\n'), what...)
	hash := maphash.Bytes(s.seed, s.key)
	number, ok := s.index[hash]
	if !ok {
		if len(s.list) >= maxOrigins {
			return nil, 0
		}
		number = uint32(len(s.list))
		s.list = append(s.list, newOrigin(q, b))
		s.index[hash] = number
	}
	*recent = number
	if o = s.list[number]; !o.is(who, what) {
		return nil, 0
	}
	return o, number
}

// recentOrigin tells most origins apart, by the middle of the columns, where the
// addresses of servers differ.
func recentOrigin(who, what []byte) uint64 {
	const spread1, spread2 = 0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f
	n := len(who)
	h := uint64(31*n+977*len(what)+7919*int(what[len(what)-1])) * spread1
	if n >= 12 {
		h += binary.LittleEndian.Uint64(who[n/2-4:])*spread1 + binary.LittleEndian.Uint64(who[n/3-4:])*spread2
	}
	return h >> (64 - 10)
}

func newOrigin(q *quickRow, b *Builder) *origin {
	o := &origin{
		who: string(q.span(atClientIP, atServerHostname)), what: string(q.span(atConnector, atEventID)),
	}
	o.clientIP, o.clientHostname, o.serverIP, o.serverHostname = fourOf(o.who)
	o.connector, o.source, o.event, _ = fourOf(o.what)
	for _, s := range [...]string{o.clientIP, o.clientHostname, o.serverIP, o.serverHostname, o.connector, o.source, o.event} {
		o.slow = o.slow || strings.HasPrefix(s, `"`)
	}
	o.eventID, o.sourceID = upper(o.event), upper(o.source)
	o.receive, o.sends = o.eventID == "RECEIVE", strings.HasPrefix(o.eventID, "SEND")
	e := o.head()
	o.server = e.writer()
	o.short, o.client = shortName(o.server), shortName(o.clientHostname)
	e.NetworkID = "-"
	o.part = e.part()
	var few bool
	o.place, few = b.common.number(o.short)
	// References and the names of other servers are not read on the short way.
	o.slow = o.slow || !few || o.sourceID == "TRACE" || o.eventID == "TRANSFER" || o.eventID == "SEND" && internalConnector(o.connector)
	o.general = effects[o.eventID]
	o.context = contextCounts(o.eventID)
	o.plain, o.rank = plainStepOf(e), uint8(e.rank())
	o.arrives = e.arrives() || e.shadow() || e.begins()
	o.demands = o.server != "" && !o.arrives && o.sourceID != "STOREDRIVER"
	o.stores = o.sourceID == "STOREDRIVER" && !e.shadow() && !e.arrives()
	return o
}

// fourOf parts up to four values.
func fourOf(s string) (first, second, third, fourth string) {
	first, s, _ = strings.Cut(s, ",")
	second, s, _ = strings.Cut(s, ",")
	third, fourth, _ = strings.Cut(s, ",")
	return first, second, third, fourth
}

// head returns an event of that origin.
func (o *origin) head() *Event {
	e := &Event{Number: -1}
	o.fill(e)
	return e
}

// fill fills in what the origin tells, but for the columns as logged.
func (o *origin) fill(e *Event) {
	e.ClientIP, e.ClientHostname, e.ServerIP, e.ServerHostname = o.clientIP, o.clientHostname, o.serverIP, o.serverHostname
	e.Connector = o.connector
	e.Source, e.EventID = o.sourceID, o.eventID
	e.Server, e.short, e.client = o.server, o.short, o.client
	e.general, e.log = o.general, o.part
	e.modern = true
}

// fillRaw fills in the origin's columns as logged.
func (o *origin) fillRaw(raw *[columnCount]string) {
	raw[colClientIP], raw[colClientHostname], raw[colServerIP], raw[colServerHostname] = o.clientIP, o.clientHostname, o.serverIP, o.serverHostname
	raw[colConnector], raw[colSource], raw[colEvent] = o.connector, o.source, o.event
}
