package track

import (
	"hash/maphash"
	"strings"
)

// MaxIDs bounds the ids that an [IDs] holds.
const MaxIDs = 200_000

// IDs are the ids of messages that were found, to find all their rows with in
// a second pass. The zero IDs is empty.
type IDs struct {
	ids     map[string]bool
	tokens  map[uint64]bool // of the ids: a row without any has none of them
	few     []folded        // the same, while there are few
	any     bool            // an id has no token
	dropped bool
}

// Kinds of ids, in front of them.
const (
	idNetwork = "n"
	idName    = "m"
	idPlace   = "i"
	idMailbox = "e"
)

// Add takes the ids of the row's message, of its forks and of the message that
// a report is about, and reports whether one was new.
func (s *IDs) Add(e *Event) bool {
	e.identify()
	added := e.NetworkID != "" && s.add(idNetwork+e.NetworkID, e.NetworkID)
	for _, name := range e.names {
		added = s.add(idName+name, name) || added
	}
	if m := e.mailboxEvent(); m != "" {
		_, event, _ := strings.Cut(m, "/")
		added = s.add(idMailbox+m, "event:"+event) || added
	}
	if e.NetworkID == "" && len(e.names) == 0 && e.InternalID != "" {
		added = s.add(placeOf(e.Server, e.InternalID), e.InternalID) || added
	}
	return added
}

// placeOf names an internal id on a server.
func placeOf(server, id string) string { return idPlace + shortName(server) + "/" + id }

// Dropped reports whether ids were left out because there were [MaxIDs].
func (s *IDs) Dropped() bool { return s.dropped }

func (s *IDs) add(id, shown string) bool {
	if s.ids[id] {
		return false
	}
	if len(s.ids) >= MaxIDs {
		s.dropped = true
		return false
	}
	if s.ids == nil {
		s.ids, s.tokens = map[string]bool{}, map[uint64]bool{}
	}
	s.ids[strings.Clone(id)] = true
	if token := longestToken(shown); token != "" {
		if h := maphash.String(idSeed, token); !s.tokens[h] {
			s.tokens[h] = true
			if len(s.tokens) <= maxFew {
				s.few = append(s.few, newFolded(token))
			}
		}
	} else {
		s.any = true
	}
	return true
}

// Match reports whether the row belongs to one of the messages.
func (s *IDs) Match(e *Event) bool {
	if len(s.ids) == 0 {
		return false
	}
	var buf [128]byte
	if e.NetworkID != "" && s.has(buf[:0], idNetwork, e.NetworkID) {
		return true
	}
	e.identify()
	for _, name := range e.names {
		if s.has(buf[:0], idName, name) {
			return true
		}
	}
	if m := e.mailboxEvent(); m != "" && s.has(buf[:0], idMailbox, m) {
		return true
	}
	return e.InternalID != "" && s.ids[placeOf(e.Server, e.InternalID)]
}

func (s *IDs) has(buf []byte, kind, id string) bool {
	buf = append(append(buf, kind...), id...)
	return s.ids[string(buf)]
}

var idSeed = maphash.MakeSeed()

// A token is what stands between these in a row. Ids are made of whole tokens,
// so that looking up the row's tokens finds them, whatever their number.
func delimiter(c byte) bool { return tokenBytes[c] == 0 }

// tokenBytes are the bytes of tokens in lower case, 0 for delimiters.
var tokenBytes = func() (table [256]byte) {
	for c := range table {
		if c > ' ' && strings.IndexByte(",;\"<>{}[]", byte(c)) < 0 {
			table[c] = lowerByte(byte(c))
		}
	}
	return table
}()

// longestToken returns the longest token of an id in lower case. A token with
// bytes that are no ASCII is none: the row may have them in another encoding.
func longestToken(id string) string {
	best := ""
	for token := range strings.FieldsFuncSeq(lower(id), func(r rune) bool { return r < 0x80 && delimiter(byte(r)) }) {
		if len(token) > len(best) && len(token) <= maxToken && !strings.ContainsFunc(token, func(r rune) bool { return r >= 0x80 }) {
			best = token
		}
	}
	return best
}

// maxFew is how many tokens are searched for one after the other; a search
// goes over a row thirty times as fast as taking it apart does.
const maxFew = 16

// maxToken is the length of the longest token that is looked up.
const maxToken = 256

// MayMatch reports whether a row, as it stands in the log, may belong to one of
// the messages. It does not allocate, and is never false for a row that Match
// takes.
func (s *IDs) MayMatch(row []byte) bool {
	if len(s.ids) == 0 {
		return false
	}
	if s.any {
		return true
	}
	if len(s.tokens) <= maxFew {
		for i := range s.few {
			if s.few[i].in(row) {
				return true
			}
		}
		return false
	}
	var token [maxToken]byte
	for i := 0; i < len(row); {
		n, from := 0, i
		for ; i < len(row); i++ {
			c := tokenBytes[row[i]]
			if c == 0 {
				break
			}
			if n < maxToken {
				token[n] = c
				n++
			}
		}
		if n > 0 && i-from <= maxToken && s.tokens[maphash.Bytes(idSeed, token[:n])] {
			return true
		}
		i++
	}
	return false
}
