package logparse

import "bytes"

// imsArrow says which way a line went.
type imsArrow uint8

const (
	imsNoArrow  imsArrow = iota
	imsReceived          // "<<<": by Exchange
	imsSent              // ">>>": by Exchange
)

// imsConnection says which kind of connection a line tells of.
type imsConnection uint8

const (
	imsNoConnection imsConnection = iota
	imsAccepted                   // "A connection was accepted from HOST."
	imsEstablished                // "A connection to HOST was established."
)

// imsEntry is what stands behind the time on a line of the IMS.
type imsEntry struct {
	arrow      imsArrow
	raw        bool // "IO: |": the bytes as they came, logged again in parsed form; always received
	connection imsConnection
	host       []byte // of the connection, may be empty
	text       []byte // the line of the conversation
}

func parseIMSEntry(b []byte) (e imsEntry) {
	e.arrow, b = cutArrow(b)
	if len(b) >= len("IO: |") && string(b[:len("IO: |")]) == "IO: |" {
		e.raw = true
		e.arrow = imsReceived // QUIRK: KB Q228725 lost the arrows
		b = b[len("IO: |"):]
	}
	e.text = b
	if e.arrow != imsNoArrow {
		return e
	}
	const accepted, to, established = "A connection was accepted from", "A connection to ", " was established"
	if host, ok := bytes.CutPrefix(b, []byte(accepted)); ok {
		e.connection = imsAccepted
		e.host = trimHost(host)
	} else if host, ok := bytes.CutPrefix(b, []byte(to)); ok {
		if i := bytes.LastIndex(host, []byte(established)); i >= 0 {
			e.connection = imsEstablished
			e.host = trimHost(host[:i])
		}
	}
	return e
}

// cutArrow cuts "<<< " or ">>> " from the front of b. Web pages turn them into
// entities.
func cutArrow(b []byte) (imsArrow, []byte) {
	switch {
	case len(b) < len("<<<"):
		return imsNoArrow, b
	case string(b[:3]) == "<<<":
		return imsReceived, cutBlank(b[3:])
	case string(b[:3]) == ">>>":
		return imsSent, cutBlank(b[3:])
	case b[0] != '&':
		return imsNoArrow, b
	}
	if rest, ok := bytes.CutPrefix(b, []byte("&lt;&lt;&lt;")); ok {
		return imsReceived, cutBlank(rest)
	}
	if rest, ok := bytes.CutPrefix(b, []byte("&gt;&gt;&gt;")); ok {
		return imsSent, cutBlank(rest)
	}
	return imsNoArrow, b
}

func cutBlank(b []byte) []byte {
	if len(b) > 0 && b[0] == ' ' {
		return b[1:]
	}
	return b
}

// trimHost drops blanks and the dot that ends the sentence from a host name.
func trimHost(b []byte) []byte {
	b = trimBlanks(b)
	for len(b) > 0 && b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	return b
}
