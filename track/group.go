package track

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/smtplog/smtplog/logparse"
)

// Bounds of joining rows that no id of Exchange ties together.
const (
	// nearby is how far apart rows with one Message-ID may be where nothing
	// else says that they are of one mail.
	nearby = time.Hour

	// hopTime is how long a message may take from one server to the next, and
	// how far the clocks of two servers may be apart.
	hopTime = 15 * time.Minute

	maxNeighbours = 16 // pieces with the same Message-ID that each is compared with
)

// A group is the rows of one message.
type group struct {
	events   []*Event
	inferred bool // joined by Message-ID, sender and time
}

// split tells the messages in a cluster's rows apart. What it returns does not
// depend on the order of the rows.
func (a *assembler) split(c *cluster) []group {
	events := a.events.take(int(c.rows))
	a.b.clusters.unpack(c, events, a.packing)
	for _, e := range events {
		if !e.quick {
			e.short, e.client, e.log = a.short.of(e.Server), a.short.of(e.ClientHostname), e.part()
		}
	}
	events = order(events)
	one := oneNetworkID(events)
	if !one || !a.b.opt.VerdictsOnly {
		identify(events)
	}
	g := &a.grouping
	if one {
		return g.whole(events)
	}
	g.reset(events, int64(a.b.window))
	g.byNetworkID()
	g.byInternalID()
	g.byMailboxEvent()
	g.byReference()
	g.byReply()
	g.byName()
	return g.groups()
}

// oneNetworkID reports whether all events bear one network message id: nothing
// tells them apart then, and there is nothing to join them by.
func oneNetworkID(events []*Event) bool {
	id := events[0].NetworkID
	return id != "" && !slices.ContainsFunc(events, func(e *Event) bool { return e.NetworkID != id })
}

// identify notes the names of the events, most of which are those of the event
// before.
func identify(events []*Event) {
	for i, e := range events {
		if i > 0 && e.MessageID == events[i-1].MessageID && e.LinkedID == events[i-1].LinkedID {
			e.names = append(e.names[:0], events[i-1].names...)
			continue
		}
		e.identify()
	}
}

