package track

import (
	"strings"
	"unicode/utf8"
)

// A Needle is what messages are searched by: a Message-ID with or without <>,
// a network or internal id, an address, or a part of the subject. All are
// compared without case. The empty needle means no message.
type Needle struct {
	text    string // in lower case
	name    string // as a Message-ID
	address string // as an address, "" if it is none
	part    folded // in every row of such a message
}

// ParseNeedle returns the needle of the text.
func ParseNeedle(text string) Needle {
	text = lower(strings.TrimSpace(text))
	n := Needle{text: text, name: messageName(text)}
	if n.name == "" {
		return Needle{}
	}
	if strings.Contains(text, "@") || strings.HasPrefix(text, "/") || strings.HasPrefix(text, "ex:") {
		n.address = addressKey(text)
	}
	n.part = newFolded(surePart(strings.Trim(n.name, "{}")))
	return n
}

// surePart returns the longest part of a needle that stands in a row as it is:
// rows double quotes, may be in another encoding, and the MTA rewrites
// parentheses and all that is not a letter or digit in X.500 names.
func surePart(s string) string {
	x500 := strings.Contains(s, "/")
	if strings.HasPrefix(s, "imceaex-") {
		return ""
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "smtp:"), "ex:")
	best := ""
	for len(s) > 0 {
		n := 0
		for n < len(s) && sure(s[n], x500) {
			n++
		}
		if n > len(best) {
			best = s[:n]
		}
		s = s[min(len(s), n+1):]
	}
	return strings.TrimSpace(best)
}

func sure(c byte, x500 bool) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		return true
	case x500:
		return false
	}
	return c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '(' && c != ')' && c != '<' && c != '>'
}

// MayMatch reports whether a row, as it stands in the log, may belong to such
// a message. It does not allocate, and is never false for a row that MatchEvent
// takes.
func (n Needle) MayMatch(row []byte) bool {
	if n.name == "" {
		return false
	}
	return n.part.in(row)
}

// Match reports whether the message is one that the needle means.
func (n Needle) Match(m *Message) bool {
	if n.name == "" {
		return false
	}
	if messageName(m.MessageID) == n.name || m.NetworkID == strings.Trim(n.name, "{}") && m.NetworkID != "" || n.inSubject(m.Subject) || n.is(m.Sender) {
		return true
	}
	for i := range m.Recipients {
		if r := &m.Recipients[i]; n.is(r.Address) || n.is(r.Alias) {
			return true
		}
	}
	for i := range m.Hops {
		h := &m.Hops[i]
		if h.InternalID != "" && h.InternalID == n.text || n.isName(h.names) {
			return true
		}
	}
	return false
}

// MatchEvent reports whether the row belongs to such a message, as far as one
// row can tell.
func (n Needle) MatchEvent(e *Event) bool {
	if n.name == "" {
		return false
	}
	e.identify()
	if n.isName(e.names) || e.NetworkID != "" && e.NetworkID == strings.Trim(n.name, "{}") || e.InternalID != "" && e.InternalID == n.text ||
		n.inSubject(e.Subject) || n.is(e.Sender) {
		return true
	}
	if n.address == "" {
		return false
	}
	for i := range e.Recipients {
		if n.is(e.Recipients[i].Address) {
			return true
		}
	}
	for _, a := range e.Related {
		if n.is(a) {
			return true
		}
	}
	return false
}

func (n *Needle) isName(names []string) bool {
	for _, name := range names {
		if name == n.name {
			return true
		}
	}
	return false
}

func (n *Needle) is(address string) bool {
	return n.address != "" && address != "" && addressKey(address) == n.address
}

func (n *Needle) inSubject(subject string) bool {
	return len(subject) > 0 && strings.Contains(lower(text(subject)), n.text)
}
