package track

import (
	"encoding/hex"
	"strings"
)

// messageName returns a Message-ID or MTS-ID as it is compared: in lower case,
// without blanks and <> around it. Only some generations log the <>, and the
// MTS-ID changes its case from row to row.
func messageName(id string) string {
	return lower(strings.Trim(id, " \t<>"))
}

// addressKey returns an address as it is compared: in lower case, without <>
// and the type. An X.500 name that was wrapped for SMTP is unwrapped.
func addressKey(address string) string {
	a := lower(strings.Trim(address, " \t<>\""))
	a = strings.TrimPrefix(a, "smtp:")
	a = strings.TrimPrefix(a, "ex:")
	if name, ok := strings.CutPrefix(a, "imceaex-"); ok {
		if at := strings.LastIndexByte(name, '@'); at >= 0 {
			name = name[:at]
		}
		return unwrapEX(name)
	}
	return a
}

// unwrapEX undoes IMCEAEX: "_" stands for "/" and "+20" for the byte 20.
func unwrapEX(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '_':
			b.WriteByte('/')
		case c == '+' && i+2 < len(name):
			v, err := hex.DecodeString(name[i+1 : i+3])
			if err != nil {
				b.WriteByte(c)
				continue
			}
			b.Write(v)
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return lower(b.String())
}

// domainOf returns the domain of an address in lower case, "" if it has none.
func domainOf(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !strings.Contains(address[at:], ".") && len(address)-at < 3 {
		return ""
	}
	return lower(strings.Trim(address[at+1:], " >\"'"))
}

// identify notes the names of the event's message: its Message-ID, and the one
// it has in another system.
func (e *Event) identify() {
	e.names = e.names[:0]
	for _, id := range [...]string{e.MessageID, e.LinkedID} {
		if name := messageName(id); name != "" && (len(e.names) == 0 || e.names[0] != name) {
			e.names = append(e.names, name)
		}
	}
}

// mailboxEvent returns what tells one submission from a mailbox, "Mailbox:…,
// Event:…" in the source-context of rows of the store driver; "" if there is
// none.
func (e *Event) mailboxEvent() string {
	if e.Mailbox == "" {
		return ""
	}
	event := contextValue(e.SourceContext, "Event:")
	if event == "" {
		return ""
	}
	return lower(e.Mailbox) + "/" + event
}
