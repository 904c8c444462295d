package track

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// A Coverage knows which server's tracking logs cover which times, from the
// rows that they hold. A silence of an hour ends a span: logs change their file
// by the hour. The zero Coverage covers nothing.
type Coverage struct {
	logs  map[place]*spans
	names map[string]string // as logged, by short name
	last  outcome.Time      // of all rows

	recent       *spans // of the row before
	recentServer string
	recentPart   part
}

// A place is one of a server's logs.
type place struct {
	server string // short
	part   part
}

// A part is one of the logs into which Exchange 2013 and later divide the
// tracking log of a server.
type part uint8

const (
	transport  part = iota // MSGTRK
	delivery               // MSGTRKMD: mailbox delivery
	submission             // MSGTRKMS: mailbox submission; MSGTRKM of Exchange 2007 and 2010
	partCount
)

var partNames = [partCount]string{"tracking log", "mailbox delivery tracking log", "mailbox submission tracking log"}

type spans struct {
	list    []Span
	minutes map[int64]uint64 // the minutes with rows of each hour since 1970, a bit for each
	active  int              // how many minutes those are
	minute  int64            // of the row before
}

// A Span is a time that a server's log covers without a silence of an hour.
type Span struct{ First, Last outcome.Time }

const (
	silence   = time.Hour
	maxSpans  = 10_000 // of one log; what comes then lengthens the last one
	maxPlaces = 10_000
)

// Add notes a row.
func (c *Coverage) Add(e *Event) {
	if e.Server == "" || e.Time.IsZero() || e.Format == logparse.Agent {
		return
	}
	p := e.part()
	if c.isRecent(p) && e.Server == c.recentServer {
		c.widen(e.Time)
		c.recent.add(e.Time)
		return
	}
	c.add(e.Server, p, e.Time)
}

// addFrom notes a row of that origin.
func (c *Coverage) addFrom(o *origin, at outcome.Time) {
	switch {
	case o.server == "":
	case o.log == nil:
		o.log = c.add(o.server, o.part, at)
	default:
		c.widen(at)
		o.log.add(at)
	}
}

// skip notes a row that is not taken apart.
func (c *Coverage) skip(rec *logparse.Record) {
	if rec.Time.IsZero() || rec.Format == logparse.Agent {
		return
	}
	p := partOf(rec)
	if c.isRecent(p) && string(rec.Server) == c.recentServer {
		c.widen(rec.Time)
		c.recent.add(rec.Time)
		return
	}
	c.add(string(rec.Server), p, rec.Time)
}

func (c *Coverage) isRecent(p part) bool { return c.recent != nil && c.recentPart == p }

func (c *Coverage) widen(at outcome.Time) {
	if c.last.Before(at) {
		c.last = at
	}
}

// add notes a row of a log and returns what is known of that, nil for one too
// many.
func (c *Coverage) add(server string, of part, at outcome.Time) *spans {
	if c.logs == nil {
		c.logs, c.names = map[place]*spans{}, map[string]string{}
	}
	c.widen(at)
	name := shortName(server)
	p := place{name, of}
	s := c.logs[p]
	if s == nil {
		if len(c.logs) >= maxPlaces {
			return nil
		}
		s = &spans{}
		c.logs[p] = s
	}
	// The shortest of its names, so that the order of the rows does not matter.
	if old, ok := c.names[name]; !ok || len(server) < len(old) || len(server) == len(old) && server < old {
		c.names[name] = string([]byte(server))
	}
	c.recent, c.recentServer, c.recentPart = s, c.names[name], of
	s.add(at)
	return s
}

// part returns the log that the row stands in.
func (e *Event) part() part {
	if e.Source != "STOREDRIVER" || e.Number >= 0 {
		return transport
	}
	switch {
	case strings.Contains(e.EventID, "DELIVER"):
		return delivery
	case e.EventID == "RECEIVE" && e.NetworkID == "":
		return transport // the hub of Exchange 2007 and 2010 fetches messages itself
	case e.EventID == "RECEIVE" || e.EventID == "NOTIFYMAPI" || strings.HasPrefix(e.EventID, "SUBMIT"):
		return submission
	}
	return transport
}

