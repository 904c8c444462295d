package testworld

// Story is what happens to a message.
type Story string

// The stories.
const (
	Local          Story = "local"           // to a mailbox on the same server
	Across         Story = "across"          // to a mailbox in the other site
	Outbound       Story = "outbound"        // to an outside host, straight from the mailbox server
	OutboundEdge   Story = "outbound edge"   // to an outside host by way of the Edge
	Inbound        Story = "inbound"         // from outside through a front end
	InboundEdge    Story = "inbound edge"    // from outside through the Edge and a front end
	List           Story = "list"            // from outside to a group with members on several servers
	NestedList     Story = "nested list"     // to a group that holds a group
	Bifurcation    Story = "bifurcation"     // forked by TRANSFER for recipients inside and outside
	Redirect       Story = "redirect"        // to another recipient
	Resolve        Story = "resolve"         // sent to a secondary address
	Approve        Story = "approve"         // a moderator lets it through
	Reject         Story = "reject"          // a moderator refuses it
	Unmoderated    Story = "unmoderated"     // the moderator has not answered
	RuleDrop       Story = "rule drop"       // a transport rule deletes it
	RuleReject     Story = "rule reject"     // a transport rule rejects it, with a bounce
	Quarantine     Story = "quarantine"      // the content filter puts it into the quarantine mailbox
	Retry          Story = "retry"           // greylisted first
	Bounce         Story = "bounce"          // refused outside, with a bounce to the sender
	Mixed          Story = "mixed"           // of several recipients outside one is refused, one put off
	Expire         Story = "expire"          // put off until the queue gives up
	Waiting        Story = "waiting"         // put off, and the logs end
	MailboxFull    Story = "mailbox full"    // the store refuses it
	SameID         Story = "same id"         // two different mails with one Message-ID
	Resent         Story = "resent"          // the same mail comes twice by SMTP
	Duplicate      Story = "duplicate"       // the store has it already
	Shadow         Story = "shadow"          // with a shadow copy that is discarded later
	Resubmit       Story = "resubmit"        // the Safety Net sends it again
	Throttle       Story = "throttle"        // held back first
	Poison         Story = "poison"          // in the poison queue
	NullSender     Story = "null sender"     // an outside host's bounce
	OneSession     Story = "one session"     // two mails over one connection, another recipient refused
	ToCloud        Story = "to cloud"        // to a mailbox in Exchange Online
	FromCloud      Story = "from cloud"      // from a mailbox in Exchange Online
	CloudOnly      Story = "cloud only"      // from outside into Exchange Online's quarantine or spam filter
	Old2003In      Story = "2003 in"         // from outside to a mailbox on Exchange 2003
	Old2003Out     Story = "2003 out"        // from Exchange 2003 to outside
	Old2003Bounce  Story = "2003 bounce"     // the same, refused
	Old2003Local   Story = "2003 local"      // between mailboxes on Exchange 2003
	Old2003Forward Story = "2003 to current" // from Exchange 2003 to a current server
	Old2003Receive Story = "current to 2003" // and back
	Old55Local     Story = "5.5 local"       // between mailboxes on Exchange 5.5
	Old55Out       Story = "5.5 out"         // from Exchange 5.5 through the bridgehead to outside
	Old55In        Story = "5.5 in"          // from the bridgehead to a mailbox on Exchange 5.5
)

// Stories returns all of them.
func Stories() []Story {
	return []Story{Local, Across, Outbound, OutboundEdge, Inbound, InboundEdge, List, NestedList, Bifurcation, Redirect,
		Resolve, Approve, Reject, Unmoderated, RuleDrop, RuleReject, Quarantine, Retry, Bounce, Mixed, Expire, Waiting,
		MailboxFull, SameID, Resent, Duplicate, Shadow, Resubmit, Throttle, Poison, NullSender, OneSession, ToCloud,
		FromCloud, CloudOnly, Old2003In, Old2003Out, Old2003Bounce, Old2003Local, Old2003Forward, Old2003Receive,
		Old55Local, Old55Out, Old55In}
}
