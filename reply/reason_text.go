package reply

// Meaning says in one sentence what the reason stands for, "" for ReasonNone.
func (r Reason) Meaning() string {
	if r < reasonCount {
		return reasonTexts[r].meaning
	}
	return ""
}

// Actor says who has to act on a reply of this reason. The same reply means
// different work on the two sides: a refused relay attempt in our receive log
// is for the client to mend, one in our send log is for us. An unknown
// direction is taken as Outbound.
func (r Reason) Actor(d Direction) Actor {
	if r >= reasonCount {
		return ActorNone
	}
	if d == Inbound {
		return reasonTexts[r].inbound
	}
	return reasonTexts[r].outbound
}

// Remedy says in a sentence or two what to do, seen from our side of the
// connection; "" when there is nothing to do.
func (r Reason) Remedy(d Direction) string {
	if r >= reasonCount {
		return ""
	}
	t := &reasonTexts[r]
	if d == Inbound && t.remedyIn != "" {
		return t.remedyIn
	}
	return t.remedy
}

// A reasonText is what is known of a reason. The actors and remedies are told
// for the two directions; an empty remedyIn is the same as remedy.
type reasonText struct {
	outbound, inbound         Actor
	meaning, remedy, remedyIn string
}

var reasonTexts = [reasonCount]reasonText{}
