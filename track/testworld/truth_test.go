package testworld

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
)

// outcomes are the statuses that the first message of each story can have.
var outcomes = map[Story][]Status{
	RuleDrop: {Dropped}, RuleReject: {Failed}, Quarantine: {Quarantined}, Bounce: {Failed}, Mixed: {Partial}, Expire: {Failed},
	Waiting: {Deferred}, MailboxFull: {Failed}, Poison: {Pending}, Reject: {Failed}, Unmoderated: {Pending}, Old2003Bounce: {Failed},
	CloudOnly: {Quarantined, Partial},
}

func TestStories(t *testing.T) {
	for name := range worlds {
		w := played(name)
		told := make(map[Story]int)
		for _, m := range w.Messages {
			told[m.Story]++
			if m.DSNOf >= 0 || m.Related >= 0 {
				continue
			}
			want := outcomes[m.Story]
			if want == nil {
				want = []Status{Delivered}
			}
			if !slices.Contains(want, m.Status) {
				t.Errorf("%s: message %d of %q is %s, want %s", name, m.Number, m.Story, m.Status, want)
			}
		}
		stories := worlds[name].Only
		if stories == nil {
			stories = Stories()
		}
		for _, s := range stories {
			if told[s] == 0 {
				t.Errorf("%s: nothing of %q", name, s)
			}
		}
	}
}

// Verdicts rest on an event about the recipient, and what leads to what is
// named on both sides.
func TestRecipients(t *testing.T) {
	for name := range worlds {
		w := played(name)
		for _, m := range w.Messages {
			var last time.Duration
			for _, r := range m.Recipients {
				if r.Status == Delivered {
					last = max(last, r.At.Sub(m.Events[0].Time))
				}
			}
			if m.Latency != last || m.Story == Across && last == 0 {
				t.Errorf("%s: message %d took %v, want %v", name, m.Number, m.Latency, last)
			}
			for _, r := range m.Recipients {
				if r.verdict == nil {
					if r.Status != Pending || m.Story != Unmoderated {
						t.Errorf("%s: nothing settles %s of %q", name, r.Address, m.Story)
					}
					continue
				}
				if r.Status != Expanded && r.Status != Redirected && !slices.Contains(r.verdict.Recipients, r.Address) {
					t.Errorf("%s: %s %s by an event about %v", name, r.Address, r.Status, r.verdict.Recipients)
				}
				for _, a := range r.Into {
					if !slices.ContainsFunc(m.Recipients, func(o Recipient) bool { return o.Address == a }) {
						t.Errorf("%s: %s leads to %s, who is no recipient", name, r.Address, a)
					}
				}
				for _, a := range r.Via {
					if !slices.ContainsFunc(m.Recipients, func(o Recipient) bool { return o.Address == a && len(o.Into) > 0 }) {
						t.Errorf("%s: %s came by %s, who leads nowhere", name, r.Address, a)
					}
				}
				if m.Story == Retry && m.DSNOf < 0 && r.Deferred == 0 {
					t.Errorf("%s: %s was not put off", name, r.Address)
				}
			}
			if m.DSNOf >= 0 {
				of := w.Messages[m.DSNOf]
				if m.ReturnPath != "<>" || of.Story != Quarantine && m.Recipients[0].Address != of.Sender {
					t.Errorf("%s: the bounce of %d goes from %s to %s", name, of.Number, m.ReturnPath, m.Recipients[0].Address)
				}
			}
		}
	}
}

