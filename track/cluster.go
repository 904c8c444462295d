package track

import (
	"hash/maphash"
	"math"
	"slices"
)

// clusters are the rows of unfinished messages, those that share an id
// together. Rows of different messages may be in one cluster; [Builder.split]
// tells them apart when all are there, so that their order does not matter.
type clusters struct {
	open  map[*cluster]struct{}
	byKey map[uint64]*cluster
	rows  int
	seed  maphash.Seed
	keys  []uint64 // of the row that is being added
	count uint64
}

func newClusters() *clusters {
	return &clusters{open: map[*cluster]struct{}{}, byKey: map[uint64]*cluster{}, seed: maphash.MakeSeed()}
}

// Kinds of keys.
const (
	keyNetwork = iota + 1
	keyName
	keyInternal
	keyMailbox
)

func (c *clusters) key(kind byte, server, id string) {
	var h maphash.Hash
	h.SetSeed(c.seed)
	h.WriteByte(kind)
	h.WriteString(server)
	h.WriteByte(0)
	h.WriteString(id)
	c.keys = append(c.keys, h.Sum64())
}

// find returns the cluster of the row, nil for a row that bears no id at all.
// Clusters that the row brings together become one.
func (c *clusters) find(e *Event) *cluster {
	c.keys = c.keys[:0]
	if e.NetworkID != "" {
		c.key(keyNetwork, "", e.NetworkID)
	}
	e.identify()
	for _, name := range e.names {
		c.key(keyName, "", name)
	}
	if e.InternalID != "" {
		server := shortName(e.Server)
		c.key(keyInternal, server, e.InternalID)
		if e.EventID == "TRANSFER" {
			for _, id := range e.References {
				c.key(keyInternal, server, id)
			}
		}
	}
	if m := e.mailboxEvent(); m != "" {
		c.key(keyMailbox, "", m)
	}
	if len(c.keys) == 0 {
		return nil
	}
	var found *cluster
	for _, k := range c.keys {
		switch other := c.byKey[k].current(); {
		case other == nil || other == found:
		case found == nil:
			found = other
		case len(other.rows) > len(found.rows):
			other.take(found)
			delete(c.open, found)
			found = other
		default:
			found.take(other)
			delete(c.open, other)
		}
	}
	if found == nil {
		c.count++
		found = &cluster{first: math.MaxInt64, last: math.MinInt64, recheck: math.MaxInt64, order: c.count}
		c.open[found] = struct{}{}
	}
	for _, k := range c.keys {
		if old := c.byKey[k]; old != found {
			c.byKey[k] = found
			if old == nil {
				found.keys = append(found.keys, k)
			}
		}
	}
	return found
}

// current returns the cluster that has c's rows now.
func (c *cluster) current() *cluster {
	for c != nil && c.into != nil {
		c = c.into
	}
	return c
}

// remove drops a cluster.
func (c *clusters) remove(cl *cluster) {
	c.rows -= len(cl.rows)
	delete(c.open, cl)
	for _, k := range cl.keys {
		delete(c.byKey, k)
	}
}

// oldest returns the clusters, those that have been silent longest first.
func (c *clusters) oldest() []*cluster {
	list := make([]*cluster, 0, len(c.open))
	for cl := range c.open {
		list = append(list, cl)
	}
	slices.SortFunc(list, func(a, b *cluster) int {
		if a.last != b.last {
			if a.last < b.last {
				return -1
			}
			return 1
		}
		return int(int64(a.order) - int64(b.order))
	})
	return list
}
