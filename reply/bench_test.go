package reply

import (
	"strconv"
	"testing"
)

// Replies of several kinds and lengths, as receive and send logs hold them.
var benchTexts = []string{
	"550 5.1.1 <pat@example.com>: Recipient address rejected: User unknown in local table",
	"452 4.2.2 The mailbox of the recipient is over its quota, please try again later",
	"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1",
	"[{LED=450 4.7.1 <pat@example.com>: Recipient address rejected: Greylisted, retry in 300 seconds};{MSG=};{FQDN=mx.example.com};{IP=192.0.2.25};{LRT=1/2/2026 3:04:05 PM}]",
	"550 5.7.509 Access denied, sending domain EXAMPLE.COM does not pass DMARC verification and has a DMARC policy of reject",
	"421 4.3.2 Service not available, closing transmission channel",
	"250 2.6.0 <0a1b2c@example.com> [InternalId=123456, Hostname=EX1.example.com] 1460 bytes in 0.112, 12.7 KB/sec Queued mail for delivery",
}

func BenchmarkClassifySeen(b *testing.B) {
	for _, t := range benchTexts {
		Classify(t, Outbound)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Classify(benchTexts[i%len(benchTexts)], Outbound)
	}
}

// The same replies to ever other addresses: the text is new, its words are not.
func BenchmarkClassifyAlike(b *testing.B) {
	c := builtin()
	var texts []string
	for i := range 512 {
		texts = append(texts, benchTexts[i%len(benchTexts)]+" for u"+strconv.Itoa(i)+"@example.net")
	}
	for _, t := range texts {
		c.classify(t, Outbound)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.classify(texts[i%len(texts)], Outbound)
	}
}

// Replies that were never seen in any form.
func BenchmarkClassifyNew(b *testing.B) {
	c := newClassifier(builtin().set)
	w := c.matchers.New().(*work)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p := dissect(benchTexts[i%len(benchTexts)])
		w.words = c.set.words.append(w.words[:0], p.body)
		n := c.set.first(w.m, w.words, question{p.bodyCode, p.bodyEnhanced, p.code.Class(), p.verb})
		var r Classification
		r.explainBy(c.set.rule(n), Outbound)
		r.List, r.RetryAfter = blocklist(p.body), retryAfter(p.body)
	}
}

// What a program pays once for the built-in rules.
func BenchmarkNewClassifier(b *testing.B) {
	for b.Loop() {
		if _, err := NewClassifier(nil); err != nil {
			b.Fatal(err)
		}
	}
}
