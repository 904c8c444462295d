package session

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"

	"github.com/smtplog/smtplog/logparse"
)

// A key is what tells a session with an id from others: format, id and remote
// end. It holds ids of 16 bytes, as Exchange writes them, with remote ends of 8
// to 24 bytes, and so compares in a few words. Width is 0 where they are of
// another size; the state then has both as strings.
type key struct {
	id1, id2                  uint64
	remote1, remote2, remote3 uint64
	log                       logparse.Format // its format
	width                     uint8           // of the remote end
}

const idWidth, minRemote, maxRemote = 16, 8, 24

// set makes k the key of a session.
func (k *key) set(format logparse.Format, id, remote []byte) {
	n := len(remote)
	if len(id) != idWidth || n < minRemote || n > maxRemote {
		k.width = 0
		return
	}
	k.log, k.width = format, uint8(n)
	k.id1, k.id2 = binary.LittleEndian.Uint64(id), binary.LittleEndian.Uint64(id[8:])
	// The words overlap where the remote end does not fill them.
	k.remote1, k.remote3 = binary.LittleEndian.Uint64(remote), binary.LittleEndian.Uint64(remote[n-8:])
	k.remote2 = 0
	if n > 16 {
		k.remote2 = binary.LittleEndian.Uint64(remote[8:])
	}
}

// is compares keys that are set. Sessions of one time differ at the end of
// their ids.
func (k *key) is(other *key) bool {
	return k.id2 == other.id2 && k.remote3 == other.remote3 &&
		(k.id1^other.id1)|(k.remote1^other.remote1)|(k.remote2^other.remote2) == 0 && k.width == other.width && k.log == other.log
}

// appendID appends the id.
func (k *key) appendID(b []byte) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, k.id1), k.id2)
}

// appendRemote appends the remote end.
func (k *key) appendRemote(b []byte) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint64(b, k.remote1)
	if k.width > 16 {
		b = binary.LittleEndian.AppendUint64(b, k.remote2)
	}
	b = append(b, make([]byte, int(k.width)-(len(b)-at))...)
	binary.LittleEndian.PutUint64(b[len(b)-8:], k.remote3)
	return b
}

// seeds make hashes that nobody who writes a log can foresee.
type seeds struct {
	word1, word2, word3 uint64
	text                maphash.Seed
}

func newSeeds() seeds {
	text := maphash.MakeSeed()
	word := func(s string) uint64 { return maphash.String(text, s) }
	return seeds{word("1"), word("2"), word("3"), text}
}

// ofKey returns the hash of a key that is set.
func (s *seeds) ofKey(k *key) uint32 {
	hi, lo := bits.Mul64(k.id1^s.word1, k.id2^s.word2)
	hi, lo = bits.Mul64(hi^lo^k.remote1, bits.RotateLeft64(k.remote2, 32)^k.remote3^s.word3)
	return uint32(hi ^ lo)
}

// mixed returns the hash where there is no key, from those of id and remote end.
func mixed(format logparse.Format, id, remote uint64) uint32 {
	return uint32(id ^ 31*remote ^ uint64(format))
}
