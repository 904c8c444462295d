package reply

import (
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		text     string
		code     Code
		enhanced string
		class    Class
		reason   Reason
		inner    string
	}{
		{"", 0, "", ClassNone, ReasonNone, ""},
		{"   \r\n", 0, "", ClassNone, ReasonNone, ""},
		{"250 2.6.0 <a1@example.com> [InternalId=1] Queued mail for delivery, 550 bytes in 0.1", 250, "2.6.0", OK, ReasonAccepted, ""},
		{"354 Go on", 354, "", OK, ReasonAccepted, ""},
		{"250-mx.example.com greets\r\n250 STARTTLS", 250, "", OK, ReasonAccepted, ""},
		{"550 4.4.7 given up: message expired", 550, "4.4.7", Permanent, ReasonExpired, ""},
		{"451 5.7.3 STARTTLS is a must here, tls required", 451, "5.7.3", Transient, ReasonTLSRequired, ""},
		{"552 4.2.2 mailbox full", 552, "4.2.2", Permanent, ReasonMailboxFull, ""},
		{"552 too many recipients", 552, "", Permanent, ReasonTooManyRecipients, ""},
		{"5.1.1 no such user", 0, "5.1.1", Permanent, ReasonUserUnknown, ""},
		{"connect to mx.example.com[192.0.2.1]:25: Connection timed out", 0, "", Transient, ReasonConnectionTimeout, ""},
		{"550 something else", 550, "", Permanent, ReasonUserUnknown, ""},
		{"something else", 0, "", ClassNone, ReasonUnknown, ""},

		// Quoted replies.
		{"[{LED=554 5.2.2 mailbox full};{MSG=};{FQDN=mx.example.com};{IP=192.0.2.1};{LRT=1/2/2026 3:04:05 PM}]",
			554, "5.2.2", Permanent, ReasonMailboxFull, "554 5.2.2 mailbox full"},
		{`451 4.4.0 Primary target IP address responded with: "421 4.4.2 The session was dropped, connection reset." Attempted failover to alternate host, but that did not succeed.`,
			451, "4.4.0", Transient, ReasonConnectionDropped, "421 4.4.2 The session was dropped, connection reset."},
		{`450 4.7.0 Proxy session setup failed on Frontend with '451 4.4.0 Primary target IP address responded with: "454 4.7.5 The certificate has expired." Attempted failover to alternate host.'`,
			450, "4.7.0", Transient, ReasonTLSFailed, "454 4.7.5 The certificate has expired."},
		{"Remote Server returned '550 5.1.1 RESOLVER.ADR.RecipNotFound; not found'",
			550, "5.1.1", Permanent, ReasonUserUnknown, "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found"},
		{"1/2/2026 3:04:05 PM - Server at mx.example.com (192.0.2.1) returned '450 4.2.2 pat's mailbox is full'",
			450, "4.2.2", Transient, ReasonMailboxFull, "450 4.2.2 pat's mailbox is full"},
		{"550 5.0.350 Remote server returned an error -> 552 5.3.4 the message is too large",
			550, "5.0.350", Permanent, ReasonTooLarge, "552 5.3.4 the message is too large"},
		{"host mx.example.com[192.0.2.1] said: 450 4.7.1 come again: greylisted (in reply to RCPT TO command)",
			450, "4.7.1", Transient, ReasonGreylisted, "450 4.7.1 come again: greylisted"},
		{"host mx.example.com[192.0.2.1] refused to talk to me: 421 too many connections",
			421, "", Transient, ReasonRateLimited, "421 too many connections"},
		{"#<ex1.example.com #5.7.1 smtp;530 5.7.1 Client was not authenticated> #SMTP#",
			530, "5.7.1", Permanent, ReasonAuthRequired, "530 5.7.1 Client was not authenticated"},
		{`441 4.4.1 Error encountered while communicating with primary target IP address: "Failed to connect. Winsock error code: 10061, Win32 error code: 10061."`,
			441, "4.4.1", Transient, ReasonConnectionRefused, "Failed to connect. Winsock error code: 10061, Win32 error code: 10061."},
		{"450 4.4.317 Cannot connect [Message=Socket error code 11001]", 450, "4.4.317", Transient, ReasonDomainUnknown, ""},
		{"220-mx.example.com\r\n421 4.3.2 the system is shutting down", 421, "4.3.2", Transient, ReasonServerUnavailable, "421 4.3.2 the system is shutting down"},
		{"SMTP error from remote mail server after RCPT TO:<pat@example.com>: host mx.example.com [192.0.2.1]: 550 no such user",
			550, "", Permanent, ReasonUserUnknown, "550 no such user"},
		{"Sorry, no mailbox here by that name. (#5.1.1)", 0, "5.1.1", Permanent, ReasonUserUnknown, ""},
		// The quoted reply has nothing but a code: what is around it tells.
		{"The message expired in the queue -> 450 4.0.0 x", 450, "4.0.0", Transient, ReasonExpired, "450 4.0.0 x"},

		// What looks like another reason and is not.
		{"550 5.1.1 <pat@privaterelay.appleid.com>: User unknown", 550, "5.1.1", Permanent, ReasonUserUnknown, ""},
		{"550 5.7.1 No such user, see https://example.com/spam/dmarc/blacklist", 550, "5.7.1", Permanent, ReasonUserUnknown, ""},
		{"550 5.4.1 Recipient address rejected: Access denied", 550, "5.4.1", Permanent, ReasonUserUnknown, ""},
		{"550 5.4.1 Relay Access Denied", 550, "5.4.1", Permanent, ReasonRelayDenied, ""},
		{"550 User pat not listed in Domino Directory", 550, "", Permanent, ReasonUserUnknown, ""},
		{"delivery temporarily suspended: connect to mx.example.com[192.0.2.1]:25: Connection refused", 0, "", Transient, ReasonConnectionRefused, ""},
	} {
		got := Classify(tt.text, Outbound)
		if got.Code != tt.code || got.Enhanced.String() != tt.enhanced || got.Class != tt.class || got.Reason != tt.reason || got.Inner != tt.inner {
			t.Errorf("%q:\n got %v %v %v %v %q by %s\nwant %v %v %v %v %q", tt.text,
				got.Code, got.Enhanced, got.Class, got.Reason, got.Inner, got.Rule,
				tt.code, tt.enhanced, tt.class, tt.reason, tt.inner)
		}
	}
}

