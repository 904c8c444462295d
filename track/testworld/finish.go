package testworld

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// finish says which rows of the session are left.
func (s *Session) finish(lost map[string]bool) {
	s.Lost = true
	for _, r := range s.rows {
		r.Lost = lost[r.File]
		s.Lost = s.Lost && r.Lost
		s.Rows = append(s.Rows, *r)
	}
}

// finish tells the truth about a mail that has been played.
func (m *mail) finish(lost map[string]bool) {
	m.Invisible = true
	for _, e := range m.events {
		e.Lost = lost[e.File]
	}
	slices.SortStableFunc(m.events, func(a, b *Event) int { return a.Time.Compare(b.Time) })
	place := make(map[*Event]int)
	for i, e := range m.events {
		place[e] = i
		m.Events = append(m.Events, *e)
		m.Invisible = m.Invisible && (e.Lost || e.Bare)
	}
	if n := len(m.Events); n > 0 {
		m.Start, m.End = m.Events[0].Time, m.Events[n-1].Time
	}
	m.finishHops(place, lost)
	for _, r := range m.recipients {
		if r.verdict != nil {
			r.Lost = r.verdict.Lost
		}
		r.Unnamed = !slices.ContainsFunc(m.events, func(e *Event) bool {
			return !e.Lost && slices.ContainsFunc(e.Recipients, func(a string) bool { return a == r.Address || a == r.Alias })
		})
		if r.Status == Delivered {
			m.Latency = max(m.Latency, r.At.Sub(m.Start))
		}
		m.Recipients = append(m.Recipients, *r)
	}
	m.Status = m.status()
}

func (m *mail) finishHops(place map[*Event]int, lost map[string]bool) {
	for _, h := range m.hops {
		h.Invisible = len(h.events) > 0
		for _, e := range h.events {
			h.Hop.Events = append(h.Hop.Events, place[e])
			h.Invisible = h.Invisible && (e.Lost || e.Bare)
			if lost[e.File] && !slices.Contains(h.Lost, e.File) {
				h.Lost = append(h.Lost, e.File)
			}
			if h.Arrived.IsZero() || e.Time.Before(h.Arrived) {
				h.Arrived = e.Time
			}
			if e.Time.After(h.Left) {
				h.Left = e.Time
			}
		}
		slices.Sort(h.Hop.Events)
		slices.Sort(h.Lost)
		h.Hop.Sessions = h.sessions
		m.Message.Hops = append(m.Message.Hops, h.Hop)
		if !slices.Contains(m.Servers, h.Server) {
			m.Servers = append(m.Servers, h.Server)
		}
	}
}

// status returns the verdict of the recipients together.
func (m *mail) status() Status {
	has := make(map[Status]bool)
	for _, r := range m.Recipients {
		has[r.Status] = true
	}
	if has[Delivered] && (has[Failed] || has[Dropped]) {
		return Partial
	}
	for _, s := range []Status{Failed, Dropped, Quarantined, Deferred, Pending, Delivered, Redirected, Expanded} {
		if has[s] {
			return s
		}
	}
	return Pending
}

// splitReply takes a code and an enhanced code off a reply.
func splitReply(reply string) (code int, enhanced string) {
	words := strings.Fields(reply)
	if len(words) == 0 {
		return 0, ""
	}
	code, err := strconv.Atoi(words[0])
	if err != nil {
		return 0, ""
	}
	if len(words) > 1 && strings.Count(words[1], ".") == 2 {
		enhanced = words[1]
	}
	return code, enhanced
}

// seconds cuts a time to the precision of logs that write whole seconds.
func seconds(t time.Time) time.Time { return t.Truncate(time.Second) }
