package track

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// holes returns what must be in some log and is in none of the files.
func (j *judge) holes() []Hole {
	j.found = nil
	for i := range j.ways {
		w := &j.ways[i]
		if w.ours && w.arrived == nil && w.target != "" {
			j.add(j.missing(w.target, w.part, j.events[w.event].Time))
		}
	}
	j.arrivals(j.add)
	j.silences(j.add)
	slices.SortFunc(j.found, func(a, b Hole) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Text, b.Text))
	})
	return j.found
}

// note takes a hole that is not known yet.
func (j *judge) note(h Hole) {
	if len(j.found) < maxHoles && !slices.ContainsFunc(j.found, func(o Hole) bool { return o.Server == h.Server && o.Text == h.Text }) {
		j.found = append(j.found, h)
	}
}

// maxHoles bounds the holes of one message.
const maxHoles = 100

// missing is the hole of a server that must have logged the message at about
// that time and did not.
func (j *judge) missing(server string, of part, at outcome.Time) Hole {
	c := &j.b.coverage
	h := Hole{Server: c.name(server), Log: partNames[of], Why: NoLog}
	h.From, h.To = hourOf(at)
	if _, span, _ := c.logs[place{shortName(server), of}].around(at); span != nil {
		h.Why = NoRows
		h.Text = fmt.Sprintf("%s's %s for %s has no row of this message", h.Server, h.Log, spanText(h.From, h.To))
	} else {
		h.Text = fmt.Sprintf("%s's %s for %s is not among the files", h.Server, h.Log, spanText(h.From, h.To))
	}
	return h
}

// arrivals looks for servers that have the message although no row says how it
// came there, and for the servers that it came from.
func (j *judge) arrivals(add func(Hole)) {
	j.visited.reset()
	for _, e := range j.events {
		v := j.visited.at(e.place())
		v.transported = v.transported || e.log == transport && !e.shadow()
		if e.Server == "" || e.Number >= 0 || e.Format != logparse.Tracking && e.Format != logparse.TrackingPS {
			continue
		}
		if e.arrives() || e.shadow() || e.begins() {
			v.arrived = true
		} else if v.first == nil && e.Source != "STOREDRIVER" {
			v.first = e
		}
	}
	for k := range j.visited.list {
		if v := &j.visited.list[k]; !v.arrived && v.first != nil {
			if h, ok := j.before(v.first); ok {
				add(h)
			}
		}
	}
	for _, e := range j.events {
		if e.client == "" || e.EventID != "RECEIVE" && e.EventID != "HARECEIVE" {
			continue
		}
		v := j.visited.find(e.client)
		switch {
		case e.EventID == "HARECEIVE" && !(v != nil && v.transported):
		case v != nil:
			continue
		case e.EventID == "RECEIVE" && e.Source == "SMTP" && e.Number < 0 && !e.proxied && j.b.servers.has(e.ClientHostname):
		default:
			continue
		}
		v = j.visited.at(e.client)
		v.transported = true
		// A front end of the same name writes no tracking log, so that what it
		// passed on shows only the lack of a log.
		if h := j.missing(e.ClientHostname, transport, e.Time); h.Why == NoLog || e.EventID == "HARECEIVE" {
			add(h)
		}
	}
}

// begins reports whether a message may begin on a server with the event.
func (e *Event) begins() bool {
	switch e.EventID {
	case "DSN", "RESUBMIT", "LOAD", "INITMESSAGECREATED", "MODERATORAPPROVE", "MODERATORREJECT":
		return true
	}
	return false
}