// A message comes to a server over a connection from the one before.
func TestHops(t *testing.T) {
	for name := range worlds {
		w := played(name)
		behind := make(map[string]int) // front ends, by the front end's session
		for _, s := range w.Sessions {
			if s.Proxied != "" {
				behind[s.Proxied] = s.Number
			}
		}
		connected := func(from, to Hop) bool {
			return slices.ContainsFunc(from.Sessions, func(n int) bool {
				peer := w.Sessions[n].Peer
				if peer < 0 {
					return false
				}
				if b, ok := behind[w.Sessions[peer].ID]; ok {
					peer = b
				}
				return slices.Contains(to.Sessions, peer)
			})
		}
		for _, m := range w.Messages {
			for i, h := range m.Hops {
				if len(h.Events) == 0 || h.Left.Before(h.Arrived) {
					t.Errorf("%s: message %d was not on %s", name, m.Number, h.Server)
				}
				if h.From < 0 != (i == 0) {
					t.Errorf("%s: message %d of %q begins on %s, its hop %d", name, m.Number, m.Story, h.Server, i)
				}
				if h.From < 0 {
					continue
				}
				from := m.Hops[h.From]
				cloud := from.Server == "EXO" || h.Server == "EXO"
				if h.From >= i || !cloud && !connected(from, h) || !h.Shadow && seconds(h.Arrived).Before(seconds(from.Arrived)) {
					t.Errorf("%s: message %d of %q came from %s to %s without a connection", name, m.Number, m.Story, from.Server, h.Server)
				}
			}
		}
	}
}

// The reply of a SEND names what the next server's RECEIVE has, and its
// source-context the transaction in the receive log.
func TestJoins(t *testing.T) {
	for name := range worlds {
		w := played(name)
		bySession := make(map[string]*Session)
		for i := range w.Sessions {
			s := &w.Sessions[i]
			if s.Number != i {
				t.Fatalf("session %d is at %d", s.Number, i)
			}
			if s.ID == "" {
				continue
			}
			if bySession[s.ID] != nil {
				t.Fatalf("%s: session id %s twice", name, s.ID)
			}
			bySession[s.ID] = s
			if s.Peer >= 0 && w.Sessions[s.Peer].Peer != i {
				t.Errorf("%s: %d is the peer of %d but not the other way", name, s.Peer, i)
			}
			if s.Proxied != "" && w.Sessions[slices.IndexFunc(w.Sessions, func(o Session) bool { return o.ID == s.Proxied })].Log != ReceiveLog {
				t.Errorf("%s: %s is proxied for %s", name, s.ID, s.Proxied)
			}
		}
		events := make(map[Position]*Event)
		messages := make(map[Position]*Message)
		for i := range w.Messages {
			for j := range w.Messages[i].Events {
				e := &w.Messages[i].Events[j]
				events[e.Position], messages[e.Position] = e, &w.Messages[i]
			}
		}
		joined := 0
		for _, f := range w.Files {
			if formatOf(f.Path) != logparse.Tracking {
				continue
			}
			for line, rec := range rows(t, f) {
				m, e := messages[Position{File: f.Path, Line: line}], events[Position{File: f.Path, Line: line}]
				context := field(rec, "source-context")
				if e.Source != "SMTP" {
					continue
				}
				if e.Session >= 0 && !strings.Contains(context, w.Sessions[e.Session].ID) {
					t.Errorf("%s: %s:%d names %q, not session %s", name, f.Path, line, context, w.Sessions[e.Session].ID)
				}
				if e.Event == "RECEIVE" || e.Event == "HARECEIVE" {
					s := bySession[strings.Split(context, ";")[0]]
					if s == nil || !slices.ContainsFunc(s.Transactions, func(tr Transaction) bool {
						return tr.Context == context && tr.Message == m.Number && (tr.InternalID == e.InternalID || tr.InternalID == 0)
					}) {
						t.Errorf("%s: %s:%d comes from %q, which is no transaction", name, f.Path, line, context)
					}
					joined++
				}
				if id, host := splitNext(context); host != "" {
					server, _, _ := strings.Cut(host, ".")
					if !slices.ContainsFunc(m.Events, func(o Event) bool {
						return o.InternalID == id && (o.Server == server || o.Server == "EXO") && strings.HasSuffix(o.Event, "RECEIVE")
					}) && !strings.Contains(host, "outlook") {
						t.Errorf("%s: %s:%d goes to %d on %s, where it never came", name, f.Path, line, id, host)
					}
					joined++
				}
			}
		}
		if joined == 0 {
			t.Errorf("%s: nothing to join", name)
		}
	}
}

