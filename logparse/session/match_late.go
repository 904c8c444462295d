package session

// Most connections are over before anybody asks for their pace. What it is to be
// learnt from is kept until somebody does.

const (
	lateRows  = 32
	noBetween = 255
)

// A lateRow is what a row says about the pace of its connection.
type lateRow struct {
	bucket  uint8 // of the time since the row before
	between uint8 // rows of others since then, noBetween where they say nothing
}

// notice keeps what r says about c's pace. What we send ourselves says nothing
// about the peer.
func (c *conn) notice(r *matchRow, order int64) {
	if r.outbound && (!r.reply || c.waiting > 0 && c.wait[0].verb == verbEOM) {
		return
	}
	took := r.took
	if r.reply {
		took = -1
	}
	c.keepGap(c.gap(r), took, order)
}

// keepGap is notice for a row that comes so long after the last one. took is -1 where
// it says nothing about what came in between.
func (c *conn) keepGap(gap, took, order int64) {
	if gap < -resolution-slack {
		return
	}
	if c.lates == lateRows {
		c.catchUp()
	}
	late := lateRow{uint8(bucketOf(max(gap, -resolution))), noBetween}
	if gap <= resolution && took >= 0 && took < quick {
		late.between = uint8(upToMost(order - c.order - 1))
	}
	c.late[c.lates] = late
	c.lates++
}

// catchUp learns what has been kept.
func (c *conn) catchUp() {
	if c.lates > 0 {
		c.learnLate()
	}
}

func (c *conn) learnLate() {
	for _, late := range c.late[:c.lates] {
		c.pace.learn(late.bucket)
		if late.between != noBetween {
			c.recency.learn(late.between)
		}
	}
	c.lates = 0
	c.paced = 0
}
