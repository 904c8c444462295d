package session

// The lists that a cluster can be in.
const (
	idleLink = iota // the clusters of a log
	waitLink        // the clusters with rows that wait
)

// A clusterList is a list of clusters in the order in which they were moved to
// its back.
type clusterList struct {
	front, back *cluster
	link        int
}

type clusterLink struct {
	prev, next *cluster
	in         bool
}

func (l *clusterList) moveToBack(c *cluster) {
	if l.back == c {
		return
	}
	l.remove(c)
	k := &c.links[l.link]
	*k = clusterLink{prev: l.back, in: true}
	if l.back != nil {
		l.back.links[l.link].next = c
	} else {
		l.front = c
	}
	l.back = c
}

func (l *clusterList) remove(c *cluster) {
	k := &c.links[l.link]
	if !k.in {
		return
	}
	if k.prev != nil {
		k.prev.links[l.link].next = k.next
	} else {
		l.front = k.next
	}
	if k.next != nil {
		k.next.links[l.link].prev = k.prev
	} else {
		l.back = k.prev
	}
	*k = clusterLink{}
}