// partOf is like part for a row that is not taken apart.
func partOf(rec *logparse.Record) part {
	row := rec.Raw()
	if rec.Format == logparse.Tracking2000 || !bytes.Contains(row, []byte("STOREDRIVER")) {
		return transport
	}
	switch {
	case bytes.Contains(row, []byte("DELIVER,")) || bytes.Contains(row, []byte(`DELIVER"`)):
		return delivery
	case bytes.Contains(row, []byte("MDB:")):
		return submission
	}
	return transport
}

// add widens the span that the time belongs to.
func (s *spans) add(at outcome.Time) {
	s.note(at)
	n := len(s.list)
	if n > 0 {
		if last := &s.list[n-1]; !at.Before(last.First) && at.Sub(last.Last) < silence {
			if last.Last.Before(at) {
				last.Last = at
			}
			return
		}
	}
	// i is the first span that ends less than the silence before at, or later.
	i, _ := slices.BinarySearchFunc(s.list, at, func(x Span, at outcome.Time) int {
		if at.Sub(x.Last) < silence {
			return 1
		}
		return -1
	})
	if i < n && s.list[i].First.Sub(at) < silence {
		x := &s.list[i]
		if at.Before(x.First) {
			x.First = at
		}
		if x.Last.Before(at) {
			x.Last = at
		}
		if i+1 < n && s.list[i+1].First.Sub(x.Last) < silence {
			x.Last = s.list[i+1].Last
			s.list = slices.Delete(s.list, i+1, i+2)
		}
		return
	}
	if n >= maxSpans {
		i = min(i, n-1)
		x := &s.list[i]
		if at.Before(x.First) {
			x.First = at
		}
		if x.Last.Before(at) {
			x.Last = at
		}
		return
	}
	s.list = slices.Insert(s.list, i, Span{at, at})
}

// around returns the span that covers the time, and those before and after it.
func (s *spans) around(at outcome.Time) (before, span, after *Span) {
	if s == nil {
		return nil, nil, nil
	}
	i, _ := slices.BinarySearchFunc(s.list, at, func(x Span, at outcome.Time) int { return x.Last.Compare(at) })
	if i > 0 {
		before = &s.list[i-1]
	}
	if i < len(s.list) && !at.Before(s.list[i].First) {
		span = &s.list[i]
		i++
	}
	if i < len(s.list) {
		after = &s.list[i]
	}
	return before, span, after
}

// note counts the minute of a row.
func (s *spans) note(at outcome.Time) {
	minute := at.UnixNano() / int64(time.Minute)
	if minute == s.minute && s.active > 0 {
		return
	}
	s.minute = minute
	hour, bit := minute/60, uint64(1)<<uint((minute%60+60)%60)
	bits, known := s.minutes[hour]
	if bits&bit != 0 || !known && len(s.minutes) >= maxSpans {
		return
	}
	if s.minutes == nil {
		s.minutes = map[int64]uint64{}
	}
	s.minutes[hour] = bits | bit
	s.active++
}

// busy reports whether the log is so full that a silence of an hour is none: it
// has rows in ten minutes of each hour that it covers.
func (s *spans) busy() bool {
	covered := time.Duration(0)
	for _, x := range s.list {
		covered += x.Last.Sub(x.First)
	}
	return float64(s.active) >= 10*max(1, covered.Hours())
}

// Covers reports whether the server's tracking log covers the time.
func (c *Coverage) Covers(server string, at outcome.Time) bool {
	for p := range partCount {
		if _, span, _ := c.logs[place{shortName(server), p}].around(at); span != nil {
			return true
		}
	}
	return false
}

// Servers returns the servers' names in their order.
func (c *Coverage) Servers() []string { return slices.Sorted(maps.Values(c.names)) }

// Spans returns the spans of a server, those of its logs together.
func (c *Coverage) Spans(server string) []Span {
	var all []Span
	for p := range partCount {
		if s := c.logs[place{shortName(server), p}]; s != nil {
			all = append(all, s.list...)
		}
	}
	slices.SortFunc(all, func(x, y Span) int { return cmp.Or(x.First.Compare(y.First), x.Last.Compare(y.Last)) })
	merged := all[:0]
	for _, s := range all {
		if n := len(merged); n > 0 && s.First.Sub(merged[n-1].Last) < silence {
			if merged[n-1].Last.Before(s.Last) {
				merged[n-1].Last = s.Last
			}
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// name returns the server's name as its logs have it.
func (c *Coverage) name(server string) string {
	if name, ok := c.names[shortName(server)]; ok {
		return name
	}
	return server
}
