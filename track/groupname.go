package track

import (
	"cmp"
	"slices"
	"strings"
)

// A piece is a part of a message that ids of Exchange hold together.
type piece struct {
	root        int
	first, last int64
	sender      string // the first SMTP address
	subject     string
	events      []int
	received    []int // its RECEIVE events with internal ids, at most maxReceived
}

const maxReceived = 64

// A pair is two pieces that may be of one message.
type pair struct {
	gap  int64
	a, b int
}

// byName joins pieces with the same Message-ID, the same sender and about the
// same time, the nearest first. Mails that share a Message-ID stay apart: their
// network ids, senders or subjects differ, the same server took both for the
// same recipient, or they are far apart.
func (g *grouping) byName() {
	if g.isWhole() {
		return
	}
	g.cut()
	pieces := g.pieces
	var pairs []pair
	for _, list := range g.names.all() {
		for i := range list {
			for _, k := range list[i+1 : min(len(list), i+1+maxNeighbours)] {
				if gap, ok := g.near(&pieces[list[i]], &pieces[k]); ok {
					pairs = append(pairs, pair{gap, list[i], k})
				}
			}
		}
	}
	if len(pairs) == 0 {
		return
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		return cmp.Or(cmp.Compare(x.gap, y.gap), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	members := make(map[int][]int) // of the sets, by their roots
	for i := range pieces {
		members[pieces[i].root] = []int{i}
	}
	for _, p := range pairs {
		i, j := g.root(pieces[p.a].root), g.root(pieces[p.b].root)
		if i == j || !g.mayJoin(pieces, members[i], members[j]) {
			continue
		}
		both := append(slices.Clone(members[i]), members[j]...)
		g.join(i, j)
		r := g.root(i)
		g.inferred[r] = true
		delete(members, i)
		delete(members, j)
		members[r] = both
	}
}

// isWhole reports whether all events are of one set.
func (g *grouping) isWhole() bool {
	for i := range g.events {
		if g.root(i) != 0 {
			return false
		}
	}
	return true
}

// cut notes the sets of the grouping in the order of their first events, and
// under each name the places of those that bear it.
func (g *grouping) cut() {
	g.names.reset()
	pieces := g.pieces[:0]
	for i, e := range g.events {
		r := g.root(i)
		if r == i {
			g.at[r] = len(pieces)
			pieces = longer(pieces)
			old := &pieces[g.at[r]]
			*old = piece{root: r, first: e.when(), last: e.when(), events: old.events[:0], received: old.received[:0]}
		}
		k := g.at[r]
		p := &pieces[k]
		p.first, p.last = min(p.first, e.when()), max(p.last, e.when())
		p.events = append(p.events, i)
		if e.EventID == "RECEIVE" && e.InternalID != "" && len(e.Recipients) > 0 && len(p.received) < maxReceived {
			p.received = append(p.received, i)
		}
		if p.sender == "" && strings.Contains(e.Sender, "@") {
			p.sender = addressKey(e.Sender)
		}
		if p.subject == "" {
			p.subject = e.Subject
		}
		for _, name := range e.names {
			if list := g.names.at(name); len(list) == 0 || list[len(list)-1] != k && !slices.Contains(list[max(0, len(list)-maxNeighbours):], k) {
				g.names.add(name, k)
			}
		}
	}
	g.pieces = pieces
}

// near returns how far apart two pieces are, and whether that is near enough.
func (g *grouping) near(a, b *piece) (gap int64, ok bool) {
	gap = max(0, b.first-a.last, a.first-b.last)
	switch {
	case gap <= int64(nearby):
		return gap, true
	case gap > g.window:
		return gap, false
	}
	if a.first > b.first {
		a, b = b, a
	}
	return gap, g.goesOn(a, b)
}

// goesOn reports whether piece b begins with what the servers of piece a did:
// the message waited there.
func (g *grouping) goesOn(a, b *piece) bool {
	first := g.events[b.events[0]]
	if first.arrives() && !slices.ContainsFunc(a.events, func(i int) bool {
		e := g.events[i]
		return sameServer(e.Server, first.ClientHostname) || strings.HasPrefix(e.EventID, "SEND") && sameServer(e.RemoteServer, first.ClientHostname)
	}) {
		return false
	}
	return g.overlap(a, b)
}

// arrives reports whether the event is the beginning of a message on a server.
func (e *Event) arrives() bool {
	switch e.EventID {
	case "RECEIVE", "SUBMIT", "CLIENTSUBMISSION", "NOTIFYMAPI":
		return true
	}
	return false
}

// overlap reports whether two pieces have a recipient in common.
func (g *grouping) overlap(a, b *piece) bool {
	seen := map[string]bool{}
	for _, i := range a.events {
		for _, r := range g.events[i].Recipients {
			seen[addressKey(r.Address)] = true
		}
	}
	for _, i := range b.events {
		for _, r := range g.events[i].Recipients {
			if seen[addressKey(r.Address)] {
				return true
			}
		}
	}
	return false
}

// mayJoin reports whether nothing speaks against making one message of two sets
// of pieces.
func (g *grouping) mayJoin(pieces []piece, x, y []int) bool {
	a, b := g.network[g.root(pieces[x[0]].root)], g.network[g.root(pieces[y[0]].root)]
	if a != "" && b != "" && a != b || len(x) > maxNeighbours || len(y) > maxNeighbours {
		return false
	}
	for _, i := range x {
		for _, j := range y {
			p, q := &pieces[i], &pieces[j]
			if !sameFold(p.sender, q.sender) || !sameSubject(p.subject, q.subject) || g.twice(p, q) {
				return false
			}
		}
	}
	return true
}

// sameSubject compares subjects; transport rules put words in front. What is
// not ASCII does not count: older logs have it in a code page, or as "?".
func sameSubject(a, b string) bool {
	if a == "" || b == "" || a == b {
		return true
	}
	a, b = plain(a), plain(b)
	return strings.HasSuffix(a, b) || strings.HasSuffix(b, a)
}

// plain returns the ASCII of a subject in lower case, without "?".
func plain(subject string) string {
	b := make([]byte, 0, len(subject))
	for i := range len(subject) {
		if c := subject[i]; c < 0x80 && c != '?' {
			b = append(b, lowerByte(c))
		}
	}
	return string(b)
}

// twice reports whether one server took the message for the same recipient in
// both pieces, under different internal ids: those are two mails.
func (g *grouping) twice(a, b *piece) bool {
	for _, i := range a.received {
		x := g.events[i]
		for _, j := range b.received {
			y := g.events[j]
			if y.Source == x.Source && y.InternalID != x.InternalID && sameServer(x.Server, y.Server) && commonRecipient(x, y) {
				return true
			}
		}
	}
	return false
}

func commonRecipient(x, y *Event) bool {
	if len(x.Recipients)*len(y.Recipients) <= 64 {
		for _, r := range x.Recipients {
			for _, s := range y.Recipients {
				if r.Address == s.Address || strings.EqualFold(r.Address, s.Address) {
					return true
				}
			}
		}
		return false
	}
	seen := make(map[string]bool, len(x.Recipients))
	for _, r := range x.Recipients {
		seen[addressKey(r.Address)] = true
	}
	return slices.ContainsFunc(y.Recipients, func(r Recipient) bool { return seen[addressKey(r.Address)] })
}
