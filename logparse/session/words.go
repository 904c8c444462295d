package session

import "github.com/smtplog/smtplog/reply"

// A words is where a session keeps what was said, one text behind the other.
type words []byte

// A text is a piece of a session's words; the zero text is an empty one.
type text struct{ at, n uint32 }

// add keeps a copy of b.
func (w *words) add(b []byte) text {
	t := text{uint32(len(*w)), uint32(len(b))}
	*w = append(*w, b...)
	return t
}

// drop forgets t where nothing was kept since, and returns the empty text.
func (w *words) drop(t text) text {
	if int(t.at+t.n) == len(*w) {
		*w = (*w)[:t.at]
	}
	return text{}
}

// bytes returns a text; it is good until the next is added.
func (w words) bytes(t text) []byte { return w[t.at : t.at+t.n] }

// keep adds a text and counts it to what the session holds.
func (st *state) keep(b *Builder, s []byte) text {
	st.hold(b, len(s))
	return st.words.add(s)
}

// extend puts s behind t. Where something was kept since, t is copied: what was
// there counts to what the session holds, as nobody gives it back.
func (st *state) extend(b *Builder, t text, s []byte) text {
	if int(t.at+t.n) != len(st.words) {
		t = st.keep(b, st.words.bytes(t))
	}
	st.words = append(st.words, s...)
	t.n += uint32(len(s))
	return t
}

// keepOf adds the text of a reply, unless it only accepts and nobody asks what
// it says.
func (st *state) keepOf(b *Builder, c reply.Class, s []byte) text {
	if b.opt.Terse && !c.Failed() {
		return text{}
	}
	return st.keep(b, s[:min(len(s), maxReplyText)])
}

// texts turns bytes into strings and hands out the same string for the same
// bytes where it can: hosts, users and servers come again and again. It forgets
// everything when it is full.
type texts struct {
	known map[string]string
}

const (
	maxTexts      = 4096
	maxTextLength = 256 // a longer text is not worth keeping
)

func (t *texts) string(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > maxTextLength {
		return string(b)
	}
	if s, ok := t.known[string(b)]; ok {
		return s
	}
	if t.known == nil {
		t.known = make(map[string]string, maxTexts)
	} else if len(t.known) >= maxTexts {
		clear(t.known)
	}
	s := string(b)
	t.known[s] = s
	return s
}
