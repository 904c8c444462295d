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
func (b *Builder) split(c *cluster) []group {
	events := b.events.take(len(c.rows))
	texts := string(c.text)
	for i, e := range events {
		c.unpack(i, e, texts, b.common)
		e.short = b.clusters.short.of(e.Server)
		e.identify()
	}
	events = order(events)
	if one := oneNetworkID(events); one {
		b.single[0] = group{events: events}
		return b.single[:]
	}
	g := newGrouping(events, int64(b.window))
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
// in their order.
type grouping struct {
	events   []*Event
	parent   []int
	network  []string // of the set, at its root
	inferred []bool   // of the set, at its root
	window   int64
}

func newGrouping(events []*Event, window int64) *grouping {
	g := &grouping{events: events, parent: make([]int, len(events)), network: make([]string, len(events)),
		inferred: make([]bool, len(events)), window: window}
	for i, e := range events {
		g.parent[i], g.network[i] = i, e.NetworkID
	}
	return g
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
	first := map[string]int{}
	for i, e := range g.events {
		if e.NetworkID == "" {
			continue
		}
		if j, ok := first[e.NetworkID]; ok {
			g.join(j, i)
		} else {
			first[e.NetworkID] = i
		}
	}
}

// A placeID is an internal id on a server.
type placeID struct{ server, id string }

// byInternalID joins rows with one internal id on one server. The id may come
// again later: rows that are a window apart do not belong together.
func (g *grouping) byInternalID() {
	last := map[placeID][]int{}
	for i, e := range g.events {
		if e.InternalID == "" {
			continue
		}
		at := placeID{e.place(), e.InternalID}
		g.link(last, at, i)
	}
}

// link joins event i with the latest compatible one of that key, and is found
// under it from then on.
func (g *grouping) link(last map[placeID][]int, at placeID, i int) {
	list := last[at]
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
	last[at] = append(list, i)
}

// byMailboxEvent joins what the store driver says of one submission; NOTIFYMAPI
// has no other id.
func (g *grouping) byMailboxEvent() {
	last := map[placeID][]int{}
	for i, e := range g.events {
		if m := e.mailboxEvent(); m != "" {
			g.link(last, placeID{"", m}, i)
		}
	}
}

// byReference joins a fork with what it was made of: TRANSFER's reference is
// the internal id of that.
func (g *grouping) byReference() {
	var byID map[placeID][]int
	for i, e := range g.events {
		if e.EventID != "TRANSFER" || len(e.References) == 0 {
			continue
		}
		if byID == nil {
			byID = g.places()
		}
		for _, id := range e.References {
			for _, j := range g.around(byID[placeID{e.place(), id}], e.when()-g.window) {
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

func (g *grouping) places() map[placeID][]int {
	byID := map[placeID][]int{}
	for i, e := range g.events {
		if e.InternalID != "" {
			at := placeID{e.place(), e.InternalID}
			byID[at] = append(byID[at], i)
		}
	}
	return byID
}

// byReply joins what was sent with what the next server has under the internal
// id that its reply named. That is so sure that it holds even where the next
// server gave the message another network message id.
func (g *grouping) byReply() {
	byID := g.places()
	for i, e := range g.events {
		if e.RemoteInternalID == "" || e.RemoteServer == "" {
			continue
		}
		for _, j := range g.around(byID[placeID{shortName(e.RemoteServer), e.RemoteInternalID}], e.when()-int64(hopTime)) {
			if abs(e.when()-g.events[j].when()) <= int64(hopTime) && sameNames(e, g.events[j]) {
				g.join(i, j)
				break
			}
		}
	}
}

// groups returns the messages, in the order of their first events.
func (g *grouping) groups() []group {
	place := map[int]int{}
	var all []group
	for i, e := range g.events {
		r := g.root(i)
		k, ok := place[r]
		if !ok {
			k = len(all)
			place[r] = k
			all = append(all, group{inferred: g.inferred[r]})
		}
		all[k].events = append(all[k].events, e)
	}
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
