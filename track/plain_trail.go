package track

// How a row of an origin is taken on the short way to verdicts.
type plainStep uint8

const (
	plainNot       plainStep = iota // not at all
	plainSeen                       // the message was there
	plainDelivered                  // it is in the mailbox
	plainExternal                   // a host outside took it
	plainSend                       // mailbox delivery took it, if it was sent there
)

// plainStepOf returns how rows like e are taken. What replaces recipients, puts
// off or ends a message goes the long way, and what names another server that
// must have it.
func plainStepOf(e *Event) plainStep {
	switch e.EventID {
	case "SUBMIT", "HARECEIVE":
		return plainNot
	case "SENDEXTERNAL":
		return plainExternal
	}
	switch effects[e.EventID] {
	case effectSeen:
		return plainSeen
	case effectDelivered:
		return plainDelivered
	case effectSent:
		return plainSend
	}
	return plainNot
}

// sound reports whether no log is missing of the way that the message took: it
// is judge.sent and judge.arrivals for a message that leaves nothing to ask.
func (j *plainJudge) sound() bool {
	for i := range j.rows {
		if r := &j.rows[i]; r.origin.plain == plainSend && !j.arrived(r) {
			return false
		}
	}
	for i := range j.rows {
		if !j.explained(j.rows[i].origin) || !j.known(&j.rows[i]) {
			return false
		}
	}
	return true
}

// arrived reports whether a SEND went to mailbox delivery on the same server,
// which has a row about it.
func (j *plainJudge) arrived(r *plainRow) bool {
	o, next := r.origin, j.next(r)
	if !sameServer(next, o.server) {
		return false
	}
	for _, name := range [...]string{next, o.serverHostname} {
		if name == "" || isAddress(name) {
			continue
		}
		short := j.a.short.of(name)
		for i := range j.rows {
			x := &j.rows[i]
			if x != r && x.origin.stores && x.origin.short == short && sameServer(name, x.origin.server) && x.at >= r.at-hopTime.Milliseconds() &&
				(x.to == 0 || r.to == 0 || x.to&r.to != 0) {
				return true
			}
		}
	}
	return false
}

// next returns the server that a row says it was sent to.
func (j *plainJudge) next(r *plainRow) string {
	n := int(r.number)
	if n >= len(j.nexts) {
		j.nexts = append(j.nexts, make([]knownNext, n+1-len(j.nexts))...)
	}
	known := &j.nexts[n]
	if len(r.context) > maxCommonLength {
		known = new(knownNext) // what is remembered is bounded
	}
	if known.context != string(r.context) || known.server == "" {
		o, e := r.origin, &j.event
		*known = knownNext{context: string(r.context)}
		e.EventID, e.ServerHostname, e.SourceContext = o.eventID, o.serverHostname, known.context
		e.RemoteServer, e.Reply, e.Session = o.serverHostname, "", SessionRef{}
		e.readContext()
		known.server = e.RemoteServer
	}
	return known.server
}

// explained reports whether a row says how the message came to the server of
// that origin, as far as it must.
func (j *plainJudge) explained(o *origin) bool {
	if !o.demands {
		return true
	}
	for i := range j.rows {
		if x := j.rows[i].origin; x.place == o.place && x.arrives {
			return true
		}
	}
	return false
}

// known reports whether the server that a message was received from has rows of
// it, or need not.
func (j *plainJudge) known(r *plainRow) bool {
	o := r.origin
	if !o.receive || o.client == "" || r.proxied || o.sourceID != "SMTP" {
		return true
	}
	for i := range j.rows {
		if j.rows[i].origin.short == o.client {
			return true
		}
	}
	if n := int(r.number); n >= len(j.ours) {
		j.ours = append(j.ours, make([]knownServer, n+1-len(j.ours))...)
	}
	known, servers := &j.ours[r.number], j.a.b.servers
	if known.version != servers.version+1 {
		*known = knownServer{servers.version + 1, servers.has(o.clientHostname)}
	}
	return !known.has
}
