package probe

import (
	"bufio"
	"bytes"
	"errors"
	"strings"

	"github.com/smtplog/smtplog/reply"
)

// Bounds of one reply. RFC 5321 section 4.5.3.1.5 allows 512 octets a line.
const (
	maxReplyLine  = 64 << 10 // octets of a line that are kept
	maxReplyText  = 64 << 10 // octets of a reply that are kept
	maxReplyLines = 1000     // lines of a reply that are read
	maxReplyBytes = 1 << 20  // octets of a reply that are read
)

var (
	errReplyEndless = errors.New("the reply does not end")
	errNoReply      = errors.New("what came is no SMTP reply")
)

// A serverReply is one whole reply, as it came.
type serverReply struct {
	code  reply.Code
	lines []string // without line ends
	cut   bool     // longer than what is kept
	mixed bool     // its lines have different codes
}

// text returns the lines as one string.
func (r *serverReply) text() string { return strings.Join(r.lines, "\n") }

// readReply reads one reply of any number of lines. It fails when a line is no
// reply, when there is no end in sight, and with the reader's error; what was
// read until then comes with the error.
func readReply(r *bufio.Reader) (*serverReply, error) {
	got := &serverReply{}
	read, kept := 0, 0
	keep := func(line []byte) {
		if room := maxReplyText - kept; len(line) > room {
			got.cut = true
			line = line[:room]
		}
		kept += len(line)
		if len(line) > 0 || len(got.lines) == 0 {
			got.lines = append(got.lines, string(line))
		}
	}
	for range maxReplyLines {
		var line []byte
		for {
			part, err := r.ReadSlice('\n')
			read += len(part)
			if room := maxReplyLine - len(line); len(part) > room {
				got.cut = true
				part = part[:room]
			}
			line = append(line, part...)
			if err == nil {
				break
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				if read < maxReplyBytes {
					continue
				}
				err = errReplyEndless
			}
			if len(line) > 0 {
				keep(bytes.TrimRight(line, "\r\n"))
			}
			return got, err
		}
		line = bytes.TrimRight(line, "\r\n")
		keep(line)
		parsed, ok := reply.ParseLine(line)
		if !ok {
			return got, errNoReply
		}
		if got.code != 0 && got.code != parsed.Code {
			got.mixed = true
		}
		got.code = parsed.Code
		if !parsed.More {
			return got, nil
		}
		if read >= maxReplyBytes {
			return got, errReplyEndless
		}
	}
	return got, errReplyEndless
}
