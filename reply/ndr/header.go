package ndr

import (
	"bytes"
	"strings"
)

// A field is one header field.
type field struct {
	name  string // lower case
	value string // unfolded, not decoded
}

type header []field

// get returns the first field of that name, "" when there is none.
func (h header) get(name string) string {
	for _, f := range h {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

func (h header) has(name string) bool {
	for _, f := range h {
		if f.name == name {
			return true
		}
	}
	return false
}

// cutLine returns the first line of b without its line end, and what follows.
func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}

// readHeader reads the header that b begins with and returns what follows the
// blank line after it. Blank lines and an mbox "From " line in front are
// skipped. A line that is no field belongs to the one before when the header
// goes on after it, else the body begins there.
func readHeader(b []byte, top bool, problem func(string)) (h header, body []byte) {
	if top {
		for len(b) > 0 {
			line, rest := cutLine(b)
			if len(bytes.TrimSpace(line)) > 0 && !bytes.HasPrefix(line, []byte("From ")) && !bytes.HasPrefix(line, []byte(">From ")) {
				break
			}
			b = rest
		}
	}
	var value []byte
	flush := func() {
		if len(h) > 0 && value != nil {
			h[len(h)-1].value = strings.TrimSpace(string(value))
			value = nil
		}
	}
	defer flush()
	for len(b) > 0 {
		line, rest := cutLine(b)
		if len(line) == 0 {
			return h, rest
		}
		n := fieldName(line)
		switch {
		case (line[0] == ' ' || line[0] == '\t') && len(h) > 0:
			if len(bytes.TrimSpace(line)) == 0 && !bytes.HasSuffix(bytes.TrimSpace(value), []byte(";")) {
				return h, rest // a blank line of blanks
			}
			value = append(append(value, ' '), bytes.TrimSpace(line)...)
		case n > 0:
			flush()
			if len(h) == maxFields {
				problem("too many header fields")
				return h, b
			}
			h = append(h, field{name: strings.ToLower(string(bytes.TrimRight(line[:n], " \t")))})
			value = append(make([]byte, 0, len(line)-n), line[n+1:]...)
		default:
			next, _ := cutLine(rest)
			if goesOn := bytes.HasSuffix(bytes.TrimSpace(value), []byte(";")); len(h) == 0 || fieldName(next) == 0 && !goesOn {
				return h, b
			}
			problem("a header line is not folded")
			value = append(append(value, ' '), bytes.TrimSpace(line)...)
		}
		b = rest
	}
	return h, nil
}

// fieldName returns where the colon of a header field stands, 0 when line is
// none (RFC 5322 section 2.2; blanks before the colon as in section 4.5).
func fieldName(line []byte) int {
	for i, c := range line {
		switch {
		case c == ':':
			if i > 76 {
				return 0
			}
			return i
		case c == ' ' || c == '\t':
			if j := bytes.IndexFunc(line[i:], func(r rune) bool { return r != ' ' && r != '\t' }); i == 0 || j < 0 || line[i+j] != ':' {
				return 0
			}
		case c < '!' || c > '~':
			return 0
		}
	}
	return 0
}