// before is the hole of a log that begins, or goes on after a silence, less
// than a silence before the event.
func (j *judge) before(e *Event) (h Hole, ok bool) {
	c := &j.b.coverage
	log := c.logs[place{e.place(), transport}]
	before, span, _ := log.around(e.Time)
	if span == nil || !log.busy() || e.Time.Sub(span.First) >= silence {
		return h, false
	}
	h = Hole{Server: c.name(e.Server), Log: partNames[transport], Why: NoLog, To: span.First}
	if before == nil {
		h.From, h.To = hourOf(outcome.At(span.First.Time().Add(-silence), 0))
		h.Text = fmt.Sprintf("%s's %s from before %s is not among the files", h.Server, h.Log, clock(span.First))
		return h, true
	}
	h.From, h.To = gap(before.Last, span.First)
	h.Text = fmt.Sprintf("%s's %s for %s is not among the files", h.Server, h.Log, spanText(h.From, h.To))
	return h, true
}

// silences looks for the servers where the trail of a recipient ends.
func (j *judge) silences(add func(Hole)) {
	if !slices.ContainsFunc(j.list, func(v *verdict) bool { return v.Status == Pending || v.Status == Deferred }) {
		return
	}
	done := map[string]bool{}
	for i := range j.ways {
		// Where the message went from there is named already.
		if w := &j.ways[i]; w.ours && w.arrived == nil {
			done[j.events[w.event].place()] = true
		}
	}
	last := map[string]outcome.Time{}
	for _, e := range j.events {
		if e.log == transport {
			last[e.place()] = e.Time
		}
	}
	for _, v := range j.list {
		name := shortName(v.place)
		if v.Status != Pending && v.Status != Deferred || name == "" || done[name] {
			continue
		}
		done[name] = true
		if h, ok := j.silent(v.place, last[name]); ok {
			add(h)
		}
	}
}

// silent is the hole of a server where the trail ends at that time, when its
// log falls silent after that and goes on later, or others do.
func (j *judge) silent(server string, at outcome.Time) (h Hole, ok bool) {
	c := &j.b.coverage
	log := c.logs[place{shortName(server), transport}]
	_, span, after := log.around(at)
	if span == nil || !log.busy() {
		return h, false
	}
	h = Hole{Server: c.name(server), Log: partNames[transport], Why: NoLog}
	switch {
	case after != nil:
		h.From, h.To = gap(span.Last, after.First)
		h.Text = fmt.Sprintf("%s's %s has nothing for %s, when the message was there", h.Server, h.Log, spanText(h.From, h.To))
	case c.last.Sub(span.Last) >= silence:
		h.From, h.To = gap(span.Last, c.last)
		h.Text = fmt.Sprintf("%s's %s ends at %s, when the message was there", h.Server, h.Log, clock(span.Last))
	default:
		return h, false
	}
	return h, true
}

// hourOf returns the hour that the time lies in.
func hourOf(at outcome.Time) (from, to outcome.Time) {
	t := at.Time().Truncate(time.Hour)
	return outcome.At(t, 0), outcome.At(t.Add(time.Hour), 0)
}

// gap returns the whole hours between two times, or the times where there is
// none.
func gap(last, next outcome.Time) (from, to outcome.Time) {
	f := last.Time().Truncate(time.Hour).Add(time.Hour)
	t := next.Time().Truncate(time.Hour)
	if f.Before(t) {
		return outcome.At(f, 0), outcome.At(t, 0)
	}
	return last, next
}

// spanText writes "2026-11-01 14:00–15:00 UTC".
func spanText(from, to outcome.Time) string {
	f, t := from.Time(), to.Time()
	if f.Year() == t.Year() && f.YearDay() == t.YearDay() {
		return f.Format("2006-01-02 15:04") + "–" + t.Format("15:04") + " UTC"
	}
	if t.Equal(f.Truncate(24 * time.Hour).Add(24 * time.Hour)) {
		return f.Format("2006-01-02 15:04") + "–24:00 UTC"
	}
	return f.Format("2006-01-02 15:04") + "–" + t.Format("2006-01-02 15:04") + " UTC"
}

func clock(at outcome.Time) string { return at.Time().Format("2006-01-02 15:04") + " UTC" }
