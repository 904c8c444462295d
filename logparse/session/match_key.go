package session

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A clusterKey is what the rows of one cluster have in common. Its bytes are
// borrowed from a row.
type clusterKey struct {
	log       *logClock
	direction outcome.Direction
	connector []byte
	remote    []byte // without its port
	helo      []byte
}

// withoutPort returns the host of "192.0.2.1:25" or "[2001:db8::1]:25"; what
// has no port comes back whole.
func withoutPort(remote []byte) []byte {
	if isDotted(remote) {
		return remote // as IIS logs it
	}
	colon := -1
	for i, c := range remote {
		switch {
		case c == ']':
			return remote[:i+1]
		case c == ':' && colon >= 0:
			if remote[0] != '[' {
				return remote // an IPv6 address
			}
		case c == ':':
			colon = i
		}
	}
	if colon > 0 && remote[0] != '[' {
		return remote[:colon]
	}
	return remote
}

// isDotted reports whether b has nothing but digits and dots.
func isDotted(b []byte) bool {
	for _, c := range b {
		if c > '9' || c < '.' {
			return false
		}
	}
	return true
}

// keySeed keeps those who choose hosts and names from choosing hashes.
var keySeed = rand.Uint64()

// hash returns a hash of the key.
func (k *clusterKey) hash() uint64 {
	h := hashWord(keySeed^uint64(k.log.log)<<8^uint64(k.direction), uint64(len(k.remote))<<32|uint64(len(k.helo)))
	h = hashBytes(h, k.remote)
	h = hashBytes(h, k.helo)
	return hashBytes(h, k.connector)
}

func hashBytes(h uint64, b []byte) uint64 {
	for ; len(b) >= 8; b = b[8:] {
		h = hashWord(h, binary.LittleEndian.Uint64(b))
	}
	return hashWord(h, lastWord(b))
}

// lastWord returns up to 7 bytes as a word.
func lastWord(b []byte) uint64 {
	switch n := len(b); {
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(b))<<32 | uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		return uint64(b[0])<<16 | uint64(b[n/2])<<8 | uint64(b[n-1])
	}
	return 0
}

func hashWord(h, x uint64) uint64 {
	high, low := bits.Mul64(h^0x9e3779b97f4a7c15, x^0xc2b2ae3d27d4eb4f)
	return high ^ low
}

// is reports whether c has the key.
func (c *cluster) is(k *clusterKey) bool {
	return c.log == k.log && c.holds(k.direction, k.remote, k.helo, k.connector)
}

// holds reports whether c has the key with these parts, whatever its log.
func (c *cluster) holds(direction outcome.Direction, remote, helo, connector []byte) bool {
	return c.direction == direction && string(c.key[:c.remote]) == string(remote) &&
		string(c.key[c.remote:c.helo]) == string(helo) && string(c.key[c.helo:]) == string(connector)
}

// A lateCluster is a cluster that had a row of late.
type lateCluster struct {
	peer    uint64   // the row's Record.Peer
	cluster *cluster // nil for none
	serial  uint64   // of the cluster then
}

// isOf reports whether the cluster is that of a record of the log.
func (l *lateCluster) isOf(clock *logClock, rec *logparse.Record) bool {
	c := l.cluster
	if c == nil || c.serial != l.serial || c.log != clock {
		return false
	}
	return l.peer != 0 && l.peer == rec.Peer() || c.holds(rec.Direction, rec.Remote, rec.Helo, rec.Connector)
}

// remember makes late the place of c, which has a row of the peer. A cluster that
// was there and has no connections is removed, so that there are few of those.
func (m *matcher) remember(late *lateCluster, c *cluster, peer uint64) {
	if before := late.cluster; before != nil && before != c && before.over && before.serial == late.serial {
		m.remove(before)
	}
	*late = lateCluster{peer, c, c.serial}
}

// lateClusters holds some of them.
type lateClusters [4096]lateCluster

// at returns where the cluster of a record is if it is there: by the peer's
// number, or else by a part of the key that is quick to tell apart.
func (t *lateClusters) at(rec *logparse.Record) *lateCluster {
	if n := rec.Peer(); n != 0 {
		return &t[n%uint64(len(t))]
	}
	x := uint64(len(rec.Remote))
	if n := len(rec.Remote); n >= 8 {
		x = binary.LittleEndian.Uint64(rec.Remote[n-8:])
	}
	high, low := bits.Mul64(x^keySeed, keyFactor+2*uint64(len(rec.Helo))<<8+2*uint64(rec.Direction))
	return &t[(high^low)%uint64(len(t))]
}

// keyFactor is odd.
const keyFactor = 0x9e3779b97f4a7c15

// setKey gives c the key.
func (c *cluster) setKey(k *clusterKey, hash uint64) {
	c.log, c.direction, c.hash, c.named = k.log, k.direction, hash, 0
	if c.key == nil {
		c.key = c.room[:0]
	}
	b := append(c.key[:0], k.remote...)
	c.remote = len(b)
	b = append(b, k.helo...)
	c.helo = len(b)
	c.key = append(b, k.connector...)
}

// A clusterTable holds clusters by the hash of their keys; those with the same
// one are linked.
type clusterTable map[uint64]*cluster

// find returns the cluster with the key, nil if there is none.
func (t clusterTable) find(k *clusterKey, hash uint64) *cluster {
	c := t[hash]
	for c != nil && !c.is(k) {
		c = c.same
	}
	return c
}

// add puts c in, which is not there.
func (t clusterTable) add(c *cluster) {
	c.same = t[c.hash]
	t[c.hash] = c
}

// remove takes c out.
func (t clusterTable) remove(c *cluster) {
	first := t[c.hash]
	switch {
	case first == c && c.same == nil:
		delete(t, c.hash)
	case first == c:
		t[c.hash] = c.same
	default:
		for first.same != c {
			first = first.same
		}
		first.same = c.same
	}
	c.same = nil
}
