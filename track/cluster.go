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
	blocks [][]cluster // clusterBlock each, by their numbers
	spare  []uint32    // numbers to be used again
	open   []openCluster
	byKey  keyTable
	extras map[uint32]*extra
	arena  arena
	packer packer
	brief  bool // rows of the short way are packed in brief
	oneLog bool // and need no digest
	rows   int
	bytes  int64 // of their rows, packed
	count  uint64
	last   uint32   // the number of the cluster of the row before, plus one; 0 if it is gone
	late   []latest // of clusters that had rows lately, by their numbers

	closing bool // no row comes any more

	seeds   [kinds]maphash.Seed
	short   shortNames
	keys    []uint64 // of the row that is being added
	scratch []byte

	lateRows *lateRows

	fetched uint32 // what was read ahead comes to
}

// An openCluster is a cluster with rows, and the time before which nothing of
// it can be over.
type openCluster struct {
	recheck int64
	number  uint32
}

// clusterBlock is how many clusters are allocated together.
const clusterBlock = 1024

// at returns the cluster of that number.
func (c *clusters) at(number uint32) *cluster {
	return &c.blocks[number/clusterBlock][number%clusterBlock]
}

// Kinds of keys.
const (
	keyNetwork = iota
	keyName
	keyInternal
	keyMailbox
	kinds
)

func newClusters() *clusters {
	c := &clusters{extras: map[uint32]*extra{}, late: make([]latest, lateClusters), lateRows: new(lateRows)}
	c.byKey.holds = c.holds
	for i := range c.seeds {
		c.seeds[i] = maphash.MakeSeed()
	}
	return c
}

// note adds the key of an id, if there is one, to those of the row.
func (c *clusters) note(kind int, id []byte) {
	if cap(id) > cap(c.scratch) {
		c.scratch = id[:0]
	}
	if len(id) > 0 {
		c.keys = append(c.keys, maphash.Bytes(c.seeds[kind], id))
	}
}

// fetch reads ahead what finishing the clusters will read. They lie anywhere in
// memory: one after the other each would have to be waited for.
func (c *clusters) fetch(list []*cluster) {
	for _, cl := range list {
		if rows := c.arena.bytes(&cl.data); len(rows) > 0 {
			c.fetched += uint32(rows[0]) + uint32(rows[len(rows)/2]) + uint32(rows[len(rows)-1])
		}
		c.fetchKeys(cl.keys[:cl.keyCount])
	}
}