// order sorts events by time, and rows of the same time as they follow from
// each other. It drops second copies of a row from other files.
func order(events []*Event) []*Event {
	inSequence(events)
	if !slices.IsSortedFunc(events, compareEvents) {
		slices.SortFunc(events, compareEvents)
	}
	kept := events[:0]
	for _, e := range events {
		if n := len(kept); n > 0 && kept[n-1].Time == e.Time && kept[n-1].Pos.File != e.Pos.File && kept[n-1].raw == e.raw {
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

func compareEvents(x, y *Event) int {
	if x.when() != y.when() {
		return cmp.Compare(x.when(), y.when())
	}
	return cmp.Or(cmp.Compare(x.rank(), y.rank()), cmp.Compare(x.Server, y.Server), x.Pos.Compare(y.Pos), cmp.Compare(x.Pos.Offset, y.Pos.Offset))
}

// inSequence moves the rows of Exchange 5.5 on the time of the row before them
// in their file.
//
// QUIRK: Exchange 4.0 writes the rows of one message in different time zones;
// their order in the file is the true one.
func inSequence(events []*Event) {
	var old []*Event
	for _, e := range events {
		e.effective = e.Time.UnixNano()
		if e.Format == logparse.Tracking5 {
			old = append(old, e)
		}
	}
	slices.SortFunc(old, func(x, y *Event) int { return x.Pos.Compare(y.Pos) })
	for i, e := range old {
		if i > 0 && old[i-1].Pos.File == e.Pos.File && e.effective-old[i-1].effective > -int64(24*time.Hour) {
			e.effective = max(e.effective, old[i-1].effective)
		}
	}
}

// when returns the time by which the event is ordered.
func (e *Event) when() int64 { return e.effective }

var ranks = map[string]int{
	"NOTIFYMAPI": 1, "CLIENTSUBMISSION": 1, "SUBMIT": 2, "RECEIVE": 3, "HARECEIVE": 2, "HAREDIRECT": 4, "AGENTINFO": 5,
	"INITMESSAGECREATED": 6, "RESOLVE": 6, "EXPAND": 7, "REDIRECT": 7, "TRANSFER": 8, "PROCESS": 9, "DEFER": 10,
	"SEND": 11, "SENDEXTERNAL": 11, "DELIVER": 12, "DUPLICATEDELIVER": 13, "FAIL": 13, "DSN": 14, "HADISCARD": 15,
}

// rank orders events of the same moment.
func (e *Event) rank() int {
	if e.Source == "STOREDRIVER" && e.EventID == "RECEIVE" {
		return 1
	}
	if r, ok := ranks[e.EventID]; ok {
		return r
	}
	return 9
}

// A grouping joins events to messages: a union-find structure over the events
// in their order. It is used again for the next cluster.
type grouping struct {
	events   []*Event
	parent   []int
	network  []string // of the set, at its root
	inferred []bool   // of the set, at its root
	window   int64
	short    *shortNames

	at       []int // of each root, its place among the pieces or groups
	last     index[placeID]
	placed   index[placeID] // see places
	hasPlace bool
	names    index[string]
	pieces   []piece
	all      []group
	one      [1]group
}

// reset begins with the events, each a set of its own.
func (g *grouping) reset(events []*Event, window int64) {
	n := len(events)
	g.events, g.window, g.hasPlace = events, window, false
	g.parent, g.network, g.inferred, g.at = resized(g.parent, n), resized(g.network, n), resized(g.inferred, n), resized(g.at, n)
	for i, e := range events {
		g.parent[i], g.network[i], g.inferred[i] = i, e.NetworkID, false
	}
}

// whole returns the events as one message.
func (g *grouping) whole(events []*Event) []group {
	g.one[0] = group{events: events}
	return g.one[:]
}

func (g *grouping) root(i int) int {
	for g.parent[i] != i {
		g.parent[i] = g.parent[g.parent[i]]
		i = g.parent[i]
	}
	return i
}

// join makes one message of two.
func (g *grouping) join(i, j int) {
	i, j = g.root(i), g.root(j)
	if i == j {
		return
	}
	if j < i {
		i, j = j, i
	}
	g.parent[j] = i
	g.inferred[i] = g.inferred[i] || g.inferred[j]
	if g.network[i] == "" {
		g.network[i] = g.network[j]
	}
}

// compatible reports whether two events may be of one message: they do not
// name different ones.
func (g *grouping) compatible(i, j int) bool {
	a, b := g.network[g.root(i)], g.network[g.root(j)]
	return (a == "" || b == "" || a == b) && sameNames(g.events[i], g.events[j])
}

func sameNames(x, y *Event) bool {
	if len(x.names) == 0 || len(y.names) == 0 {
		return true
	}
	for _, name := range x.names {
		if slices.Contains(y.names, name) {
			return true
		}
	}
	return false
}

func (g *grouping) byNetworkID() {
	g.names.reset()
	for i, e := range g.events {
		if e.NetworkID == "" {
			continue
		}
		if first := g.names.at(e.NetworkID); len(first) > 0 {
			g.join(first[0], i)
		} else {
			g.names.add(e.NetworkID, i)
		}
	}
}

// A placeID is an internal id on a server.
type placeID struct{ server, id string }

// byInternalID joins rows with one internal id on one server. The id may come
// again later: rows that are a window apart do not belong together.
func (g *grouping) byInternalID() {
	g.last.reset()
	for i, e := range g.events {
		if e.InternalID != "" {
			g.link(placeID{e.place(), e.InternalID}, i)
		}
	}
}

// link joins event i with the latest compatible one of that key, and is found
// under it from then on.
func (g *grouping) link(at placeID, i int) {
	list := g.last.at(at)
	for k := len(list) - 1; k >= max(0, len(list)-maxNeighbours); k-- {
		j := list[k]
		if g.events[i].when()-g.events[j].when() <= g.window && g.compatible(i, j) {
			g.join(j, i)
			if len(g.events[i].names) <= len(g.events[j].names) {
				list[k] = i
				return
			}
			break
		}
	}
	g.last.add(at, i)
}

// byMailboxEvent joins what the store driver says of one submission; NOTIFYMAPI
// has no other id.
func (g *grouping) byMailboxEvent() {
	g.last.reset()
	for i, e := range g.events {
		if m := e.mailboxEvent(); m != "" {
			g.link(placeID{"", m}, i)
		}
	}
}

// byReference joins a fork with what it was made of: TRANSFER's reference is
// the internal id of that.
func (g *grouping) byReference() {
	for i, e := range g.events {
		if e.EventID != "TRANSFER" {
			continue
		}
		for _, id := range e.References {
			for _, j := range g.around(g.places(placeID{e.place(), id}), e.when()-g.window) {
				if abs(e.when()-g.events[j].when()) <= g.window && g.compatible(i, j) {
					g.join(i, j)
					break
				}
			}
		}
	}
}

// around returns the first of the events, which are in order, at that time or
// later: as many as are looked at.
func (g *grouping) around(list []int, from int64) []int {
	n, _ := slices.BinarySearchFunc(list, from, func(i int, from int64) int { return cmp.Compare(g.events[i].when(), from) })
	return list[n:min(len(list), n+4*maxNeighbours)]
}

// places returns the events with that internal id.
func (g *grouping) places(at placeID) []int {
	if !g.hasPlace {
		g.hasPlace = true
		g.placed.reset()
		for i, e := range g.events {
			if e.InternalID != "" {
				g.placed.add(placeID{e.place(), e.InternalID}, i)
			}
		}
	}
	return g.placed.at(at)
}

// byReply joins what was sent with what the next server has under the internal
// id that its reply named. That is so sure that it holds even where the next
// server gave the message another network message id.
func (g *grouping) byReply() {
	for i, e := range g.events {
		if e.RemoteInternalID == "" || e.RemoteServer == "" {
			continue
		}
		for _, j := range g.around(g.places(placeID{g.short.of(e.RemoteServer), e.RemoteInternalID}), e.when()-int64(hopTime)) {
			if abs(e.when()-g.events[j].when()) <= int64(hopTime) && sameNames(e, g.events[j]) {
				g.join(i, j)
				break
			}
		}
	}
}

// groups returns the messages, in the order of their first events.
func (g *grouping) groups() []group {
	all := g.all[:0]
	for i, e := range g.events {
		r := g.root(i)
		if r == i {
			g.at[r] = len(all)
			all = longer(all)
			all[g.at[r]] = group{events: all[g.at[r]].events[:0], inferred: g.inferred[r]}
		}
		k := g.at[r]
		all[k].events = append(all[k].events, e)
	}
	g.all = all
	return all
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// sameFold compares without case, and takes "" for unknown.
func sameFold(a, b string) bool { return a == "" || b == "" || strings.EqualFold(a, b) }
