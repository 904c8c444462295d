package probe

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/smtplog/smtplog/reply"
)

func TestEverythingPasses(t *testing.T) {
	w := newWorld(t)
	w.dns(resolverAddress)
	m := w.smtp(mx1, &mailServer{tls: w.ca.good()})
	opt := w.options()
	var begun, done, sent, received int
	opt.Begin = func(*Step) { begun++ }
	opt.Done = func(*Step) { done++ }
	opt.Trace = func(tr Trace) {
		if tr.Sent {
			sent++
		} else {
			received++
		}
	}
	r := w.run(opt)
	if r.Failed() {
		t.Error("a step failed")
	}
	expectVerdict(t, r, Passed, "bob@example.net is accepted by mx1.example.net [192.0.2.25]:25 up to RCPT", "No message was sent")
	for _, s := range r.Steps {
		if s.Result != Passed {
			t.Errorf("%s %s: %s %s", s.Name, s.Target, s.Result, s.Text)
		}
	}
	var names []string
	for _, s := range r.Steps {
		if len(names) == 0 || names[len(names)-1] != string(s.Name) {
			names = append(names, string(s.Name))
		}
	}
	want := "syntax soa soa_serials mx address mx_list mx_host mx address mx_list mx_host ptr helo connect banner ehlo starttls certificate ehlo mail rcpt rset quit"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("steps\n%s\nwant\n%s", got, want)
	}
	if begun != len(r.Steps) || done != len(r.Steps) {
		t.Errorf("%d begun, %d done, %d steps", begun, done, len(r.Steps))
	}
	if sent == 0 || received == 0 {
		t.Error("nothing was traced")
	}
	if len(m.messages) > 0 {
		t.Error("a message was sent")
	}
	if s := find(r, StepStartTLS, "")[0]; !strings.Contains(s.Text, "TLS 1.3") {
		t.Errorf("STARTTLS says %q", s.Text)
	}
}

// Refusals at each step are explained and end in the verdict.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		server  *mailServer
		replies map[string]string
		step    Name
		reason  reply.Reason
		verdict []string
	}{
		"user unknown": {
			server: &mailServer{rcpt: func(string) error { return refuse(550, smtp.EnhancedCode{5, 1, 1}, "User unknown") }},
			step:   StepRcpt, reason: reply.ReasonUserUnknown, verdict: []string{"is refused by mx1.example.net [192.0.2.25]:25 at RCPT", "550 5.1.1 User unknown"},
		},
		"greylisted": {
			server: &mailServer{rcpt: func(string) error {
				return refuse(451, smtp.EnhancedCode{4, 7, 1}, "Greylisted, please try again later")
			}},
			step: StepRcpt, reason: reply.ReasonGreylisted, verdict: []string{"put off for now", "at RCPT"},
		},
		"relay denied": {
			server: &mailServer{rcpt: func(string) error { return refuse(550, smtp.EnhancedCode{5, 7, 1}, "Unable to relay") }},
			step:   StepRcpt, reason: reply.ReasonRelayDenied, verdict: []string{"Unable to relay"},
		},
		"sender refused": {
			server: &mailServer{mail: func(string) error { return refuse(553, smtp.EnhancedCode{5, 1, 8}, "Sender address rejected") }},
			step:   StepMail, reason: reply.ReasonSenderRejected, verdict: []string{"at MAIL"},
		},
		"banner refused": {
			replies: map[string]string{"banner": "554 5.7.1 Service unavailable; client blocked using zen.spamhaus.org"},
			step:    StepBanner, reason: reply.ReasonBlocklisted, verdict: []string{"at the banner", "zen.spamhaus.org"},
		},
		"too busy": {
			replies: map[string]string{"banner": "421 4.3.2 Service not available, closing transmission channel"},
			step:    StepBanner, reason: reply.ReasonServerUnavailable, verdict: []string{"put off for now", "at the banner"},
		},
		"ehlo and helo refused": {
			replies: map[string]string{"EHLO": "502 no", "HELO": "554 5.7.1 Access denied"},
			step:    StepEHLO, verdict: []string{"at EHLO", "Access denied"},
		},
		"ehlo refused for now": {
			replies: map[string]string{"EHLO": "450 4.7.1 Helo command rejected: Host not found"},
			step:    StepEHLO, verdict: []string{"at EHLO", "Host not found"},
		},
		"strange code": {
			replies: map[string]string{"MAIL": "354 what"},
			step:    StepMail, reason: reply.ReasonProtocolError, verdict: []string{"expected 250, got 354 what"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.dns(resolverAddress)
			if c.server != nil {
				w.smtp(mx1, c.server)
			} else {
				w.raw(mx1, script(c.replies))
			}
			r := w.run(w.options())
			if !r.Failed() {
				t.Error("nothing failed")
			}
			s := expect(t, r, c.step, "mx1", Failed, "")
			if s.Classification == nil || c.reason != reply.ReasonNone && s.Classification.Reason != c.reason {
				t.Errorf("classification %+v, want reason %s", s.Classification, c.reason)
			}
			if s.Classification != nil && s.Classification.Remedy == "" {
				t.Error("no remedy")
			}
			expectVerdict(t, r, Failed, c.verdict...)
			if r.Verdict.Step != s {
				t.Errorf("the verdict rests on %+v", r.Verdict.Step)
			}
			if len(find(r, StepRcpt, "")) != 1 {
				t.Errorf("%d steps about RCPT", len(find(r, StepRcpt, "")))
			}
		})
	}
}

