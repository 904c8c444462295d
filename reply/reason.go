package reply

import "fmt"

// Reason says why a reply was given. The reasons are a flat list; who has to
// act is told apart by [Actor], and how final it is by [Class].
type Reason uint8

// The reasons.
const (
	ReasonNone                Reason = iota // not classified
	ReasonAccepted                          // a 2xx or 3xx reply
	ReasonUserUnknown                       // no such recipient
	ReasonBadAddress                        // the recipient address is malformed, ambiguous or reserved
	ReasonUserMoved                         // moved, and no forwarding
	ReasonMailboxFull                       // the recipient is over quota
	ReasonMailboxDisabled                   // disabled, inactive or suspended mailbox
	ReasonRecipientRestricted               // the recipient or group takes mail from some senders only
	ReasonDomainUnknown                     // the domain does not exist or takes no mail
	ReasonSenderRejected                    // the sender address was refused
	ReasonSenderSuspended                   // the sender's own account or tenant is blocked
	ReasonSenderAuth                        // SPF, DKIM, DMARC, ARC or Sender ID
	ReasonRelayDenied                       // relaying refused
	ReasonAuthRequired                      // the client must log in first
	ReasonAuthFailed                        // the login failed
	ReasonTLSRequired                       // STARTTLS demanded
	ReasonTLSFailed                         // handshake, certificate, DANE, MTA-STS or REQUIRETLS
	ReasonSpam                              // content judged spam
	ReasonVirus                             // malware found
	ReasonContentRejected                   // attachment, MIME, header or line format
	ReasonPolicy                            // any other policy refusal
	ReasonBlocklisted                       // address, host or domain on a list, or of bad reputation
	ReasonDNSPTR                            // reverse DNS or HELO name wrong
	ReasonGreylisted                        // put off by design
	ReasonRateLimited                       // too fast, too many connections, messages or errors
	ReasonTooManyRecipients                 // over the recipients of one message
	ReasonTooLarge                          // message too large
	ReasonDNSFailure                        // a lookup failed
	ReasonConnectionTimeout                 // no answer
	ReasonConnectionRefused                 // refused or unreachable
	ReasonConnectionDropped                 // reset or lost in mid-session
	ReasonRoutingLoop                       // too many hops, or loops back
	ReasonRouting                           // no route or connector
	ReasonExpired                           // gave up in the queue
	ReasonServerUnavailable                 // busy, shutting down, maintenance
	ReasonServerResources                   // disk, memory, handles
	ReasonServerError                       // local error or misconfiguration
	ReasonProtocolError                     // syntax, sequence, unknown command
	ReasonSuppressed                        // on the sender's own suppression list
	ReasonUnknown                           // failed, and nothing says why

	reasonCount
)

var reasonNames = [reasonCount]string{
	ReasonAccepted:            "accepted",
	ReasonUserUnknown:         "user_unknown",
	ReasonBadAddress:          "bad_address",
	ReasonUserMoved:           "user_moved",
	ReasonMailboxFull:         "mailbox_full",
	ReasonMailboxDisabled:     "mailbox_disabled",
	ReasonRecipientRestricted: "recipient_restricted",
	ReasonDomainUnknown:       "domain_unknown",
	ReasonSenderRejected:      "sender_rejected",
	ReasonSenderSuspended:     "sender_suspended",
	ReasonSenderAuth:          "sender_auth",
	ReasonRelayDenied:         "relay_denied",
	ReasonAuthRequired:        "auth_required",
	ReasonAuthFailed:          "auth_failed",
	ReasonTLSRequired:         "tls_required",
	ReasonTLSFailed:           "tls_failed",
	ReasonSpam:                "spam",
	ReasonVirus:               "virus",
	ReasonContentRejected:     "content_rejected",
	ReasonPolicy:              "policy",
	ReasonBlocklisted:         "blocklisted",
	ReasonDNSPTR:              "dns_ptr",
	ReasonGreylisted:          "greylisted",
	ReasonRateLimited:         "rate_limited",
	ReasonTooManyRecipients:   "too_many_recipients",
	ReasonTooLarge:            "too_large",
	ReasonDNSFailure:          "dns_failure",
	ReasonConnectionTimeout:   "connection_timeout",
	ReasonConnectionRefused:   "connection_refused",
	ReasonConnectionDropped:   "connection_dropped",
	ReasonRoutingLoop:         "routing_loop",
	ReasonRouting:             "routing",
	ReasonExpired:             "expired",
	ReasonServerUnavailable:   "server_unavailable",
	ReasonServerResources:     "server_resources",
	ReasonServerError:         "server_error",
	ReasonProtocolError:       "protocol_error",
	ReasonSuppressed:          "suppressed",
	ReasonUnknown:             "unknown",
}

// Reasons returns every reason but ReasonNone, in the order of their numbers.
func Reasons() []Reason {
	all := make([]Reason, 0, reasonCount-1)
	for r := ReasonAccepted; r < reasonCount; r++ {
		all = append(all, r)
	}
	return all
}

// String returns the name, such as "user_unknown", or "" for ReasonNone.
func (r Reason) String() string {
	if r < reasonCount {
		return reasonNames[r]
	}
	return ""
}

// ParseReason returns the reason of that name; "" is ReasonNone.
func ParseReason(name string) (Reason, error) {
	for r, n := range reasonNames {
		if n == name {
			return Reason(r), nil
		}
	}
	return ReasonNone, fmt.Errorf("unknown reason %q", name)
}

// MarshalText returns the name.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText sets r to the reason of that name.
func (r *Reason) UnmarshalText(text []byte) error {
	v, err := ParseReason(string(text))
	if err == nil {
		*r = v
	}
	return err
}

// Actor says who has to act to get the mail through.
type Actor uint8

// The actors. "Ours" is the side whose log it is, "remote" the other server;
// "sender" is whoever wrote the message and "recipient" whoever it is for,
// each with their own administrator.
const (
	ActorNone Actor = iota
	ActorSender
	ActorRecipient
	ActorOurs
	ActorRemote

	actorCount
)

var actorNames = [actorCount]string{"none", "sender", "recipient", "ours", "remote"}

// String returns "none", "sender", "recipient", "ours" or "remote".
func (a Actor) String() string {
	if a < actorCount {
		return actorNames[a]
	}
	return "none"
}

// ParseActor returns the actor of that name.
func ParseActor(name string) (Actor, error) {
	for a, n := range actorNames {
		if n == name {
			return Actor(a), nil
		}
	}
	return ActorNone, fmt.Errorf("unknown actor %q", name)
}

// MarshalText returns the name.
func (a Actor) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText sets a to the actor of that name.
func (a *Actor) UnmarshalText(text []byte) error {
	v, err := ParseActor(string(text))
	if err == nil {
		*a = v
	}
	return err
}
