package session

import (
	"math"

	"github.com/smtplog/smtplog/reply"
)

// Nearly all rows are the next step of the only open connection of their
// cluster. For those the matcher need not weigh anything: surely finds
// that collect would keep this one candidate alone. For what comes in it multiplies
// likelihoods where fit adds their logarithms, and leaves to collect what is
// close.

// certain is by how much a likelihood must be greater than what plain asks for,
// so that the rounding of either does not matter.
const certain = 1.0001

var (
	// surelyNext is how likely the next row of a connection must be when one
	// that begins with it began before the log.
	surelyNext = certain * math.Exp(prune-logVanished+logStartCut)
	// surelyQuit is the same for QUIT, compared to how likely the length of a
	// session is that has nothing else.
	surelyQuit = certain * math.Exp(prune-logVanished+logStartOdd-4)

	// surelyBy is the same for any row, as logarithms.
	surelyBy = prune - logVanished + math.Log(certain)

	likelyElsewhere = math.Exp(logElsewhere)
	likelyUnsized   = math.Exp(-4)
)

// surely reports whether r is so likely to be c's next row that nothing else
// comes into question. c is the only connection.
func (c *conn) surely(r *matchRow, order int64, h *habits) bool {
	switch {
	case r.outbound && !r.info:
		// There is no other connection that this one could overtake.
		return c.fit(r, order, h) > r.starts()+surelyBy
	case !r.timed || !c.timed || r.info || r.bdat || r.code == 503:
		return false
	}
	likely := nextVerb[c.stage][r.verb]
	if likely < 0.01 {
		return false
	}
	likely = (verbPrior*likely + float64(h.verbs[c.stage][r.verb])) / (verbPrior + float64(h.total[c.stage]))
	limit := surelyNext
	switch r.verb {
	case verbHelo, verbEhlo, verbOther:
		return false
	case verbTLS:
		if c.tls {
			return false
		}
	case verbQuit:
		const quitBytes, vanished = 4, 0.03
		switch {
		case r.in < 0 || c.in < 0:
			likely = max(likely, vanished)
		case r.in != quitBytes:
			return false
		}
		if r.name != 0 && c.name != 0 && r.name != c.name {
			return false
		}
		limit = surelyQuit
		if r.length > 0 {
			if c.cut {
				return false
			}
			greet := &gaps().greet
			likely *= greet.likely(c.begin-(r.at-r.length), greetFloor)
			limit *= greet.likely(r.length-resolution, greetFloor)
		}
	case verbData:
		// At worst the size speaks against c.
		if r.size > 0 && c.size > 0 && r.code.Class() != reply.Permanent &&
			(float64(r.size) > 1.6*float64(c.size) || float64(r.size) < 0.62*float64(c.size)) {
			likely *= likelyUnsized
		}
	}
	gap := c.gap(r)
	if r.verb == verbData && r.took < 0 {
		likely *= gaps().transfer.likely(gap, gapFloor)
	} else {
		likely *= c.pace.likely(gap)
	}
	if likely <= limit {
		return false
	}
	switch between := order - c.order - 1; {
	case gap > resolution:
		likely *= likelyElsewhere
	case r.took >= 0 && r.took < quick:
		likely *= c.recency.likely(between)
	default:
		likely *= c.recency.likelyUpTo(between)
	}
	return likely > limit
}
