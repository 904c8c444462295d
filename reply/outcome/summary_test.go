package outcome

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply"
)

// A drawn session: its outcomes, as one session adds them.
func drawSession(rng *rand.Rand, number uint64) []Outcome {
	var list []Outcome
	for r := range rng.IntN(4) {
		o := Outcome{
			Code: []reply.Code{0, 450, 550, 554}[rng.IntN(4)], Direction: []Direction{Inbound, Outbound}[rng.IntN(2)],
			Verb: []string{"MAIL", "RCPT", "EOM"}[rng.IntN(3)], Host: []string{"", "192.0.2.1"}[rng.IntN(2)],
			Session: number, Reply: uint32(r + 1), IsReply: rng.IntN(4) > 0,
			Pos: Position{File: []string{"a.log", "b.log"}[rng.IntN(2)], Line: int64(number)*10 + int64(r)},
		}
		o.Class = o.Code.Class()
		if rng.IntN(5) > 0 { // few moments, so that many are the same
			o.Time = Unix(int64(rng.IntN(3))*3600e9, []int{0, 3}[rng.IntN(2)])
		}
		for range 1 + rng.IntN(3) {
			o.Domain = []string{"", "example.com", "example.net"}[rng.IntN(3)]
			o.Recipient = ""
			if o.Domain != "" && rng.IntN(3) > 0 {
				o.Recipient = fmt.Sprintf("u%d@%s", rng.IntN(3), o.Domain)
			}
			list = append(list, o)
		}
	}
	return list
}

// count is what a Summary says, worked out the slow way.
func count(keys []Key, sessions [][]Outcome) []Group {
	helper := NewSummary(keys, nil)
	byValues := map[Values][]Outcome{}
	for _, s := range sessions {
		for _, o := range s {
			v := helper.values(&o)
			byValues[v] = append(byValues[v], o)
		}
	}
	var groups []Group
	for v, list := range byValues {
		g := Group{Values: v, Outcomes: int64(len(list))}
		replies, seen := map[[2]uint64]bool{}, map[uint64]bool{}
		slices.SortStableFunc(list, func(a, b Outcome) int { return compareExamples(&a, &b) })
		g.Example = list[0]
		for _, o := range list {
			seen[o.Session] = true
			if o.IsReply {
				replies[[2]uint64{o.Session, uint64(o.Reply)}] = true
			}
			if o.Recipient != "" {
				g.Recipients++
			}
			if o.Time.IsZero() {
				continue
			}
			if g.First.IsZero() || o.Time.Before(g.First) {
				g.First = o.Time
			}
			if g.Last.Before(o.Time) {
				g.Last = o.Time
			}
		}
		g.Replies, g.Sessions = int64(len(replies)), int64(len(seen))
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b Group) int {
		if a.Outcomes != b.Outcomes {
			return int(b.Outcomes - a.Outcomes)
		}
		return a.Values.compare(b.Values)
	})
	return groups
}

// shown returns the groups without what is not shown of them.
func shown(groups []*Group) []Group {
	var list []Group
	for _, g := range groups {
		c := *g
		c.lastSession, c.lastReply, c.counting = 0, 0, false
		list = append(list, c)
	}
	return list
}

var diffOptions = cmp.AllowUnexported(Group{}, Time{})

// TestMerge deals sessions out to summaries, merges these in any order and
// grouping, and holds the result against the slow count.
func TestMerge(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 5))
	for round := range 300 {
		keys := Keys()
		rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		keys = keys[:rng.IntN(5)]
		var sessions [][]Outcome
		for i := range rng.IntN(40) {
			sessions = append(sessions, drawSession(rng, uint64(i+1)))
		}
		parts := make([]*Summary, 1+rng.IntN(6))
		for i := range parts {
			parts[i] = NewSummary(keys, nil)
		}
		for _, i := range rng.Perm(len(sessions)) {
			part := parts[rng.IntN(len(parts))]
			for _, o := range sessions[i] {
				part.Add(&o)
			}
		}
		for len(parts) > 1 {
			i, j := rng.IntN(len(parts)), rng.IntN(len(parts))
			if i == j {
				continue
			}
			parts[i].Merge(parts[j])
			parts = slices.Delete(parts, j, j+1)
		}
		if diff := cmp.Diff(count(keys, sessions), shown(parts[0].Groups()), diffOptions); diff != "" {
			t.Fatalf("round %d, by %v (-want +got):\n%s", round, keys, diff)
		}
		if parts[0].Len() != len(parts[0].Groups()) || parts[0].Dropped() != 0 {
			t.Errorf("%d groups, %d dropped", parts[0].Len(), parts[0].Dropped())
		}
	}
}

