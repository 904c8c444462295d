package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
)

// exchangeLog turns a script into an Exchange log. A line of the script is a row:
// the event, a blank and the data, for "*" and "-" with "|" the context behind
// it. "B < NOOP" is a row of another session, "B/2 < NOOP" of the same id with
// another remote end, "B/0 …" one without it; "@90m" moves the clock. Rows are
// 100 ms apart.
func exchangeLog(format logparse.Format, script string) string {
	kind, connector := "Receive", `EX1\Default EX1`
	if format == logparse.ExchangeSend {
		kind, connector = "Send", "To the internet"
	}
	var b strings.Builder
	at := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	fmt.Fprintf(&b, "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP %s Protocol Log\r\n"+
		"#Date: 2026-11-02T08:00:00.000Z\r\n"+
		"#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n", kind)
	sequence := map[string]int{}
	for line := range strings.Lines(script) {
		line = strings.TrimLeft(strings.TrimRight(line, "\r\n"), "\t ")
		switch {
		case line == "":
			continue
		case line[0] == '@':
			d, err := time.ParseDuration(line[1:])
			if err != nil {
				panic(err)
			}
			at = at.Add(d)
			continue
		}
		id, remote := "A", "1"
		if line[0] >= 'A' && line[0] <= 'Z' {
			id, line, _ = strings.Cut(line, " ")
			if i := strings.IndexByte(id, '/'); i > 0 {
				id, remote = id[:i], id[i+1:]
			}
		}
		port, peer := "25", fmt.Sprintf("192.0.2.%d%s:51000", id[0]-'A'+1, remote)
		if format == logparse.ExchangeSend {
			port, peer = "51000", fmt.Sprintf("198.51.100.%d%s:25", id[0]-'A'+1, remote)
		}
		if remote == "0" {
			peer = ""
		}
		event, data, _ := strings.Cut(line, " ")
		context := ""
		if event == "*" || event == "-" {
			data, context, _ = strings.Cut(data, "|")
		}
		fmt.Fprintf(&b, "%s,%s,08DE10000000000%s,%d,10.0.0.1:%s,%s,%s,%s,%s\r\n", at.Format("2006-01-02T15:04:05.000Z"),
			connector, id, sequence[id], port, peer, event, quoted(data), quoted(context))
		sequence[id]++
		at = at.Add(100 * time.Millisecond)
	}
	return b.String()
}

// quoted writes a value as Exchange does.
func quoted(s string) string {
	if strings.ContainsAny(s, ",\"\n") {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// briefly sums a session up: how it ended, its transactions and their
// recipients, and the outcomes of its failures.
func briefly(s *session.Session) string {
	var b strings.Builder
	b.WriteString(string(s.Ended))
	if s.Unused {
		b.WriteString(" unused")
	}
	for i := range s.Transactions {
		t := &s.Transactions[i]
		from := "?"
		if t.HasFrom {
			from = "<" + t.From + ">"
		}
		fmt.Fprintf(&b, "\n%s %s:", from, t.Result)
		for _, r := range t.Recipients {
			fmt.Fprintf(&b, " %s %s", r.To, r.Result)
			if r.Seen() {
				fmt.Fprintf(&b, " %d", r.Code)
			}
		}
	}
	for o := range s.Outcomes {
		fmt.Fprintf(&b, "\n! %s %s", o.Verb, o.Class)
		if o.Code != 0 {
			fmt.Fprintf(&b, " %d", o.Code)
		}
		if !o.IsReply {
			b.WriteString(" no reply")
		}
		if o.Recipient != "" {
			fmt.Fprintf(&b, " for %s", o.Recipient)
		}
		if o.Domain != "" {
			fmt.Fprintf(&b, " at %s", o.Domain)
		}
	}
	return b.String()
}

// checkBriefly holds the sessions of a log against their sums.
func checkBriefly(t *testing.T, format logparse.Format, log string, want ...string) []*session.Session {
	t.Helper()
	sessions := build(t, strings.NewReader(log), format, nil)
	if len(sessions) != len(want) {
		t.Errorf("%d sessions, want %d", len(sessions), len(want))
	}
	for i, s := range sessions {
		if got := briefly(s); i >= len(want) || got != unindented(want[i]) {
			t.Errorf("session %d is\n%s\nwant\n%s", i, got, unindented(strings.Join(want[min(i, len(want)):], "\n--\n")))
		}
	}
	return sessions
}

// unindented drops the blanks in front of lines and the empty lines.
func unindented(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// sorted compares lists whatever their order.
var sorted = cmpopts.SortSlices(func(a, b string) bool { return a < b })
