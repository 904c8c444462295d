package probe

import (
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/smtplog/smtplog/reply"
)

func TestAccept(t *testing.T) {
	accepting := func(t *testing.T, m *mailServer, change func(*Options)) (*world, *mailServer, *Report) {
		w := newWorld(t)
		w.dns(resolverAddress).add(t, "mx1.example.net. 300 IN A 192.0.2.26")
		w.smtp(mx1, m)
		w.smtp(mx2, m)
		opt := w.options()
		opt.AcceptTo = opt.Recipient
		if change != nil {
			change(&opt)
		}
		return w, m, w.run(opt)
	}
	t.Run("accepted once", func(t *testing.T) {
		_, m, r := accepting(t, &mailServer{}, nil)
		expectVerdict(t, r, Warning, "The test message to bob@example.net was accepted by mx1.example.net [192.0.2.25]:25")
		expect(t, r, StepData, "mx1", Passed, "")
		expect(t, r, StepEndOfData, "mx1", Passed, "")
		if len(m.messages) != 1 {
			t.Fatalf("%d messages were sent", len(m.messages))
		}
		for _, want := range []string{"From: <alice@example.org>\r\n", "To: <bob@example.net>\r\n", "Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n", "Auto-Submitted: auto-generated\r\n", "\r\n\r\n"} {
			if !strings.Contains(m.messages[0], want) {
				t.Errorf("the message lacks %q:\n%s", want, m.messages[0])
			}
		}
		if len(find(r, StepRset, "192.0.2.26")) != 1 {
			t.Error("the second server was not reset")
		}
	})
	t.Run("postmaster", func(t *testing.T) {
		_, m, r := accepting(t, &mailServer{}, func(o *Options) { o.AcceptTo = "postmaster@example.net" })
		if len(m.messages) != 1 || !strings.Contains(m.messages[0], "To: <postmaster@example.net>") {
			t.Errorf("messages %q", m.messages)
		}
		expectVerdict(t, r, Warning, "to postmaster@example.net")
	})
	t.Run("another domain", func(t *testing.T) {
		_, m, r := accepting(t, &mailServer{}, func(o *Options) { o.AcceptTo = "postmaster@example.com" })
		if len(m.messages) != 0 || len(m.from) != 0 {
			t.Error("servers were asked")
		}
		expectVerdict(t, r, Failed, "Nothing was asked")
	})
	t.Run("refused by the first, so the second is asked", func(t *testing.T) {
		_, m, r := accepting(t, &mailServer{data: func(string) error { return refuse(554, smtp.EnhancedCode{5, 7, 1}, "Spam detected") }}, nil)
		if len(m.messages) != 2 {
			t.Errorf("%d messages", len(m.messages))
		}
		s := expect(t, r, StepEndOfData, "mx1", Failed, Refused)
		if s.Classification.Reason != reply.ReasonSpam {
			t.Errorf("reason %s", s.Classification.Reason)
		}
		expectVerdict(t, r, Failed, "refuses the message", "Spam detected")
	})
	t.Run("RCPT refused", func(t *testing.T) {
		_, m, r := accepting(t, &mailServer{rcpt: func(string) error { return refuse(550, smtp.EnhancedCode{5, 1, 1}, "User unknown") }}, nil)
		if len(m.messages) != 0 || len(find(r, StepData, "")) != 0 {
			t.Error("DATA was sent")
		}
	})
	scripted := func(t *testing.T, replies map[string]string) *Report {
		w := newWorld(t)
		w.dns(resolverAddress)
		w.raw(mx1, script(replies))
		opt := w.options()
		opt.AcceptTo, opt.Timeout = opt.Recipient, 2*time.Second
		opt.Exchange2003 = true
		return w.run(opt)
	}
	t.Run("DATA refused", func(t *testing.T) {
		r := scripted(t, map[string]string{"DATA": "451 4.3.0 Try later"})
		expect(t, r, StepData, "mx1", Failed, Refused)
		expect(t, r, StepRset, "mx1", Passed, "")
		expectVerdict(t, r, Failed, "No test message was sent to bob@example.net: DATA is refused by mx1", "451 4.3.0 Try later")
	})
	t.Run("postmaster refused", func(t *testing.T) {
		_, m, r := accepting(t, &mailServer{rcpt: func(to string) error {
			if strings.HasPrefix(to, "postmaster") {
				return refuse(550, smtp.EnhancedCode{5, 1, 1}, "User unknown")
			}
			return nil
		}}, func(o *Options) { o.AcceptTo = "postmaster@example.net" })
		if len(m.messages) != 0 {
			t.Error("a message was sent")
		}
		expectVerdict(t, r, Failed, "No test message was sent to postmaster@example.net: RCPT is refused")
	})
	t.Run("dropped at DATA", func(t *testing.T) {
		r := scripted(t, map[string]string{"DATA": "drop"})
		expect(t, r, StepData, "mx1", Failed, Dropped)
	})
	t.Run("dropped after the message", func(t *testing.T) {
		r := scripted(t, map[string]string{".": "drop"})
		expect(t, r, StepEndOfData, "mx1", Failed, Dropped)
		expectVerdict(t, r, Failed, "It is not known whether")
	})
	t.Run("Exchange 2003", func(t *testing.T) {
		r := scripted(t, map[string]string{"EHLO": "250-mx1\r\n250-X-LINK2STATE\r\n250-XEXCH50\r\n250 OK"})
		expect(t, r, StepLink2State, "mx1", Passed, "")
		expect(t, r, StepXExch50, "mx1", Passed, "")
		r = scriptedAgain(t)
		expect(t, r, StepLink2State, "mx1", Failed, MissingExtension)
		expect(t, r, StepXExch50, "mx1", Failed, MissingExtension)
	})
}

func scriptedAgain(t *testing.T) *Report {
	w := &world{t: t, routes: map[string]string{}, ca: newAuthority(t)}
	w.dns(resolverAddress)
	w.raw(mx1, script(nil))
	opt := w.options()
	opt.Exchange2003 = true
	return w.run(opt)
}