// A Summary counts on behind a Merge: sessions of other builders have the same
// numbers.
func TestAddAfterMerge(t *testing.T) {
	o := Outcome{Session: 1, Reply: 1, IsReply: true, Class: reply.Permanent}
	a, b := NewSummary(nil, nil), NewSummary(nil, nil)
	a.Add(&o)
	b.Merge(a)
	b.Add(&o)
	if g := b.Groups()[0]; g.Sessions != 2 || g.Replies != 2 || g.Outcomes != 2 {
		t.Errorf("%d sessions, %d replies, %d outcomes", g.Sessions, g.Replies, g.Outcomes)
	}
	if g := a.Groups()[0]; g.Outcomes != 1 {
		t.Errorf("the merged Summary has %d outcomes", g.Outcomes)
	}
}

func TestOneReplyInSeveralGroups(t *testing.T) {
	s := NewSummary([]Key{ByDomain, ByCode}, nil)
	for _, to := range []string{"x@example.com", "y@example.net", "z@example.com"} {
		s.Add(&Outcome{Code: 554, Recipient: to, Domain: to[2:], Session: 7, Reply: 3, IsReply: true})
	}
	s.Add(&Outcome{Code: 554, Domain: "example.com", Session: 7, Reply: 4}) // no reply
	var got []string
	for _, g := range s.Groups() {
		got = append(got, fmt.Sprintf("%s %d: %d outcomes, %d replies, %d recipients, %d sessions", g.Domain, g.Code, g.Outcomes, g.Replies, g.Recipients, g.Sessions))
	}
	want := []string{"example.com 554: 3 outcomes, 1 replies, 2 recipients, 1 sessions", "example.net 554: 1 outcomes, 1 replies, 1 recipients, 1 sessions"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestExample(t *testing.T) {
	s := NewSummary(nil, nil)
	for _, o := range []Outcome{
		{Text: "no time", Pos: Position{File: "a", Line: 1}},
		{Text: "late", Time: Unix(20, 0), Pos: Position{File: "a", Line: 2}},
		{Text: "early, behind", Time: Unix(10, 0), Pos: Position{File: "b", Line: 1}},
		{Text: "early, line 9", Time: Unix(10, 0), Pos: Position{File: "a", Line: 9}},
		{Text: "early, line 3", Time: Unix(10, 0), Pos: Position{File: "a", Line: 3}},
	} {
		s.Add(&o)
	}
	g := s.Groups()[0]
	if g.Example.Text != "early, line 3" || g.First != Unix(10, 0) || g.Last != Unix(20, 0) {
		t.Errorf("example %q, %v to %v", g.Example.Text, g.First, g.Last)
	}
}

func TestMaxGroups(t *testing.T) {
	s := NewSummary([]Key{ByHost}, nil)
	if s.max != DefaultMaxGroups {
		t.Errorf("at most %d groups", s.max)
	}
	s.max = 3
	for i := range 5 {
		s.Add(&Outcome{Host: fmt.Sprint(i)})
		s.Add(&Outcome{Host: "0"})
	}
	if s.Len() != 3 || s.Dropped() != 2 {
		t.Errorf("%d groups, %d dropped", s.Len(), s.Dropped())
	}
	other := NewSummary([]Key{ByHost}, nil)
	other.Add(&Outcome{Host: "9"})
	other.Add(&Outcome{Host: "9"})
	other.Add(&Outcome{Host: "1"})
	s.Merge(other)
	if s.Len() != 3 || s.Dropped() != 4 || s.Groups()[1].Outcomes != 2 {
		t.Errorf("%d groups, %d dropped, %d outcomes", s.Len(), s.Dropped(), s.Groups()[1].Outcomes)
	}
}

func TestPeriods(t *testing.T) {
	at := time.Date(2026, 11, 1, 20, 40, 0, 0, time.UTC)
	india := time.FixedZone("", 5*3600+1800)
	for _, test := range []struct {
		keys string
		loc  *time.Location
		want string
	}{
		{"hour", nil, "2026-11-01T20:00:00Z"},
		{"day", nil, "2026-11-01"},
		{"hour", india, "2026-11-02T02:00:00+05:30"},
		{"day", india, "2026-11-02"},
		{"day,hour", india, "2026-11-02T02:00:00+05:30"},
		{"code", india, ""},
	} {
		keys, err := ParseKeys(test.keys)
		if err != nil {
			t.Fatal(err)
		}
		s := NewSummary(keys, test.loc)
		s.Add(&Outcome{Time: At(at, 3)})
		if got := s.Groups()[0].Period; got != test.want {
			t.Errorf("by %s in %v: %q, want %q", test.keys, test.loc, got, test.want)
		}
	}
	s := NewSummary([]Key{ByDay}, nil)
	s.Add(&Outcome{})
	if got := s.Groups()[0].Period; got != "" {
		t.Errorf("without a time: %q", got)
	}
}

func TestParseKeys(t *testing.T) {
	got, err := ParseKeys(" Domain,code ,DOMAIN")
	if err != nil || !slices.Equal(got, []Key{ByDomain, ByCode}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, list := range []string{"", "domain,", "size"} {
		if _, err := ParseKeys(list); err == nil || !strings.Contains(err.Error(), "the keys are domain, code") {
			t.Errorf("%q: %v", list, err)
		}
	}
	// Each key sets one of the Values, so that no two groups look the same.
	o := Outcome{Domain: "d", Code: 550, Enhanced: reply.Enhanced{Major: 5, Subject: 1, Detail: 1}, Class: reply.Permanent, Reason: 1, Actor: 1,
		Direction: Inbound, Verb: "RCPT", Host: "h", Connector: "c", Server: "s", Format: "ims", Time: Unix(1, 0)}
	for _, k := range Keys() {
		if NewSummary([]Key{k}, nil).values(&o) == (Values{}) {
			t.Errorf("key %s has no value", k)
		}
	}
}

func TestAddAllocations(t *testing.T) {
	s := NewSummary([]Key{ByDomain, ByCode, ByEnhanced, ByReason}, nil)
	o := Outcome{Domain: "example.com", Code: 550, Session: 1, Time: Unix(1, 0)}
	s.Add(&o)
	if n := testing.AllocsPerRun(100, func() { s.Add(&o) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// What strangers write does not make a group large.
func TestLongValues(t *testing.T) {
	long := strings.Repeat("ü", 100_000)
	s := NewSummary(Keys(), nil)
	o := Outcome{Domain: long, Verb: long, Host: long, Connector: long, Server: long, Text: long, Recipient: long, Time: Unix(1, 0)}
	s.Add(&o)
	s.Add(&o)
	merged := NewSummary(Keys(), nil)
	merged.Merge(s)
	merged.Merge(s)
	g := merged.Groups()
	if len(g) != 1 || g[0].Outcomes != 4 {
		t.Fatalf("%d groups", len(g))
	}
	e := &g[0].Example
	for name, text := range map[string]string{"domain": g[0].Domain, "verb": g[0].Verb, "host": g[0].Host, "connector": g[0].Connector, "server": g[0].Server,
		"example's domain": e.Domain, "example's host": e.Host, "example's recipient": e.Recipient, "example's text": e.Text} {
		if len(text) > maxExample+len("…") || !strings.HasPrefix(long, strings.TrimSuffix(text, "…")) || !strings.HasSuffix(text, "…") {
			t.Errorf("%s has %d bytes", name, len(text))
		}
	}
}
