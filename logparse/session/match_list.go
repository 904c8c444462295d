package session

// A clusterList is a list of clusters with rows that wait, in the order in
// which they were moved to its back.
type clusterList struct{ front, back *cluster }

type clusterLink struct {
	prev, next *cluster
	in         bool
}

func (l *clusterList) moveToBack(c *cluster) {
	if l.back == c {
		return
	}
	l.remove(c)
	c.link = clusterLink{prev: l.back, in: true}
	if l.back != nil {
		l.back.link.next = c
	} else {
		l.front = c
	}
	l.back = c
}

func (l *clusterList) remove(c *cluster) {
	k := &c.link
	if !k.in {
		return
	}
	if k.prev != nil {
		k.prev.link.next = k.next
	} else {
		l.front = k.next
	}
	if k.next != nil {
		k.next.link.prev = k.prev
	} else {
		l.back = k.prev
	}
	*k = clusterLink{}
}

// An idleList is the clusters of a log in the order of their last rows. Each
// row moves a cluster, so what links them lies close together, apart from the
// clusters.
type idleList struct {
	front, back int32 // ids of clusters, 0 for none
	links       []idleLink
	free        []int32
}

type idleLink struct {
	prev, next int32
	cluster    *cluster
}

// add puts a cluster at the back.
func (l *idleList) add(c *cluster) {
	if n := len(l.free); n > 0 {
		c.id, l.free = l.free[n-1], l.free[:n-1]
	} else {
		if len(l.links) == 0 {
			l.links = append(l.links, idleLink{}) // for none
		}
		c.id = int32(len(l.links))
		l.links = append(l.links, idleLink{})
	}
	l.links[c.id].cluster = c
	l.append(c.id)
}

func (l *idleList) append(id int32) {
	l.links[id].prev, l.links[id].next = l.back, 0
	if l.back != 0 {
		l.links[l.back].next = id
	} else {
		l.front = id
	}
	l.back = id
}

// moveToBack makes c the cluster with the last row.
func (l *idleList) moveToBack(c *cluster) {
	if l.back != c.id {
		l.unlink(c.id)
		l.append(c.id)
	}
}

// remove takes c out.
func (l *idleList) remove(c *cluster) {
	l.unlink(c.id)
	l.links[c.id] = idleLink{}
	l.free = append(l.free, c.id)
	c.id = 0
}

func (l *idleList) unlink(id int32) {
	k := l.links[id]
	if k.prev != 0 {
		l.links[k.prev].next = k.next
	} else {
		l.front = k.next
	}
	if k.next != 0 {
		l.links[k.next].prev = k.prev
	} else {
		l.back = k.prev
	}
}

// oldest returns the cluster that has been without a row for longest, nil for
// none.
func (l *idleList) oldest() *cluster {
	if l.front == 0 {
		return nil
	}
	return l.links[l.front].cluster
}
