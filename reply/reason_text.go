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

var reasonTexts = [reasonCount]reasonText{
	ReasonAccepted: {
		outbound: ActorNone, inbound: ActorNone,
		meaning: "The server accepted the command.",
	},
	ReasonUserUnknown: {
		outbound: ActorSender, inbound: ActorSender,
		meaning:  "There is no such recipient at that domain.",
		remedy:   "Check the address for typing errors and remove it from address books and lists.",
		remedyIn: "The sender has to correct the address. If it should exist here, create it or check that directory synchronisation brought it over.",
	},
	ReasonBadAddress: {
		outbound: ActorSender, inbound: ActorSender,
		meaning:  "The recipient address is malformed, ambiguous or reserved.",
		remedy:   "Correct the address.",
		remedyIn: "The sender has to correct the address. If it is ambiguous here, remove the duplicate from the directory.",
	},
	ReasonUserMoved: {
		outbound: ActorSender, inbound: ActorSender,
		meaning:  "The recipient has moved and mail is not forwarded.",
		remedy:   "Ask for the new address and use it.",
		remedyIn: "The sender has to use the new address.",
	},
	ReasonMailboxFull: {
		outbound: ActorRecipient, inbound: ActorRecipient,
		meaning:  "The recipient's mailbox is over its quota.",
		remedy:   "Wait for the recipient to free space, then send again; reach them another way if it is urgent.",
		remedyIn: "Ask the recipient to free space, or raise the quota of the mailbox.",
	},
	ReasonMailboxDisabled: {
		outbound: ActorRecipient, inbound: ActorRecipient,
		meaning:  "The mailbox exists but is disabled, inactive or suspended.",
		remedy:   "Reach the recipient another way and take the address off lists.",
		remedyIn: "Enable the mailbox again, or remove the address if it is no longer used.",
	},
	ReasonRecipientRestricted: {
		outbound: ActorRecipient, inbound: ActorRecipient,
		meaning:  "The recipient or group takes mail only from certain senders.",
		remedy:   "Ask the recipient's administrator to allow the sender.",
		remedyIn: "Allow the sender, or outside senders as a whole, in the delivery restrictions of the mailbox or group if the mail is wanted.",
	},
	ReasonDomainUnknown: {
		outbound: ActorSender, inbound: ActorSender,
		meaning:  "The domain does not exist or takes no mail.",
		remedy:   "Check the spelling of the domain and its MX records.",
		remedyIn: "The sender has to correct the domain.",
	},
	ReasonSenderRejected: {
		outbound: ActorOurs, inbound: ActorRemote,
		meaning:  "The sender address was refused.",
		remedy:   "Use a sender address whose domain exists, and one that this account or server may send as.",
		remedyIn: "The other side has to use a valid sender address, or one that its login may send as.",
	},
	ReasonSenderSuspended: {
		outbound: ActorOurs, inbound: ActorRemote,
		meaning:  "The sending account or organisation is blocked, often after sending spam.",
		remedy:   "Look for a compromised account, secure it, then ask the provider to lift the block.",
		remedyIn: "The other side has to secure its account. Lift the block when it has.",
	},
	ReasonSenderAuth: {
		outbound: ActorOurs, inbound: ActorRemote,
		meaning:  "The sender domain failed SPF, DKIM, DMARC or a similar check.",
		remedy:   "List all sending servers in SPF, sign with DKIM, and let both match the From domain.",
		remedyIn: "The sender's domain has to correct its SPF, DKIM and DMARC. Do not make an exception before you know that the mail is genuine.",
	},
	ReasonRelayDenied: {
		outbound: ActorOurs, inbound: ActorSender,
		meaning:  "The server refused to pass mail on to that domain.",
		remedy:   "If the recipient's domain should be served there, its MX records are wrong or its server does not know the domain. Otherwise log in, or have the relay allow this server.",
		remedyIn: "The client has to log in, or use a connector that lets it relay. If the domain is yours, add it to the accepted domains.",
	},
	ReasonAuthRequired: {
		outbound: ActorOurs, inbound: ActorSender,
		meaning:  "The server demands a login first.",
		remedy:   "Turn on authentication in the client or on the send connector.",
		remedyIn: "The client has to log in. Allow anonymous mail on the connector only where that is meant.",
	},
	ReasonAuthFailed: {
		outbound: ActorOurs, inbound: ActorSender,
		meaning:  "The login failed.",
		remedy:   "Check user name, password and login method; between Exchange servers also clocks, service principal names and domain controllers.",
		remedyIn: "The client has to correct its user name, password or method. Many failures from unknown addresses are password guessing.",
	},
	ReasonTLSRequired: {
		outbound: ActorOurs, inbound: ActorRemote,
		meaning:  "The server takes mail only over TLS.",
		remedy:   "Turn on TLS for this connector and check that no firewall hides STARTTLS.",
		remedyIn: "The other side has to use STARTTLS. Check that the connector's certificate is valid so that STARTTLS is offered.",
	},
	ReasonTLSFailed: {
		outbound: ActorRemote, inbound: ActorOurs,
		meaning:  "TLS could not be set up as demanded.",
		remedy:   "Read which check failed: certificate, name, protocol version or published policy. Most often the other side has to renew or correct its certificate.",
		remedyIn: "Check this server's certificate, its name and expiry date, and the TLS versions that are switched on.",
	},
	ReasonSpam: {
		outbound: ActorSender, inbound: ActorSender,
		meaning:  "The message was judged to be spam.",
		remedy:   "Change the content, links and attachments; if the mail is genuine, ask the recipient to report the false alarm.",
		remedyIn: "If the mail is genuine, release it from quarantine and allow the sender; otherwise nothing needs to be done.",
	},
	ReasonVirus: {
		outbound: ActorSender, inbound: ActorSender,
		meaning:  "The message was judged to carry malware.",
		remedy:   "Scan the sender's computer and remove the attachment.",
		remedyIn: "Nothing needs to be done here. Warn the sender if they are known to you.",
	},
	ReasonContentRejected: {
		outbound: ActorSender, inbound: ActorSender,
		meaning:  "Something in the message was refused: an attachment, a header or its format.",
		remedy:   "Correct the message: leave out the attachment, or mend the program that writes the headers or lines.",
		remedyIn: "The sender has to correct the message. If the attachment or format is wanted, allow it in the filter.",
	},
	ReasonPolicy: {
		outbound: ActorRecipient, inbound: ActorOurs,
		meaning:  "A policy of the receiving side refused the message.",
		remedy:   "Ask the receiving administrator which rule it was; the text of the reply helps them to find it.",
		remedyIn: "See which transport rule, agent or filter refused it, and change it if the mail is wanted.",
	},
	ReasonBlocklisted: {
		outbound: ActorOurs, inbound: ActorRemote,
		meaning:  "The sending address or domain is on a blocklist or has a bad reputation.",
		remedy:   "Find and stop the cause of the listing, then ask the list to remove the address.",
		remedyIn: "The other side has to get off the list. Add it to the allow list if you trust it.",
	},
	ReasonDNSPTR: {
		outbound: ActorOurs, inbound: ActorRemote,
		meaning:  "The reverse DNS record or the HELO name of the sending server is missing or wrong.",
		remedy:   "Set a PTR record for the sending address that names a host which points back to it, and use that name in HELO.",
		remedyIn: "The other side has to correct its PTR record or HELO name.",
	},
	ReasonGreylisted: {
		outbound: ActorNone, inbound: ActorNone,
		meaning:  "The server puts off unknown senders for a while, by design.",
		remedy:   "Nothing: the next attempts get through.",
		remedyIn: "Nothing: the sender tries again and gets through.",
	},
	ReasonRateLimited: {
		outbound: ActorOurs, inbound: ActorRemote,
		meaning:  "Too many connections, messages or errors in a short time.",
		remedy:   "Send more slowly and over fewer connections. If the volume is unexpected, look for a compromised account.",
		remedyIn: "The other side sends too fast. Raise the limit of the receive connector if the volume is wanted.",
	},
	ReasonTooManyRecipients: {
		outbound: ActorSender, inbound: ActorSender,
		meaning:  "The message or transaction has too many recipients.",
		remedy:   "Send to fewer recipients at a time; servers split a message by themselves when the reply is temporary.",
		remedyIn: "The sender has to send to fewer recipients at a time, or the limit has to be raised.",
	},
	ReasonTooLarge: {
		outbound: ActorSender, inbound: ActorSender,
		meaning:  "The message is larger than a limit allows.",
		remedy:   "Send a smaller message, or a link in place of the attachment.",
		remedyIn: "The sender has to send a smaller message. If the size is wanted, raise the limit of the connector, organisation or mailbox.",
	},
	ReasonDNSFailure: {
		outbound: ActorOurs, inbound: ActorOurs,
		meaning:  "A DNS lookup failed.",
		remedy:   "Check the DNS servers that this server uses and ask them for the domain. If only one domain fails, its own name servers are at fault.",
		remedyIn: "Check the DNS servers that this server uses.",
	},
	ReasonConnectionTimeout: {
		outbound: ActorRemote, inbound: ActorRemote,
		meaning:  "The other server did not answer in time.",
		remedy:   "Try to reach port 25 of the other server. Check firewalls on the way and whether your provider blocks the port.",
		remedyIn: "Check the network and firewalls between the two servers.",
	},
	ReasonConnectionRefused: {
		outbound: ActorRemote, inbound: ActorRemote,
		meaning:  "The other server refused the connection or cannot be reached.",
		remedy:   "Check that the host name and port are right and that nothing on the way blocks them; otherwise the other side has to act.",
		remedyIn: "Check the network and firewalls between the two servers.",
	},
	ReasonConnectionDropped: {
		outbound: ActorRemote, inbound: ActorRemote,
		meaning:  "The connection broke in the middle of the session.",
		remedy:   "Look for a firewall that inspects SMTP, for antivirus software on the line and for packet size (MTU) problems, if it happens often.",
		remedyIn: "Harmless when rare. If it happens often, look for a firewall that inspects SMTP or for packet size (MTU) problems.",
	},
	ReasonRoutingLoop: {
		outbound: ActorOurs, inbound: ActorOurs,
		meaning: "The message goes round in circles.",
		remedy:  "Find the servers that hand it to each other in its Received headers; correct the MX, smart host, accepted domain or forwarding that closes the circle.",
	},
	ReasonRouting: {
		outbound: ActorOurs, inbound: ActorOurs,
		meaning: "The server knows no way to the destination.",
		remedy:  "Check the send connectors, their address spaces, and the smart hosts.",
	},
	ReasonExpired: {
		outbound: ActorRemote, inbound: ActorRemote,
		meaning: "The message stayed in the queue for too long and was given up.",
		remedy:  "Find the last error of the attempts before; that is the real cause.",
	},
	ReasonServerUnavailable: {
		outbound: ActorRemote, inbound: ActorOurs,
		meaning:  "The server is busy, stopping, in maintenance or does not take mail at present.",
		remedy:   "Wait; the server tries again by itself. If it goes on for hours, tell the other side.",
		remedyIn: "Check that the transport service is active, not in maintenance and not overloaded.",
	},
	ReasonServerResources: {
		outbound: ActorRemote, inbound: ActorOurs,
		meaning:  "The server is short of disk space, memory or another resource.",
		remedy:   "Wait; the other side has to free space.",
		remedyIn: "Free disk space or memory on this server; Exchange calls this back pressure.",
	},
	ReasonServerError: {
		outbound: ActorRemote, inbound: ActorOurs,
		meaning:  "The server has a fault or is set up wrongly.",
		remedy:   "Wait when the reply is temporary, else tell the other side's administrator.",
		remedyIn: "Look into the event log of this server at that time.",
	},
	ReasonProtocolError: {
		outbound: ActorOurs, inbound: ActorRemote,
		meaning:  "The server did not understand a command, or not at that point.",
		remedy:   "Look at the conversation in the protocol log. Faulty programs and firewalls that change SMTP commands are the usual causes.",
		remedyIn: "The client breaks the protocol. Unknown programs that do so are often scanners or spam senders.",
	},
	ReasonSuppressed: {
		outbound: ActorOurs, inbound: ActorOurs,
		meaning: "The sending service did not even try: the address is on its own suppression list.",
		remedy:  "Check why the address was put on the list, and remove it there if it is good.",
	},
	ReasonUnknown: {
		outbound: ActorNone, inbound: ActorNone,
		meaning: "Nothing in the reply says why.",
		remedy:  "Read the whole text, and the reply codes in it.",
	},
}