// The sessions that are rebuilt from the protocol logs are those of the truth.
func TestSessions(t *testing.T) {
	for name := range worlds {
		w := played(name)
		rebuilt := make(map[string]*session.Session)
		others := make(map[logparse.Format]int)
		folders := make(map[string][]*logparse.Record)
		var order []string
		for _, f := range w.Files {
			if !formatOf(f.Path).Protocol() {
				continue
			}
			folder := f.Path[:strings.LastIndexByte(f.Path, '/')]
			if folders[folder] == nil {
				order = append(order, folder)
			}
			list := rows(t, f)
			lines := make([]int, 0, len(list))
			for line := range list {
				lines = append(lines, line)
			}
			slices.Sort(lines)
			for _, line := range lines {
				folders[folder] = append(folders[folder], list[line])
			}
		}
		for _, folder := range order {
			b := session.NewBuilder(nil, func(s *session.Session) {
				if s.Format.HasSessionID() {
					rebuilt[s.ID] = s.Clone()
				} else {
					others[s.Format]++
				}
			})
			for _, rec := range folders[folder] {
				b.Add(rec)
			}
			b.Close()
		}
		want := make(map[logparse.Format]int)
		for i := range w.Sessions {
			s := &w.Sessions[i]
			switch s.Log {
			case W3CLog:
				want[logparse.IISW3C]++
			case IMSLog:
				want[logparse.IMS]++
			default:
				checkSession(t, name, s, rebuilt[s.ID])
				delete(rebuilt, s.ID)
			}
		}
		if len(rebuilt) > 0 {
			t.Errorf("%s: %d sessions too many", name, len(rebuilt))
		}
		for format, n := range want {
			if others[format] != n {
				t.Errorf("%s: %d sessions of %v, want %d", name, others[format], format, n)
			}
		}
	}
}

func checkSession(t *testing.T, name string, s *Session, got *session.Session) {
	t.Helper()
	if got == nil {
		t.Errorf("%s: session %s is not rebuilt", name, s.ID)
		return
	}
	if got.Remote != s.Remote || string(got.Ended) == "" || !got.Start.Time().Equal(s.Start) || !got.End.Time().Equal(s.End) {
		t.Errorf("%s: %s with %s from %v to %v, want %s, %v to %v", name, s.ID, got.Remote, got.Start, got.End, s.Remote, s.Start, s.End)
	}
	if s.Proxied != "" && (got.Proxied == nil || got.Proxied.Session != s.Proxied) {
		t.Errorf("%s: %s is proxied for %+v, want %s", name, s.ID, got.Proxied, s.Proxied)
	}
	if len(got.Transactions) != len(s.Transactions) {
		t.Errorf("%s: %s has %d transactions, want %d", name, s.ID, len(got.Transactions), len(s.Transactions))
		return
	}
	for i, want := range s.Transactions {
		tr := &got.Transactions[i]
		if tr.From != want.From || tr.SourceContext != want.Context && s.Inbound || len(tr.Recipients) != len(want.To) {
			t.Errorf("%s: %s has %+v, want %+v", name, s.ID, tr, want)
			continue
		}
		for j, r := range tr.Recipients {
			if code := want.Codes[j]; r.To != want.To[j] || code >= 300 && int(r.Code) != code {
				t.Errorf("%s: %s has the recipient %s with %d, want %s with %d", name, s.ID, r.To, r.Code, want.To[j], code)
			}
		}
		if id := tr.RemoteInternalID; !s.Inbound && want.InternalID > 0 && id != number(want.InternalID) {
			t.Errorf("%s: %s got the id %s, want %d", name, s.ID, id, want.InternalID)
		}
	}
}