func TestDirection(t *testing.T) {
	for _, tt := range []struct {
		text    string
		in, out Actor
	}{
		{"550 5.7.54 SMTP; Unable to relay", ActorSender, ActorOurs},
		{"550 Your address is on our blacklist", ActorRemote, ActorOurs},
		{"552 5.2.2 mailbox full", ActorRecipient, ActorRecipient},
		{"452 4.3.1 Insufficient system storage", ActorOurs, ActorRemote},
		{"550 5.1.1 User unknown", ActorSender, ActorSender},
		{"250 OK", ActorNone, ActorNone},
		{"550 5.7.606 Access denied, banned sending IP", ActorRemote, ActorOurs},
	} {
		in, out, unknown := Classify(tt.text, Inbound), Classify(tt.text, Outbound), Classify(tt.text, DirectionUnknown)
		if in.Actor != tt.in || out.Actor != tt.out || unknown.Actor != tt.out {
			t.Errorf("%q: inbound %v, outbound %v, unknown %v; want %v, %v", tt.text, in.Actor, out.Actor, unknown.Actor, tt.in, tt.out)
		}
		if in.Reason != out.Reason || in.Rule != out.Rule {
			t.Errorf("%q: the direction changes the reason", tt.text)
		}
	}
}

func TestExtracted(t *testing.T) {
	for _, tt := range []struct {
		text  string
		list  string
		retry time.Duration
	}{
		{"554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org; see https://www.spamhaus.org/", "zen.spamhaus.org", 0},
		{"550 listed at B.Barracudacentral.org", "b.barracudacentral.org", 0},
		{"550 blocked using bl.spamcop.net", "bl.spamcop.net", 0},
		{"550 rejected because 192.0.2.1 is in a black list at dnsbl.example.net", "dnsbl.example.net", 0},
		{"550 Your address is listed by the Spamhaus SBL", "sbl.spamhaus.org", 0},
		{"554 blocked, see https://www.spamhaus.org/query/ip/192.0.2.1", "spamhaus.org", 0},
		{"550 Your address is on our blacklist", "", 0},
		{"550 5.1.1 <pat@dnsbl.example.net>: User unknown", "", 0},
		{"450 4.7.1 Greylisted, try again in 5 minutes", "", 5 * time.Minute},
		{"451 Please retry in 00:15:00", "", 15 * time.Minute},
		{"450 4.2.0 Greylisted for 300 seconds", "", 300 * time.Second},
		{"451 try again after 30s", "", 30 * time.Second},
		{"421 wait 2 hours before you come back", "", 2 * time.Hour},
		{"421 try again later", "", 0},
		{"554 undeliverable: unable to deliver in 840 minutes", "", 0},
		{"550 try again in 5 minutes", "", 0}, // not for a permanent failure
		{"450 you sent 100 messages in the last 5 minutes", "", 0},
		{"450 try again in 99999999 hours", "", 0},
		{"450 4.7.1 at 192.0.2.1 try again", "", 0},
	} {
		got := Classify(tt.text, Outbound)
		if got.List != tt.list || got.RetryAfter != tt.retry {
			t.Errorf("%q: list %q, retry %v, want %q, %v", tt.text, got.List, got.RetryAfter, tt.list, tt.retry)
		}
	}
}

