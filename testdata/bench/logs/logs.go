// Package logs writes large logs of every kind to measure smtplog with. They
// are made up, as a stream, and the same arguments give the same bytes.
package logs

import (
	"fmt"
	"io"
	"strings"

	"github.com/smtplog/smtplog/logparse"
)

// A Kind is a sort of log.
type Kind struct {
	Name  string
	About string
	write func(w io.Writer, size int64, open int) (*Truth, error)
}

// Truth is what a log holds, which any reader of it must find.
type Truth struct {
	Records  int64
	Sessions int64 // with at least one record

	// The recipients in sessions that got a verdict, by their results, or in
	// tracked messages by their status, in the words of the command's JSON.
	Recipients map[string]int64

	Messages int64 // tracked ones
}

// Kinds returns all kinds.
func Kinds() []Kind {
	return []Kind{
		{"exchange-receive", "receive log of Exchange 2016 and later", played(logparse.ExchangeReceive, 0)},
		{"exchange-send", "send log of Exchange 2016 and later", played(logparse.ExchangeSend, 1)},
		{"exchange-quoted", "receive log in another order of columns, each value in quotes: no short way fits", writeQuoted},
		{"iis-w3c", "W3C log of IIS, the columns in the usual order", played(logparse.IISW3C, 0.2)},
		{"iis-w3c-reordered", "W3C log of IIS, the same columns in another order", played(logparse.IISW3C, 0.2, reordered...)},
		{"iis-ncsa", "NCSA log of IIS", played(logparse.IISNCSA, 0.2)},
		{"iis-msiis", "Microsoft IIS log", played(logparse.IISMSIIS, 0.2)},
		{"tracking", "message tracking log of Exchange 2016, 30 columns", writeTracking},
		{"ims", "log of the Internet Mail Service of Exchange 5.5 at its level Maximum", writeIMS},
	}
}

// Find returns the kind of that name.
func Find(name string) (Kind, error) {
	var names []string
	for _, k := range Kinds() {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, fmt.Errorf("no kind %q; there are %s", name, strings.Join(names, ", "))
}

// Write writes a log of about so many bytes, with about so many sessions or
// messages open at a time, as far as the log is long enough for them. An ims
// log has always one: each worker of the service writes its own.
func (k Kind) Write(w io.Writer, size int64, open int) (*Truth, error) {
	return k.write(w, size, open)
}

// A counter counts the bytes that are written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
