package reply

import (
	"cmp"
	"slices"
)

// A phraseIndex finds phrases in texts. The phrases lie sorted in buckets, by
// what they begin with; at each byte of a text one bucket is walked through.
type phraseIndex struct {
	phrases []string // bucket by bucket, sorted in each
	numbers []int32  // of them
	shared  []int32  // how much of each begins the one before it in its bucket too
	first   []int32  // of each bucket, and the end of the last
	length  []int32  // of each phrase, by its number
}

const (
	bucketBits = 6 // of each of the two bytes that make a bucket
	buckets    = 2 << (2 * bucketBits)
)

// bucketOf returns the bucket of phrases that begin as text does, which has two
// bytes at least, three where the first is a blank: nearly all phrases begin
// with one.
func bucketOf[T string | []byte](text T) int {
	const mask = 1<<bucketBits - 1
	if text[0] == ' ' {
		return (1<<bucketBits|int(text[1]&mask))<<bucketBits | int(text[2]&mask)
	}
	return int(text[0]&mask)<<bucketBits | int(text[1]&mask)
}

// newPhraseIndex makes the index of distinct phrases; a phrase's number is its
// place in the list. A phrase has two bytes or more beside a blank in front.
func newPhraseIndex(phrases []string) *phraseIndex {
	n := len(phrases)
	x := &phraseIndex{
		phrases: make([]string, n), numbers: make([]int32, n), shared: make([]int32, n),
		first: make([]int32, buckets+2), length: make([]int32, n),
	}
	for i, p := range phrases {
		x.length[i] = int32(len(p))
		x.first[bucketOf(p)+2]++
	}
	for b := 2; b < len(x.first); b++ {
		x.first[b] += x.first[b-1]
	}
	// While a bucket is filled its end stands where its beginning is to stand.
	for i, p := range phrases {
		end := &x.first[bucketOf(p)+1]
		x.numbers[*end] = int32(i)
		*end++
	}
	x.first = x.first[:buckets+1]
	for b := range buckets {
		low, high := x.first[b], x.first[b+1]
		if high-low > 1 {
			slices.SortFunc(x.numbers[low:high], func(i, j int32) int { return cmp.Compare(phrases[i], phrases[j]) })
		}
		for i := low; i < high; i++ {
			x.phrases[i] = phrases[x.numbers[i]]
			if i > low {
				x.shared[i] = int32(shared(x.phrases[i-1], x.phrases[i]))
			}
		}
	}
	return x
}

// shared returns the length of the beginning that two texts share.
func shared(s, t string) int {
	n := 0
	for n < len(s) && n < len(t) && s[n] == t[n] {
		n++
	}
	return n
}

// find calls each for the phrases in the text, in the order of their beginnings,
// with a phrase's number and its end, until each returns false.
func find[T string | []byte](x *phraseIndex, text T, each func(phrase, end int32) bool) {
	for at := range len(text) - 1 {
		rest := text[at:]
		if rest[0] == ' ' && len(rest) == 2 {
			return
		}
		b := bucketOf(rest)
		known := 0 // how much of the phrase before is here
		for i := x.first[b]; i < x.first[b+1]; i++ {
			if n := int(x.shared[i]); n > known {
				continue // it differs where that one does
			} else if n < known {
				break // it, and those behind it, come later in the order than what is here
			}
			p := x.phrases[i]
			for known < len(p) && known < len(rest) && p[known] == rest[known] {
				known++
			}
			if known == len(p) && !each(x.numbers[i], int32(at+known)) {
				return
			}
		}
	}
}
