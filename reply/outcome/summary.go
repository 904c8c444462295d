package outcome

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/smtplog/smtplog/reply"
)

// A Key names a property of outcomes that a Summary can group by.
type Key string

// The keys. Hour and Day are UTC unless the Summary is told another zone.
const (
	ByDomain    Key = "domain"
	ByCode      Key = "code"
	ByEnhanced  Key = "enhanced"
	ByClass     Key = "class"
	ByReason    Key = "reason"
	ByActor     Key = "actor"
	ByDirection Key = "direction"
	ByVerb      Key = "verb"
	ByHost      Key = "host"
	ByConnector Key = "connector"
	ByServer    Key = "server"
	ByFormat    Key = "format"
	ByHour      Key = "hour"
	ByDay       Key = "day"
)

// Keys returns all keys.
func Keys() []Key {
	return []Key{ByDomain, ByCode, ByEnhanced, ByClass, ByReason, ByActor, ByDirection,
		ByVerb, ByHost, ByConnector, ByServer, ByFormat, ByHour, ByDay}
}

// ParseKeys reads a list such as "domain,code".
func ParseKeys(list string) ([]Key, error) {
	var keys []Key
	for name := range strings.SplitSeq(list, ",") {
		k := Key(strings.ToLower(strings.TrimSpace(name)))
		if !slices.Contains(Keys(), k) {
			return nil, fmt.Errorf("unknown key %q; the keys are %s", name, joinKeys(Keys()))
		}
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

func joinKeys(keys []Key) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// Values are the values of a group's keys; a property that is no key of the
// Summary is zero. Of one that is longer than 255 bytes the beginning counts.
type Values struct {
	Domain    string
	Code      reply.Code
	Enhanced  reply.Enhanced
	Class     reply.Class
	Reason    reply.Reason
	Actor     reply.Actor
	Direction Direction
	Verb      string
	Host      string
	Connector string
	Server    string
	Format    string
	Period    string // "2026-11-01T13:00:00Z" by hour, "2026-11-01" by day
}

func (v Values) compare(w Values) int {
	return cmp.Or(
		cmp.Compare(v.Domain, w.Domain),
		cmp.Compare(v.Code, w.Code),
		compareEnhanced(v.Enhanced, w.Enhanced),
		cmp.Compare(v.Class, w.Class),
		cmp.Compare(v.Reason, w.Reason),
		cmp.Compare(v.Actor, w.Actor),
		cmp.Compare(v.Direction, w.Direction),
		cmp.Compare(v.Verb, w.Verb),
		cmp.Compare(v.Host, w.Host),
		cmp.Compare(v.Connector, w.Connector),
		cmp.Compare(v.Server, w.Server),
		cmp.Compare(v.Format, w.Format),
		cmp.Compare(v.Period, w.Period),
	)
}

func compareEnhanced(a, b reply.Enhanced) int {
	return cmp.Or(cmp.Compare(a.Major, b.Major), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Detail, b.Detail))
}

// A Group is what a Summary counted for one set of values.
type Group struct {
	Values
	Outcomes   int64
	Replies    int64 // different replies behind the outcomes
	Recipients int64 // outcomes that concern a recipient
	Sessions   int64 // different sessions behind the outcomes
	First      Time
	Last       Time
	Example    Outcome // the earliest by time, file and line; a text of more than 4 KB is cut

	lastSession uint64 // whose outcomes are being added
	lastReply   uint32
	counting    bool // there are such, and none was merged since
}

const (
	maxExample = 4096 // bytes of the text of an Example
	maxValue   = 255  // bytes of a value; domains and host names are no longer (RFC 5321 section 4.5.3.1)
)

// clip returns s, or its beginning when it is longer than n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// kept returns o as it is kept, which refers to no part of a whole session.
func (o Outcome) kept() Outcome {
	o.Text, o.Recipient = strings.Clone(clip(o.Text, maxExample)), strings.Clone(clip(o.Recipient, maxExample))
	o.Domain, o.Host = strings.Clone(clip(o.Domain, maxValue)), strings.Clone(clip(o.Host, maxValue))
	o.Verb, o.Server, o.Connector = clip(o.Verb, maxValue), clip(o.Server, maxValue), clip(o.Connector, maxValue)
	return o
}

// DefaultMaxGroups bounds a Summary, whose keys are chosen by strangers.
const DefaultMaxGroups = 200_000

// A Summary counts outcomes by keys. The zero Summary is not usable; see
// [NewSummary]. Summaries of different sessions merge, in any order, to the
// same result.
type Summary struct {
	keys    []Key
	groups  map[Values]*Group
	loc     *time.Location
	max     int
	dropped int64
}

// NewSummary returns an empty Summary that groups by keys. Hours and days are
// those of loc, nil for UTC.
func NewSummary(keys []Key, loc *time.Location) *Summary {
	if loc == nil {
		loc = time.UTC
	}
	return &Summary{keys: slices.Clone(keys), groups: map[Values]*Group{}, loc: loc, max: DefaultMaxGroups}
}

// Keys returns the keys that the Summary groups by.
func (s *Summary) Keys() []Key { return s.keys }

// Dropped returns how many outcomes were not counted because the Summary
// already had [DefaultMaxGroups] groups.
func (s *Summary) Dropped() int64 { return s.dropped }

// Add counts o. The outcomes of a session are added one after the other.
func (s *Summary) Add(o *Outcome) {
	v := s.values(o)
	g := s.groups[v]
	if g == nil {
		if len(s.groups) >= s.max {
			s.dropped++
			return
		}
		// What the outcome refers to may be part of a whole session.
		v.Domain, v.Host = strings.Clone(v.Domain), strings.Clone(v.Host)
		g = &Group{Values: v}
		s.groups[v] = g
	}
	newSession := !g.counting || g.lastSession != o.Session
	if newSession {
		g.Sessions++
	}
	if o.IsReply && (newSession || g.lastReply != o.Reply) {
		g.Replies++
	}
	g.lastSession, g.lastReply, g.counting = o.Session, o.Reply, true
	if o.Recipient != "" {
		g.Recipients++
	}
	g.span(o.Time, o.Time, *o)
	g.Outcomes++
}

// span widens the group's time span and keeps the earliest example.
func (g *Group) span(first, last Time, example Outcome) {
	if g.Outcomes == 0 {
		g.First, g.Last, g.Example = first, last, example.kept()
		return
	}
	if !first.IsZero() && (g.First.IsZero() || first.Before(g.First)) {
		g.First = first
	}
	if g.Last.Before(last) {
		g.Last = last
	}
	if compareExamples(&example, &g.Example) < 0 {
		g.Example = example.kept()
	}
}

// compareExamples orders outcomes by time, those without one last, and place.
func compareExamples(a, b *Outcome) int {
	if a.Time.IsZero() != b.Time.IsZero() {
		if a.Time.IsZero() {
			return 1
		}
		return -1
	}
	if c := a.Time.Compare(b.Time); c != 0 {
		return c
	}
	return cmp.Or(a.Pos.Compare(b.Pos), cmp.Compare(a.Recipient, b.Recipient))
}

func (s *Summary) values(o *Outcome) Values {
	var v Values
	for _, k := range s.keys {
		switch k {
		case ByDomain:
			v.Domain = clip(o.Domain, maxValue)
		case ByCode:
			v.Code = o.Code
		case ByEnhanced:
			v.Enhanced = o.Enhanced
		case ByClass:
			v.Class = o.Class
		case ByReason:
			v.Reason = o.Reason
		case ByActor:
			v.Actor = o.Actor
		case ByDirection:
			v.Direction = o.Direction
		case ByVerb:
			v.Verb = clip(o.Verb, maxValue)
		case ByHost:
			v.Host = clip(o.Host, maxValue)
		case ByConnector:
			v.Connector = clip(o.Connector, maxValue)
		case ByServer:
			v.Server = clip(o.Server, maxValue)
		case ByFormat:
			v.Format = o.Format
		case ByHour:
			v.Period = s.period(o.Time, "2006-01-02T15:00:00Z07:00")
		case ByDay:
			if !slices.Contains(s.keys, ByHour) { // which says the day too
				v.Period = s.period(o.Time, time.DateOnly)
			}
		}
	}
	return v
}

func (s *Summary) period(t Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.Time().In(s.loc).Format(layout)
}

// Merge adds what t counted. The two must group by the same keys and must not
// have counted the same session.
func (s *Summary) Merge(t *Summary) {
	for v, h := range t.groups {
		g := s.groups[v]
		if g == nil {
			if len(s.groups) >= s.max {
				s.dropped += h.Outcomes
				continue
			}
			c := *h
			c.counting = false
			s.groups[v] = &c
			continue
		}
		g.span(h.First, h.Last, h.Example)
		g.Outcomes += h.Outcomes
		g.Replies += h.Replies
		g.Recipients += h.Recipients
		g.Sessions += h.Sessions
		g.counting = false
	}
	s.dropped += t.dropped
}

// MoveLines moves the Examples in a file by so many lines: s was counted in a part
// of it whose lines were counted from another place.
func (s *Summary) MoveLines(file string, lines int64) {
	for _, g := range s.groups {
		if g.Example.Pos.File == file {
			g.Example.Pos.Line += lines
		}
	}
}

// Len returns the number of groups.
func (s *Summary) Len() int { return len(s.groups) }

// Groups returns the groups by number of outcomes, the most first, then by
// their values.
func (s *Summary) Groups() []*Group {
	groups := slices.Collect(maps.Values(s.groups))
	slices.SortFunc(groups, func(a, b *Group) int {
		if c := cmp.Compare(b.Outcomes, a.Outcomes); c != 0 {
			return c
		}
		return a.Values.compare(b.Values)
	})
	return groups
}
