package track

import "slices"

// aliases learns which addresses are resolved to others: what is said of both
// is said of one recipient.
func (j *judge) aliases() {
	for _, e := range j.events {
		if e.EventID != "RESOLVE" || len(e.Related) == 0 {
			continue
		}
		for i, from := range e.Related {
			if to, ok := e.relatedTo(i); ok && !sameAddress(from, to) {
				j.alias[addressKey(from)] = addressKey(to)
			}
		}
	}
}

// resolve returns the key of the recipient that an address is resolved to,
// maybe in steps; a circle is no resolution.
func (j *judge) resolve(key string) string {
	to := key
	if len(j.alias) == 0 {
		return to
	}
	for range maxSteps {
		next, ok := j.alias[to]
		if !ok {
			return to
		}
		to = next
	}
	return key
}

// related returns which recipient the i-th related address turned into.
func (e *Event) related(i int) (recipient int, ok bool) {
	switch len(e.Recipients) {
	case len(e.Related):
		return i, true
	case 1:
		return 0, true
	}
	return 0, false
}

// relatedTo is related, and returns the recipient's address.
func (e *Event) relatedTo(i int) (string, bool) {
	if k, ok := e.related(i); ok {
		return e.Recipients[k].Address, true
	}
	return "", false
}

// expanded notes a member of a group.
func (j *judge) expanded(e *Event, r *Recipient) {
	v := j.of(r.Address)
	if len(e.Related) == 0 {
		// The logs of Exchange 4.0 to 5.5 and message trace name the group itself.
		if !v.mailbox {
			j.settle(v, e, Expanded, "")
			v.final, v.failed = true, true
		}
		return
	}
	if v.From == "" && v.Deferrals == 0 && v.place == "" {
		v.From = e.Related[0]
	}
	j.seen(v, e)
}

// redirected notes the recipient that a message goes to instead.
func (j *judge) redirected(e *Event, r *Recipient, i int) {
	v := j.of(r.Address)
	if len(e.Related) == 0 {
		if !v.final {
			j.settle(v, e, Redirected, "")
			v.final, v.failed = true, true
		}
		return
	}
	if v.From == "" && v.place == "" {
		v.From = e.Related[min(i, len(e.Related)-1)]
	}
	j.seen(v, e)
}

// groups settles the addresses that an event replaced by its recipients.
func (j *judge) groups(e *Event) {
	f := e.effect(e.RawStatus)
	if f != effectExpanded && f != effectRedirected {
		return
	}
	for i, from := range e.Related {
		v := j.of(from)
		into := e.Recipients
		if k, ok := e.related(i); ok && f == effectRedirected {
			into = into[k : k+1]
		}
		if slices.ContainsFunc(into, func(r Recipient) bool { return sameAddress(r.Address, from) }) {
			continue // stays a recipient itself
		}
		if !v.mailbox {
			status := Expanded
			if f == effectRedirected {
				status = Redirected
			}
			j.settle(v, e, status, "")
			v.final, v.failed = true, true
		}
		if !j.b.opt.VerdictsOnly {
			v.bring(into, f)
		}
	}
}

// bring notes the addresses that a group or a redirected address turned into.
func (v *verdict) bring(into []Recipient, f effect) {
	list := &v.ExpandedInto
	if f == effectRedirected {
		list = &v.RedirectedTo
	}
	if v.into == nil {
		v.into = map[string]bool{}
	}
	for i := range into {
		a := into[i].Address
		if k := addressKey(a); !v.into[k] {
			v.into[k] = true
			*list = append(*list, a)
		}
	}
}
