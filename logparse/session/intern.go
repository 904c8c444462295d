package session

import "strings"

// texts turns bytes into strings and hands out the same string for the same
// bytes where it can: most replies, hosts and names come again and again. It
// forgets everything when it is full.
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
	if t.known == nil || len(t.known) >= maxTexts {
		t.known = make(map[string]string, maxTexts)
	}
	s := string(b)
	t.known[s] = s
	return s
}

// upper is string in upper case.
func (t *texts) upper(b []byte) string { return strings.ToUpper(t.string(b)) }