// Connections that fail in each way.
func TestConnections(t *testing.T) {
	for name, c := range map[string]struct {
		route  string
		result Result
		issue  Issue
		reason reply.Reason
	}{
		"refused": {"", Failed, ConnectRefused, reply.ReasonConnectionRefused},
		"hangs":   {"hang", Failed, ConnectTimeout, reply.ReasonConnectionTimeout},
		"broken":  {"broken", Failed, ConnectFailed, reply.ReasonConnectionRefused},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.dns(resolverAddress)
			w.route(tcp, mx1, c.route)
			opt := w.options()
			opt.Timeout = time.Second
			r := w.run(opt)
			s := expect(t, r, StepConnect, "mx1", c.result, c.issue)
			if s.Classification == nil || s.Classification.Reason != c.reason {
				t.Errorf("classification %+v", s.Classification)
			}
			expect(t, r, StepRcpt, "mx1", Skipped, NotReached)
			expectVerdict(t, r, Failed, "does not get through: no connection at mx1.example.net")
		})
	}
	t.Run("no IPv6", func(t *testing.T) {
		w := newWorld(t)
		w.standard().add(t, "mx1.example.net. 300 IN AAAA 2001:db8::25")
		w.route(tcp, "[2001:db8::25]:25", "no route")
		opt := w.options()
		opt.Source = netip.Addr{}
		r := w.run(opt)
		expect(t, r, StepConnect, "2001:db8::25", Skipped, NoRoute)
		expectVerdict(t, r, Warning, "accepted by mx1.example.net [192.0.2.25]:25")
		if r.Failed() {
			t.Error("a missing route failed the check")
		}
	})
}

