package track

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
)

// clusters are the rows of unfinished messages, those that share an id
// together. Rows of different messages may be in one cluster; [Builder.split]
// tells them apart when all are there, so that their order does not matter.
type clusters struct {
	open  []openCluster
	byKey map[uint64]*cluster
	rows  int
	bytes int64 // of their rows, packed
	count uint64
	spare []*cluster // to be used again
	last  *cluster   // of the row before

	seeds   [kinds]maphash.Seed
	short   shortNames
	keys    []uint64 // of the row that is being added
	scratch []byte

	network    []byte // of the row before on the short way
	networkKey uint64
}

// An openCluster is a cluster with rows, and the time before which nothing of
// it can be over.
type openCluster struct {
	*cluster
	recheck int64
}

// maxSpare bounds the clusters that are kept to be used again.
const maxSpare = 1024

// Kinds of keys.
const (
	keyNetwork = iota
	keyName
	keyInternal
	keyMailbox
	kinds
)

func newClusters() *clusters {
	c := &clusters{byKey: map[uint64]*cluster{}}
	for i := range c.seeds {
		c.seeds[i] = maphash.MakeSeed()
	}
	return c
}

// note adds the key of an id, if there is one, to those of the row.
func (c *clusters) note(kind int, id []byte) {
	c.scratch = id[:0]
	if len(id) > 0 {
		c.keys = append(c.keys, maphash.Bytes(c.seeds[kind], id))
	}
}

// identify notes the keys of the row.
func (c *clusters) identify(e *Event) {
	c.keys = c.keys[:0]
	c.note(keyNetwork, append(c.scratch, e.NetworkID...))
	c.note(keyName, appendLower(c.scratch, bareName(e.MessageID)))
	c.note(keyName, appendLower(c.scratch, bareName(e.LinkedID)))
	if e.InternalID != "" {
		c.noteInternal(e, e.InternalID)
		if e.EventID == "TRANSFER" {
			for _, id := range e.References {
				c.noteInternal(e, id)
			}
		}
	}
	c.note(keyMailbox, e.appendMailboxEvent(c.scratch))
}

// noteInternal notes the key of an internal id on the row's server.
func (c *clusters) noteInternal(e *Event, id string) {
	b := append(c.scratch, c.short.of(e.Server)...)
	c.note(keyInternal, append(append(b, 0), id...))
}

// find returns the cluster of the row, nil for a row that bears no id at all.
// Clusters that the row brings together become one.
func (c *clusters) find(e *Event) *cluster {
	c.identify(e)
	if len(c.keys) == 0 {
		return nil
	}
	return c.locate(e.NetworkID != "")
}

// locate is find for a row with these keys, the first of which is that of its
// network message id if it has one.
func (c *clusters) locate(hasNetwork bool) *cluster {
	var found *cluster
	if c.last != nil && c.last.has(c.keys[0]) {
		found = c.last
	}
	for _, k := range c.keys {
		if found != nil && found.has(k) {
			continue
		}
		switch other := c.byKey[k]; {
		case other == nil || other == found:
		case found == nil:
			found = other
		case other.rows > found.rows:
			c.merge(other, found)
			found = other
		default:
			c.merge(found, other)
		}
	}
	if found == nil {
		found = c.add()
	}
	for _, k := range c.keys {
		if found.has(k) {
			continue
		}
		if c.byKey[k] == nil {
			c.byKey[k] = found
			found.keys = append(found.keys, k)
		}
	}
	if !hasNetwork || found.rows > 0 && found.network != c.keys[0] {
		found.mixed = true
	}
	found.network = c.keys[0]
	c.last = found
	return found
}

// has reports whether k is one of the cluster's latest keys.
func (c *cluster) has(k uint64) bool {
	for i := len(c.keys) - 1; i >= max(0, len(c.keys)-16); i-- {
		if c.keys[i] == k {
			return true
		}
	}
	return false
}

// add opens a cluster.
func (c *clusters) add() *cluster {
	var cl *cluster
	if n := len(c.spare); n > 0 {
		cl, c.spare = c.spare[n-1], c.spare[:n-1]
	} else {
		cl = new(cluster)
		cl.reset()
	}
	c.count++
	cl.order, cl.place = c.count, len(c.open)
	c.open = append(c.open, openCluster{cl, math.MaxInt64})
	return cl
}

// clusterSize is about what a cluster takes beside its rows.
const clusterSize = 1 << 10

// held returns about how much memory the clusters take.
func (c *clusters) held() int64 { return c.bytes + int64(len(c.open))*clusterSize }

// merge moves the rows of d to cl.
func (c *clusters) merge(cl, d *cluster) {
	recheck := &c.open[cl.place].recheck
	*recheck = min(*recheck, c.open[d.place].recheck)
	for _, k := range d.keys {
		c.byKey[k] = cl
	}
	cl.take(d)
	c.close(d)
}

// remove drops a cluster.
func (c *clusters) remove(cl *cluster) {
	c.rows -= cl.rows
	c.bytes -= int64(len(cl.data))
	for _, k := range cl.keys {
		delete(c.byKey, k)
	}
	c.close(cl)
}

// close takes a cluster whose rows are no longer there from the open ones.
func (c *clusters) close(cl *cluster) {
	last := len(c.open) - 1
	c.open[cl.place] = c.open[last]
	c.open[cl.place].place = cl.place
	c.open[last] = openCluster{}
	c.open = c.open[:last]
	if c.last == cl {
		c.last = nil
	}
	if len(c.spare) < maxSpare {
		cl.reset()
		c.spare = append(c.spare, cl)
	}
}

// hasten sees to it that the cluster is looked at when the watermark is at t.
func (c *clusters) hasten(cl *cluster, t int64) {
	recheck := &c.open[cl.place].recheck
	*recheck = min(*recheck, t)
}

// sorted returns the clusters in an order.
func (c *clusters) sorted(order func(x, y *cluster) int) []*cluster {
	list := make([]*cluster, 0, len(c.open))
	for _, o := range c.open {
		list = append(list, o.cluster)
	}
	slices.SortFunc(list, order)
	return list
}

// longestSilent orders clusters by their last rows.
func longestSilent(x, y *cluster) int {
	return cmp.Or(cmp.Compare(x.last, y.last), cmp.Compare(x.order, y.order))
}
