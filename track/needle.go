package track

// A Needle is what messages are searched by: a Message-ID with or without <>,
// a network or internal id, an address, or a part of the subject.
type Needle struct{ text string }

// ParseNeedle returns the needle of the text.
func ParseNeedle(text string) Needle { return Needle{text} }

// Match reports whether the message is one that the needle means.
func (n Needle) Match(m *Message) bool { return false }

// MatchEvent reports whether the row belongs to such a message, as far as one
// row can tell.
func (n Needle) MatchEvent(e *Event) bool { return false }

// MayMatch reports whether a row, as it stands in the log, may belong to such
// a message. It does not allocate, and is never false for a row that MatchEvent
// takes.
func (n Needle) MayMatch(row []byte) bool { return true }

// IDs are the ids of messages that were found, to find all their rows with in
// a second pass. The zero IDs is empty.
type IDs struct{}

// Add takes the ids of the row's message, of its forks and of the message that
// a report is about, and reports whether one was new.
func (s *IDs) Add(e *Event) bool { return false }

// Match reports whether the row belongs to one of the messages.
func (s *IDs) Match(e *Event) bool { return false }

// MayMatch is like that of [Needle].
func (s *IDs) MayMatch(row []byte) bool { return true }
