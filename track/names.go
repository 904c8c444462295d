package track

import (
	"encoding/hex"
	"strings"
)

// messageName returns a Message-ID or MTS-ID as it is compared: in lower case,
// without blanks and <> around it. Only some generations log the <>, and the
// MTS-ID changes its case from row to row.
func messageName(id string) string { return lower(bareName(id)) }

// bareName returns a Message-ID or MTS-ID without blanks and <> around it.
func bareName[T string | []byte](id T) T {
	for len(id) > 0 && isAround(id[0]) {
		id = id[1:]
	}
	for len(id) > 0 && isAround(id[len(id)-1]) {
		id = id[:len(id)-1]
	}
	return id
}

func isAround(c byte) bool { return c == ' ' || c == '\t' || c == '<' || c == '>' }

// sameName reports whether two ids have one messageName.
func sameName(a, b string) bool { return equalLower(bareName(a), bareName(b)) }

// addressKey returns an address as it is compared: in lower case, without <>
// and the type. An X.500 name that was wrapped for SMTP is unwrapped.
func addressKey(address string) string {
	a := lower(bareAddress(address))
	if a == "" || a[0] != 's' && a[0] != 'e' && a[0] != 'i' {
		return a
	}
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

// bareAddress returns an address without blanks, <> and quotes around it.
func bareAddress(address string) string {
	for len(address) > 0 && (isAround(address[0]) || address[0] == '"') {
		address = address[1:]
	}
	for n := len(address); n > 0 && (isAround(address[n-1]) || address[n-1] == '"'); n-- {
		address = address[:n-1]
	}
	return address
}

// sameAddress reports whether two addresses have one addressKey.
func sameAddress(a, b string) bool { return a == b || addressKey(a) == addressKey(b) }

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
	return string(e.appendMailboxEvent(nil))
}

// appendMailboxEvent appends what mailboxEvent returns.
func (e *Event) appendMailboxEvent(b []byte) []byte {
	if e.Mailbox == "" {
		return b
	}
	event := contextValue(e.SourceContext, "Event:")
	if event == "" {
		return b
	}
	return append(append(appendLower(b, e.Mailbox), '/'), event...)
}