// What hangs ends at its time-out; what drops the connection is named.
func TestHangsAndDrops(t *testing.T) {
	for _, step := range []struct {
		verb string
		name Name
	}{{"banner", StepBanner}, {"EHLO", StepEHLO}, {"MAIL", StepMail}, {"RCPT", StepRcpt}, {"RSET", StepRset}} {
		t.Run(step.verb+" hangs", func(t *testing.T) {
			w := newWorld(t)
			w.dns(resolverAddress)
			w.raw(mx1, script(map[string]string{step.verb: "hang"}))
			opt := w.options()
			opt.Timeout = time.Second
			r := w.run(opt)
			s := expect(t, r, step.name, "mx1", Failed, TimedOut)
			if s.Classification == nil || s.Classification.Reason != reply.ReasonConnectionTimeout {
				t.Errorf("classification %+v", s.Classification)
			}
			if !r.Failed() {
				t.Error("nothing failed")
			}
		})
		t.Run(step.verb+" drops", func(t *testing.T) {
			w := newWorld(t)
			w.dns(resolverAddress)
			w.raw(mx1, script(map[string]string{step.verb: "drop"}))
			r := w.run(w.options())
			s := expect(t, r, step.name, "mx1", Failed, Dropped)
			if s.Classification == nil || s.Classification.Reason != reply.ReasonConnectionDropped {
				t.Errorf("classification %+v", s.Classification)
			}
		})
	}
	t.Run("QUIT drops", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		w.raw(mx1, script(map[string]string{"QUIT": "drop"}))
		r := w.run(w.options())
		expect(t, r, StepQuit, "mx1", Passed, Dropped)
		expectVerdict(t, r, Warning) // no STARTTLS
	})
	t.Run("QUIT is answered otherwise", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		w.raw(mx1, script(map[string]string{"QUIT": "250 bye"}))
		expect(t, w.run(w.options()), StepQuit, "mx1", Passed, BadReply)
	})
	t.Run("the whole check takes too long", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		w.raw(mx1, script(map[string]string{"banner": "hang"}))
		opt := w.options()
		opt.Timeout, opt.Total = time.Minute, time.Second
		r := w.run(opt)
		expect(t, r, StepBanner, "mx1", Skipped, OutOfTime)
		expectVerdict(t, r, Skipped, "is open")
		if !r.Failed() {
			t.Error("an open verdict passes")
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		w.raw(mx1, script(map[string]string{"EHLO": "hang"}))
		ctx, stop := context.WithCancel(context.Background())
		opt := w.options()
		opt.Timeout = time.Minute
		opt.Trace = func(tr Trace) {
			if strings.HasPrefix(tr.Text, "EHLO") {
				stop()
			}
		}
		r, err := Run(ctx, opt)
		if err != context.Canceled || r == nil {
			t.Fatalf("%v, %v", r, err)
		}
		expect(t, r, StepEHLO, "mx1", Skipped, Interrupted)
		expectVerdict(t, r, Skipped, "is open")
	})
	t.Run("interrupted in DNS", func(t *testing.T) {
		w := newWorld(t)
		w.route(udp, resolverAddress, "hang")
		w.route(tcp, resolverAddress, "hang")
		ctx, stop := context.WithCancel(context.Background())
		opt := w.options()
		opt.Timeout = time.Minute
		opt.Begin = func(s *Step) {
			if s.Name == StepSOA {
				time.AfterFunc(50*time.Millisecond, stop)
			}
		}
		r, err := Run(ctx, opt)
		if err != context.Canceled {
			t.Fatal(err)
		}
		expect(t, r, StepSOA, "", Skipped, Interrupted)
		expect(t, r, StepMXList, "example.net", Skipped, Interrupted)
		expectVerdict(t, r, Skipped, "is open")
	})
	t.Run("more servers than time", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress).add(t, "example.net. 300 IN MX 20 mx2.example.net.\nmx2.example.net. 300 IN A 192.0.2.26")
		w.raw(mx1, script(map[string]string{"banner": "hang"}))
		opt := w.options()
		opt.Timeout, opt.Total = time.Minute, time.Second
		expect(t, w.run(opt), StepConnect, "mx2", Skipped, OutOfTime)
	})
}

// Servers that send what is no SMTP, or too much of it.
func TestHostileReplies(t *testing.T) {
	for name, c := range map[string]struct {
		replies map[string]string
		step    Name
		result  Result
		issue   Issue
	}{
		"not SMTP":             {map[string]string{"banner": "SSH-2.0-OpenSSH_9.6"}, StepBanner, Failed, BadReply},
		"empty line":           {map[string]string{"banner": ""}, StepBanner, Failed, BadReply},
		"control characters":   {map[string]string{"banner": "220 \x1b]0;owned\x07\x00\x08 mx"}, StepBanner, Passed, ""},
		"endless line":         {map[string]string{"banner": "220 " + strings.Repeat("A", 3<<20)}, StepBanner, Failed, BadReply},
		"long line":            {map[string]string{"banner": "220 " + strings.Repeat("A", 200<<10)}, StepBanner, Warning, CutReply},
		"endless reply":        {map[string]string{"EHLO": strings.Repeat("250-X\r\n", 5000)}, StepEHLO, Failed, BadReply},
		"megabytes of lines":   {map[string]string{"EHLO": strings.Repeat("250-"+strings.Repeat("B", 8<<10)+"\r\n", 300)}, StepEHLO, Failed, BadReply},
		"differing codes":      {map[string]string{"EHLO": "250-mx1\r\n251 SIZE"}, StepEHLO, Failed, BadReply},
		"mixed codes":          {map[string]string{"EHLO": "220-mx1\r\n250 SIZE"}, StepEHLO, Warning, BadReply},
		"filtered banner":      {map[string]string{"banner": "220 ****************0*2******"}, StepBanner, Warning, FilteredBanner},
		"only HELO":            {map[string]string{"EHLO": "500 unknown command"}, StepEHLO, Warning, OnlyHELO},
		"no extensions":        {map[string]string{"EHLO": "250 mx1"}, StepEHLO, Passed, ""},
		"old AUTH":             {map[string]string{"EHLO": "250-mx1\r\n250 AUTH=LOGIN"}, StepEHLO, Passed, ""},
		"short extension line": {map[string]string{"EHLO": "250-mx1\r\n250-\r\n250"}, StepEHLO, Passed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.dns(resolverAddress)
			w.raw(mx1, script(c.replies))
			opt := w.options()
			r := w.run(opt)
			s := expect(t, r, c.step, "mx1", c.result, c.issue)
			if len(s.Answered) > maxReplyText+maxReplyLines || len(s.Text) > 1000 {
				t.Errorf("kept %d octets, says %d", len(s.Answered), len(s.Text))
			}
		})
	}
}

