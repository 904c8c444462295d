package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/track"
)

// A delivery is a row of a tracking log in which the store takes a message.
type delivery struct {
	network, id, subject string
	to                   []string
}

// deliveries writes a tracking log, a second for each row, and returns its name.
func deliveries(t *testing.T, list []delivery) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("#Log-type: Message Tracking Log\r\n" +
		"#Fields: date-time,server-hostname,source,event-id,internal-message-id,message-id,network-message-id,recipient-address,message-subject,sender-address\r\n")
	at := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	for i, d := range list {
		fmt.Fprintf(&b, "%s,EX1,STOREDRIVER,DELIVER,%d,<%s@example.net>,%s,%s,%s,alice@example.net\r\n",
			at.Format("2006-01-02T15:04:05.000Z"), 1000+i, d.id, d.network, strings.Join(d.to, ";"), d.subject)
		at = at.Add(time.Second)
	}
	name := filepath.Join(t.TempDir(), "MSGTRK2026110208-1.LOG")
	if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func networkID(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000001", i) }

// TestTraceOfMany looks for more messages than trace prints: those that are asked
// for are found behind any number of others, and what is left out is said.
func TestTraceOfMany(t *testing.T) {
	list := make([]delivery, 1100)
	for i := range list {
		list[i] = delivery{networkID(i), fmt.Sprint("m", i), fmt.Sprint("Offer ", i), []string{"bob@example.com"}}
	}
	log := deliveries(t, list)
	const narrow = " (--since, --until and --where narrow it)\n"
	for _, test := range []struct {
		args           []string
		lines          int
		stdout, stderr string // the end of stderr
		code           int
	}{
		{args: nil, lines: 1002, stdout: "1,100 messages match, the first 1,000 are listed; --pick N follows one of them\n"},
		{args: []string{"--json"}, lines: 1000, stderr: "smtplog: 1,100 messages match, only the first 1,000 are printed" + narrow},
		{args: []string{"--since", "2026-11-02T08:18:10Z"}, lines: 12, stdout: "10 messages match; --pick N follows one of them\n"},
		{args: []string{"--where", `subject == "Offer 1099"`}, stdout: "Offer 1099  delivered\n"},
		{args: []string{"--pick", "1000"}, stdout: "Offer 999  delivered\n"},
		{args: []string{"--pick", "1001"}, stderr: "--pick 1001: only the first 1,000 of 1,100 messages can be followed" + narrow, code: exitFailed},
		{args: []string{"--since", "2026-11-03"}, stderr: "at the time that --since and --until say; 1,100 messages at other times\n", code: exitFailed},
		{args: []string{"--where", `status == "failed"`}, stderr: "and what --where, --since and --until ask for; 1,100 messages without them\n", code: exitFailed},
	} {
		r := smtplog("", append([]string{"trace", "alice@example.net", log}, test.args...)...)
		if r.code != test.code || !strings.HasPrefix(r.stdout, test.stdout) || !strings.HasSuffix(r.stderr, test.stderr) || test.stderr == "" && r.stderr != "" {
			t.Errorf("trace %q: exit status %d\n%.200s\n%s", test.args, r.code, r.stdout, r.stderr)
		}
		if n := strings.Count(r.stdout, "\n"); test.lines > 0 && n != test.lines {
			t.Errorf("trace %q prints %d lines, want %d", test.args, n, test.lines)
		}
	}
}

// Without tracking logs it is sessions that are listed.
func TestTraceOfManySessions(t *testing.T) {
	log := "#Log-type: SMTP Receive Protocol Log\r\n" +
		"#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n"
	for i := range 1001 {
		for n, said := range []string{"+,", "<,MAIL FROM:<alice@example.net>", "<,RCPT TO:<bob@example.com>", "-,"} {
			log += fmt.Sprintf("2026-11-02T08:00:0%d.000Z,EX1\\Default,08DE19F3A1B%05d,%d,10.0.0.1:25,192.0.2.7:%d,%s,\r\n", n, i, n, 10_000+i, said)
		}
	}
	name := filepath.Join(t.TempDir(), "RECV.LOG")
	if err := os.WriteFile(name, []byte(log), 0o644); err != nil {
		t.Fatal(err)
	}
	const want = "smtplog: 1,001 sessions carried such a message, only the first 1,000 are listed (--since, --until and --where narrow it)\n"
	if r := smtplog("", "trace", "alice@example.net", name); r.code != exitDone || r.stderr != want || strings.Count(r.stdout, "RECV.LOG:") != 1000 {
		t.Errorf("exit status %d, %d sessions\n%s", r.code, strings.Count(r.stdout, "RECV.LOG:"), r.stderr)
	}
}

// The session of a message is found behind more transactions than can be joined
// with messages, all of them on the day before.
func TestTraceBehindManyTransactions(t *testing.T) {
	const id = "08DE19F3A1C00000"
	b := []byte("#Log-type: SMTP Receive Protocol Log\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n")
	for i := range track.MaxTransactions + 1 {
		b = fmt.Appendf(b, "2026-11-01T08:00:00.000Z,IN,08DE19F3A1B%05X,0,10.0.0.1:25,192.0.2.7:25,<,MAIL FROM:<a@example.org>,\r\n"+
			"2026-11-01T08:00:00.000Z,IN,08DE19F3A1B%05X,1,10.0.0.1:25,192.0.2.7:25,-,,\r\n", i, i)
	}
	b = fmt.Appendf(b, "2026-11-02T08:00:00.000Z,IN,%s,0,10.0.0.1:25,192.0.2.7:25,<,MAIL FROM:<alice@example.net>,\r\n", id)
	dir := t.TempDir()
	tracking := "#Log-type: Message Tracking Log\r\n" +
		"#Fields: date-time,server-hostname,source-context,source,event-id,internal-message-id,message-id,network-message-id,recipient-address,message-subject,sender-address\r\n" +
		"2026-11-02T08:00:01.000Z,EX1," + id + ";2026-11-02T08:00:00.000Z;1,SMTP,RECEIVE,1000,<m@example.net>," + networkID(1) + ",bob@example.com,Offer,alice@example.net\r\n"
	for name, text := range map[string][]byte{"RECV.LOG": b, "MSGTRK.LOG": []byte(tracking)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if text := done(t, "trace", "offer", dir); !strings.Contains(text, "  08:00:00  inbound   "+id) {
		t.Errorf("trace does not find the session:\n%s", text)
	}
	const want = "smtplog: 2 transactions of the protocol logs not joined with messages: 300,000 were before them (fewer logs at a time help)\n"
	if r := smtplog("", "messages", dir); r.code != exitDone || r.stderr != want {
		t.Errorf("exit status %d\n%s", r.code, r.stderr)
	}
}

// Each row of a message leads to one in front of it that nothing else leads to: the
// logs would have to be read once for each.
func TestTraceOfLongChain(t *testing.T) {
	var chain []delivery
	for i := 8; i > 0; i-- {
		chain = append(chain, delivery{networkID(i / 2), fmt.Sprint("m", (i+1)/2), "Offer", []string{"bob@example.com"}})
	}
	chain[len(chain)-1].subject = "Needle"
	for rows, want := range map[int]string{
		2: "",
		8: "smtplog: so many ids match that not all were followed: messages may be missing, or steps of them (a longer NEEDLE finds fewer)\n",
	} {
		log := deliveries(t, chain[len(chain)-rows:])
		if r := smtplog("", "trace", "needle", log); r.code != exitDone || r.stderr != want {
			t.Errorf("%d rows: exit status %d\n%s%s", rows, r.code, r.stdout, r.stderr)
		}
	}
}

// TestManyRecipients has one recipient more than are counted by name, who gets two
// messages: they are not counted, which is said.
func TestManyRecipients(t *testing.T) {
	var list []delivery
	for i := 0; i < 200_000; i += 1000 {
		d := delivery{networkID(i), fmt.Sprint("m", i), "Offer", nil}
		for n := range 1000 {
			d.to = append(d.to, fmt.Sprint("u", i+n, "@example.com"))
		}
		list = append(list, d)
	}
	for i := range 2 {
		list = append(list, delivery{networkID(200_000 + i), fmt.Sprint("n", i), "Offer", []string{"u3@example.com", "bob@example.com"}})
	}
	log := deliveries(t, list)
	const want = "\nTop recip.    u3@example.com 3  u0@example.com 1  u100000@example.com 1\n" +
		"              2 deliveries to recipients beyond the first 200,000 not counted\n"
	if text := done(t, "analyze", log); !strings.Contains(text, want) || strings.Contains(text, "of senders beyond") {
		t.Errorf("analyze says\n%s", text)
	}
	for _, v := range conform(t, "analysis", done(t, "analyze", "--json", log)) {
		m := v.(map[string]any)["messages"].(map[string]any)
		if m["top_recipients_dropped"] != 2.0 || m["top_senders_dropped"] != nil {
			t.Errorf("%v recipients and %v senders not counted", m["top_recipients_dropped"], m["top_senders_dropped"])
		}
	}
}
