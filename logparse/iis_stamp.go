package logparse

import "github.com/smtplog/smtplog/reply/outcome"

// An iisStamp is the date and the time of a row with what stands around them, but
// for the seconds. The zero value is none.
type iisStamp struct {
	words, masks [4]uint64 // its bytes, then zeros; the bits that are compared
	size         uint8
	second       uint8 // where the seconds stand
	minute       int64 // when that minute began, in nanoseconds
}

// iisStampMax is the length of the longest stamp that is kept, in bytes.
const iisStampMax = 32

// at returns the moment of the stamp that b begins with, if it is of the minute.
func (k *iisStamp) at(b *[iisStampMax]byte) (ns int64, ok bool) {
	if (word(b[0:])^k.words[0])&k.masks[0]|(word(b[8:])^k.words[1])&k.masks[1]|
		(word(b[16:])^k.words[2])&k.masks[2]|(word(b[24:])^k.words[3])&k.masks[3] != 0 {
		return 0, false
	}
	tens, ones := b[k.second&31]-'0', b[(k.second+1)&31]-'0'
	return k.minute + int64(uint(tens)*10+uint(ones))*1e9, tens <= 5 && ones <= 9 && k.size > 0
}

// set makes k the stamp of a row at that time.
func (k *iisStamp) set(text []byte, second int, at outcome.Time) {
	*k = iisStamp{size: uint8(len(text)), second: uint8(second)}
	var b, m [iisStampMax]byte
	copy(b[:], text)
	for i := range text {
		m[i] = 0xff
	}
	m[second], m[second+1] = 0, 0
	for i := range k.words {
		k.masks[i] = word(m[8*i:])
		k.words[i] = word(b[8*i:]) & k.masks[i]
	}
	k.minute = at.UnixNano() - (int64(b[second]-'0')*10+int64(b[second+1]-'0'))*1e9
}