// fetchKeys reads ahead where keys are looked up.
func (c *clusters) fetchKeys(keys []uint64) {
	for _, k := range keys {
		c.fetched += c.byKey.touch(k)
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
	if last := c.latest(); last != nil && last.has(c.keys[0]) {
		found = last
	}
	for _, k := range c.keys {
		if found != nil && found.has(k) {
			continue
		}
		switch other := c.byID(k); {
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
		if c.byKey.add(k, found.number) {
			c.addKey(found, k)
		}
	}
	// As long as all rows bear one, its key is the first.
	if !hasNetwork || found.rows > 0 && found.keys[0] != c.keys[0] {
		found.mixed = true
	}
	c.last = found.number + 1
	return found
}

// byID returns the cluster with that key, nil if there is none.
func (c *clusters) byID(key uint64) *cluster {
	if n, ok := c.byKey.get(key); ok {
		return c.at(n)
	}
	return nil
}

// latest returns the cluster of the row before, nil if it is gone.
func (c *clusters) latest() *cluster {
	if c.last == 0 {
		return nil
	}
	return c.at(c.last - 1)
}

// has reports whether k is one of the cluster's first keys.
func (c *cluster) has(k uint64) bool {
	for _, known := range c.keys[:c.keyCount] {
		if known == k {
			return true
		}
	}
	return false
}

// holds reports whether k is one of the keys of the cluster with that number.
func (c *clusters) holds(number uint32, k uint64) bool {
	cl := c.at(number)
	return cl.has(k) || cl.hasExtra && slices.Contains(c.extras[number].keys, k)
}

// addKey notes a key of the cluster.
func (c *clusters) addKey(cl *cluster, k uint64) {
	if int(cl.keyCount) < len(cl.keys) {
		cl.keys[cl.keyCount] = k
		cl.keyCount++
		return
	}
	x := c.extra(cl)
	x.keys = append(x.keys, k)
}

// extra returns what few clusters have.
func (c *clusters) extra(cl *cluster) *extra {
	if !cl.hasExtra {
		cl.hasExtra = true
		c.extras[cl.number] = new(extra)
	}
	return c.extras[cl.number]
}

// eachKey calls each for every key of the cluster.
func (c *clusters) eachKey(cl *cluster, each func(k uint64)) {
	for _, k := range cl.keys[:cl.keyCount] {
		each(k)
	}
	if cl.hasExtra {
		for _, k := range c.extras[cl.number].keys {
			each(k)
		}
	}
}

// add opens a cluster.
func (c *clusters) add() *cluster {
	if len(c.spare) == 0 {
		n := len(c.blocks) * clusterBlock
		c.blocks = append(c.blocks, make([]cluster, clusterBlock))
		for i := clusterBlock - 1; i >= 0; i-- {
			c.spare = append(c.spare, uint32(n+i))
		}
	}
	last := len(c.spare) - 1
	number := c.spare[last]
	c.spare = c.spare[:last]
	cl := c.at(number)
	c.count++
	*cl = cluster{number: number, place: uint32(len(c.open)), order: c.count, first: math.MaxInt64, last: math.MinInt64}
	if len(c.open) == cap(c.open) {
		c.open = slices.Grow(c.open, len(c.open)+clusterBlock) // append would make it longer by a quarter, again and again
	}
	c.open = append(c.open, openCluster{math.MaxInt64, number})
	return cl
}

// clusterSize is about what a cluster takes beside its rows.
const clusterSize = 512

// held returns about how much memory the clusters take.
func (c *clusters) held() int64 { return c.bytes + int64(len(c.open))*clusterSize }

// merge moves the rows of d to cl.
func (c *clusters) merge(cl, d *cluster) {
	recheck := &c.open[cl.place].recheck
	*recheck = min(*recheck, c.open[d.place].recheck)
	c.eachKey(d, func(k uint64) {
		c.byKey.move(k, cl.number)
		c.addKey(cl, k)
	})
	c.bytes -= int64(cl.data.room + d.data.room)
	c.take(cl, d)
	c.bytes += int64(cl.data.room)
	c.drop(d)
}

// remove drops a cluster.
func (c *clusters) remove(cl *cluster) {
	c.rows -= int(cl.rows)
	c.bytes -= int64(cl.data.room)
	if !c.closing {
		c.eachKey(cl, c.byKey.remove)
	}
	c.drop(cl)
}

// close says that no row comes any more.
func (c *clusters) close() {
	c.closing, c.byKey = true, keyTable{}
	c.arena.close()
}

// drop takes a cluster whose rows are no longer there from the open ones.
func (c *clusters) drop(cl *cluster) {
	last := len(c.open) - 1
	c.open[cl.place] = c.open[last]
	c.at(c.open[cl.place].number).place = cl.place
	c.open = c.open[:last]
	if c.last == cl.number+1 {
		c.last = 0
	}
	c.arena.give(&cl.data)
	c.forget(cl) // no late row is in it
	if cl.hasExtra {
		delete(c.extras, cl.number)
	}
	c.spare = append(c.spare, cl.number)
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
		list = append(list, c.at(o.number))
	}
	slices.SortFunc(list, order)
	return list
}

// firstBegun orders clusters by their first rows.
func firstBegun(x, y *cluster) int {
	return cmp.Or(cmp.Compare(x.first, y.first), cmp.Compare(x.order, y.order))
}

// longestSilent orders clusters by their last rows.
func longestSilent(x, y *cluster) int {
	return cmp.Or(cmp.Compare(x.last, y.last), cmp.Compare(x.order, y.order))
}
