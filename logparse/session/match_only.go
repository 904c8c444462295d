package session

import (
	"math"

	"github.com/smtplog/smtplog/reply"
)

// Where several connections are open, most of them cannot say what a row says.
// Of what is left one alone is no question either.

// nowhere and anew are what only returns instead of a connection.
const (
	nowhere = -2 // it is to be weighed
	anew    = -1 // r begins a connection
)

// only returns where the row under way goes, nowhere if that is to be weighed.
func (m *matcher) only(c *cluster) int {
	if len(c.hypotheses) > 1 || c.oldest != nil {
		return nowhere
	}
	if c.several(&m.row) && m.row.verb.greets() {
		return nowhere
	}
	h := c.hypotheses[0]
	m.work += int64(len(h.conns)) + 1
	return h.only(&m.row)
}

// only returns the connection of h that surely says r while no other may, or
// anew.
func (h *hypothesis) only(r *matchRow) int {
	found := anew
	for j := range h.conns {
		c := &h.conns[j]
		switch {
		case c.forgotten(r) || !c.may(r):
		case found != anew || !c.surely(r):
			return nowhere
		default:
			found = j
		}
	}
	if found == anew && !h.begins(r) {
		return nowhere
	}
	return found
}

// begins reports whether r is how connections begin and nothing that one of h's,
// given up or not, might say.
func (h *hypothesis) begins(r *matchRow) bool {
	switch {
	case !r.timed || r.info:
		return false
	case r.reply:
		return r.code == 220 && r.hint != verbTLS
	case r.outbound || !r.verb.greets():
		return false
	}
	for j := range h.conns {
		if c := &h.conns[j]; !c.timed || c.gap(r) <= soon || !c.lost(r) {
			return false
		}
	}
	return true
}

// may reports whether c may say r without surprise.
func (c *conn) may(r *matchRow) bool {
	switch {
	case r.info || r.code == 503:
		return true
	case r.reply:
		return c.waiting > 0 && logCode(c.wait[0].verb, r.code) > impossible || c.waiting == 0 && (r.code == 0 || r.code.Class() != reply.OK)
	case r.outbound && c.waiting > 0:
		return r.verb == verbQuit || r.verb == verbReset || c.pipelines(r.verb)
	}
	return nextVerb[c.stage][r.verb] > never || c.continues(r)
}

// lost reports whether c has been silent for so long, until r began, that no
// more is expected of it.
func (c *conn) lost(r *matchRow) bool {
	return r.timed && c.timed && c.gap(r) > resolution && c.gap(r) > c.waits()
}

// waits returns how long c may be silent, in milliseconds of logged time, until it
// is lost.
func (c *conn) waits() int64 {
	if c.patience == 0 {
		c.patience = c.longest()
	}
	return c.patience
}

// longest returns how long c may be without a row, in milliseconds of logged
// time, until it is lost.
func (c *conn) longest() int64 {
	if c.awaits == awaitTransfer {
		return resolution + longTransfer
	}
	return resolution + int64(math.Exp(c.logUsual()+3*silentSpread))
}

// mayJoin is how much less likely than anything else it may be that a row begins
// a connection, as a logarithm, to count as one that may have.
const mayJoin = 2.0

// joins reports whether the row under way may begin a connection while another
// is under way.
func (b *beam) joins(c *cluster, r *matchRow) bool {
	for _, x := range b.candidates {
		if x.conn >= 0 || x.rank < b.candidates[0].rank-mayJoin {
			continue
		}
		for j := range c.hypotheses[x.hypothesis].conns {
			if !c.hypotheses[x.hypothesis].conns[j].lost(r) {
				return true
			}
		}
	}
	return false
}