// What is remembered never changes the result.
func TestCacheChangesNothing(t *testing.T) {
	warm := builtin()
	fresh := func(text string, d Direction) Classification {
		return newClassifier(warm.set).classify(text, d)
	}
	var texts []string
	for _, r := range loadRules(t) {
		for _, tt := range r.tests {
			texts = append(texts, tt.text)
		}
	}
	words := []string{"550", "450 4.7.1", "5.1.1", "mailbox full", "spam", "192.0.2.1", "pat@example.com", "in 5 minutes",
		"in 7 minutes", "zen.spamhaus.org", "bl.example.net", "listed", "said: ", "-> ", "Winsock error code: 10060", "10061", "try again"}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(texts).Draw(t, "text")
		if rapid.Bool().Draw(t, "made up") {
			text = strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 8).Draw(t, "words"), " ")
		}
		text += rapid.SampledFrom([]string{"", " 17", " [192.0.2.77]", " for 17 seconds", "\r\n", " x@example.org"}).Draw(t, "end")
		d := rapid.SampledFrom([]Direction{DirectionUnknown, Inbound, Outbound}).Draw(t, "direction")
		want := fresh(text, d)
		for range 2 {
			if got := warm.Classify(text, d); got != want {
				t.Fatalf("%q:\n got %+v\nwant %+v", text, got, want)
			}
			if got := warm.ClassifyBytes([]byte(text), d); got != want {
				t.Fatalf("%q as bytes:\n got %+v\nwant %+v", text, got, want)
			}
		}
	})
}

func TestClassifyConcurrently(t *testing.T) {
	texts := []string{"550 5.1.1 User unknown", "552 mailbox full", "450 4.7.1 greylisted, retry in 3 minutes", strings.Repeat("550 x ", 1000)}
	var want []Classification
	for _, s := range texts {
		want = append(want, builtin().classify(s, Inbound))
	}
	c := newClassifier(builtin().set)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 400 {
				k := i % len(texts)
				if got := c.Classify(texts[k], Inbound); got != want[k] {
					t.Errorf("%.40q: %+v, want %+v", texts[k], got, want[k])
					return
				}
			}
		})
	}
	wg.Wait()
}

// A text that was seen before takes no memory.
func TestClassifySeenDoesNotAllocate(t *testing.T) {
	text := "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"
	b := []byte(text)
	Classify(text, Outbound)
	if n := testing.AllocsPerRun(100, func() { Classify(text, Outbound) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { builtin().ClassifyBytes(b, Outbound) }); n != 0 {
		t.Errorf("%v allocations for bytes", n)
	}
}

func TestReasons(t *testing.T) {
	all := Reasons()
	if len(all) != 39 {
		t.Errorf("%d reasons", len(all))
	}
	for _, r := range all {
		if p, err := ParseReason(r.String()); err != nil || p != r {
			t.Errorf("%v: %v, %v", r, p, err)
		}
		if r.Meaning() == "" || !strings.HasSuffix(r.Meaning(), ".") {
			t.Errorf("%v: meaning %q", r, r.Meaning())
		}
		for _, d := range []Direction{Inbound, Outbound} {
			if s := r.Remedy(d); r != ReasonAccepted && !strings.HasSuffix(s, ".") {
				t.Errorf("%v %v: remedy %q", r, d, s)
			}
		}
		var back Reason
		if text, _ := r.MarshalText(); back.UnmarshalText(text) != nil || back != r {
			t.Errorf("%v does not come back from its text", r)
		}
	}
	for a := range actorCount {
		if p, err := ParseActor(a.String()); err != nil || p != a {
			t.Errorf("%v: %v, %v", a, p, err)
		}
	}
	if Reason(200).String() != "" || Reason(200).Meaning() != "" || Reason(200).Remedy(Inbound) != "" || Actor(200).String() != "none" {
		t.Error("numbers out of range have texts")
	}
}