func TestSeveralServers(t *testing.T) {
	t.Run("the backup accepts", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress).add(t, "example.net. 300 IN MX 5 mx2.example.net.\nmx2.example.net. 300 IN A 192.0.2.26")
		w.smtp(mx1, &mailServer{})
		r := w.run(w.options())
		expect(t, r, StepConnect, "mx2.example.net [192.0.2.26]:25", Failed, ConnectRefused)
		expectVerdict(t, r, Failed, "is accepted by mx1.example.net [192.0.2.25]:25, but not by all", "no connection at mx2")
		if a, b := r.Steps[len(r.Steps)-1].Target, find(r, StepConnect, "")[0].Target; !strings.HasPrefix(a, "mx1") || !strings.HasPrefix(b, "mx2") {
			t.Errorf("order of preference: %s first, %s last", b, a)
		}
	})
	t.Run("all refuse", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress).add(t, "example.net. 300 IN MX 5 mx2.example.net.\nmx2.example.net. 300 IN A 192.0.2.26")
		w.smtp(mx1, &mailServer{rcpt: func(string) error { return refuse(550, smtp.EnhancedCode{5, 2, 2}, "Mailbox full") }})
		r := w.run(w.options())
		// The refusal says more than the server that is down.
		expectVerdict(t, r, Failed, "is refused by mx1.example.net", "Mailbox full", "and 1 more failed")
	})
	t.Run("all accept", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress).add(t, "mx1.example.net. 300 IN A 192.0.2.26")
		w.smtp(mx1, &mailServer{tls: w.ca.good()})
		w.smtp(mx2, &mailServer{tls: w.ca.good()})
		expectVerdict(t, w.run(w.options()), Passed, "accepted by all 2 servers and addresses")
	})
	t.Run("families", func(t *testing.T) {
		w := newWorld(t)
		w.standard().add(t, "mx1.example.net. 300 IN AAAA 2001:db8::25")
		w.smtp("[2001:db8::25]:25", &mailServer{})
		opt := w.options()
		for family, want := range map[Family]string{IPv4: "192.0.2.25", IPv6: "2001:db8::25"} {
			opt.Family = family
			if all := find(w.run(opt), StepConnect, ""); len(all) != 1 || !strings.Contains(all[0].Target, want) {
				t.Errorf("family %d connects to %v", family, all)
			}
		}
	})
	t.Run("none of the family", func(t *testing.T) {
		w := newWorld(t)
		w.standard()
		opt := w.options()
		opt.Family = IPv6
		r := w.run(opt)
		expect(t, r, StepMXHost, "mx1", Skipped, NotAsked)
		expectVerdict(t, r, Failed, "no address of the family")
	})
	t.Run("another port", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		w.smtp("192.0.2.25:2525", &mailServer{})
		opt := w.options()
		opt.Port = 2525
		expectVerdict(t, w.run(opt), Warning, "[192.0.2.25]:2525")
	})
	t.Run("address literal", func(t *testing.T) {
		w := newWorld(t)
		w.standard()
		opt := w.options()
		opt.Recipient = "bob@[192.0.2.25]"
		r := w.run(opt)
		expectVerdict(t, r, Warning, "bob@[192.0.2.25] is accepted")
		if len(find(r, StepSOA, "")) > 0 {
			t.Error("asked DNS about an address")
		}
	})
	t.Run("null sender", func(t *testing.T) {
		w := newWorld(t)
		w.dns(resolverAddress)
		m := w.smtp(mx1, &mailServer{})
		opt := w.options()
		opt.Sender = "<>"
		expectVerdict(t, w.run(opt), Warning, "is accepted")
		if len(m.from) != 1 || m.from[0] != "" {
			t.Errorf("MAIL FROM %q", m.from)
		}
	})
}
