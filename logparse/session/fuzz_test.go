package session_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// protocolFormats are the formats that yield sessions.
var protocolFormats = []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend, logparse.IMS, logparse.OutlookSMTP,
	logparse.IISW3C, logparse.IISMSIIS, logparse.IISNCSA, logparse.IISODBC}

// FuzzBuilder reads anything as a protocol log. Every record must be placed once
// and count in one session, recipients that were refused must be counted once as
// such, and the same log must give the same sessions.
func FuzzBuilder(f *testing.F) {
	for i, format := range protocolFormats {
		var log bytes.Buffer
		switch format {
		case logparse.IMS, logparse.OutlookSMTP, logparse.IISODBC:
		default:
			if _, err := testlog.Generate(&log, testlog.Options{Seed: 9, Format: format, Connections: 2, Hosts: 2, Outbound: 0.5}); err != nil {
				f.Fatal(err)
			}
			f.Add(log.Bytes(), uint8(i))
		}
	}
	for _, s := range secretLogs {
		for i, format := range protocolFormats {
			if format == s.format {
				f.Add([]byte(s.log), uint8(i))
			}
		}
	}
	f.Add([]byte(exchangeLog(logparse.ExchangeReceive, greeting+mailOK+rcptX+rcptY+"\n< MAIL FROM:<b@example.org>\n> 503 no"+dataOK+quit)), uint8(0))
	f.Add([]byte(exchangeLog(logparse.ExchangeReceive, greeting+"\n< MAIL FROM:<>\n< RCPT TO:<>\n< BDAT 5\n< XEXCH50 1 1\n> 550-a\n> 450 b\n> 354 c\n@2h\nB < DATA\n@-3h\nB > 354 x\nB > 421 4.4.1 y")), uint8(0))
	f.Add([]byte(imsLog("8:00:00 A connection was accepted from x.\n8:00:00 <<< IO: |DATA\n8:00:00 <<< RCPT TO:<x>\n8:00:00 >>> 354 a\n8:00:01 499 No routing hosts are reachable for x.")), uint8(2))
	f.Fuzz(func(t *testing.T, log []byte, n uint8) {
		if len(log) > 64<<10 {
			return
		}
		format := protocolFormats[int(n)%len(protocolFormats)]
		first := fuzzed(t, log, format, false)
		if second := fuzzed(t, log, format, true); !bytes.Equal(first, second) {
			t.Errorf("two results:\n%s\n%s", first, second)
		}
	})
}

func fuzzed(t *testing.T, log []byte, format logparse.Format, slowly bool) []byte {
	var out []byte
	placed := map[int64]int{}
	ids := map[int64]string{}
	lines, counted := map[string]int64{}, map[string]int64{}
	opt := &session.Options{Transcript: true, Placed: func(rec *logparse.Record, id string, _ bool) {
		placed[rec.Pos.Line]++
		ids[rec.Pos.Line] = id
		lines[id] += int64(rec.Lines)
	}}
	b := session.NewBuilder(opt, func(s *session.Session) {
		for _, src := range s.Sources {
			counted[s.ID] += src.Lines
			if src.FirstLine < 1 || src.LastLine < src.FirstLine || src.Lines > src.LastLine-src.FirstLine+1 {
				t.Errorf("source %+v", src)
			}
		}
		checkSession(t, s)
		start := len(out)
		out = append(s.AppendJSON(out), '\n')
		if !json.Valid(out[start:]) {
			t.Errorf("invalid JSON: %s", out[start:])
		}
		if copied := s.Clone().AppendJSON(nil); !bytes.Equal(copied, out[start:len(out)-1]) {
			t.Errorf("copy\n%s\nof\n%s", copied, out[start:])
		}
	})
	r := bytes.NewReader(log)
	rd := logparse.NewReader(r, "x.log", &logparse.Options{Format: format, DateOrder: logparse.MDY})
	if slowly {
		rd = logparse.NewReader(iotest.HalfReader(r), "x.log", &logparse.Options{Format: format, DateOrder: logparse.MDY})
	}
	var added []int64
	for rec, err := range rd.Records() {
		if err == nil {
			b.Add(rec)
			if rec.Kind != logparse.KindNone {
				added = append(added, rec.Pos.Line)
			}
		}
	}
	b.Close()
	for _, line := range added {
		if placed[line] != 1 || ids[line] == "" {
			t.Errorf("the record of line %d was placed %d times, in %q", line, placed[line], ids[line])
		}
	}
	if len(placed) != len(added) {
		t.Errorf("%d records were placed of %d", len(placed), len(added))
	}
	for id, n := range lines {
		if counted[id] != n {
			t.Errorf("session %s has %d lines, its records have %d", id, counted[id], n)
		}
	}
	return out
}

// checkSession checks what holds for every session.
func checkSession(t *testing.T, s *session.Session) {
	t.Helper()
	refused := 0
	for i := range s.Transactions {
		tr := &s.Transactions[i]
		results := map[session.Result]int{}
		for _, r := range tr.Recipients {
			results[r.Result]++
			if want := map[session.Result]string{session.Accepted: "ok", session.Deferred: "transient", session.Rejected: "permanent", session.Unknown: ""}; r.Class.String() != want[r.Result] {
				t.Errorf("recipient %q is %s by a reply of class %q", r.To, r.Result, r.Class)
			}
		}
		refused += results[session.Deferred] + results[session.Rejected]
		n := len(tr.Recipients)
		switch accepted := results[session.Accepted]; {
		case (tr.Result == session.Accepted) != (n > 0 && accepted == n):
			t.Errorf("%s with %d of %d accepted", tr.Result, accepted, n)
		case (tr.Result == session.Partial) != (accepted > 0 && accepted < n):
			t.Errorf("%s with %d of %d accepted", tr.Result, accepted, n)
		case tr.Result == "":
			t.Error("no result")
		}
	}
	counted := 0
	var failed int64
	last := uint32(0)
	for o := range s.Outcomes {
		if o.Recipient != "" {
			counted++
		}
		if o.IsReply && o.Reply != last {
			last = o.Reply
			failed++
		}
		if !o.Class.Failed() {
			t.Errorf("outcome of class %q", o.Class)
		}
	}
	if counted != refused {
		t.Errorf("%d recipients were refused, %d outcomes have one: %s", refused, counted, s.AppendJSON(nil))
	}
	if failed != s.Replies.Transient+s.Replies.Permanent {
		t.Errorf("%d failed replies behind the outcomes, %+v", failed, s.Replies)
	}
	if s.Ended == "" || s.Confidence == "" || s.ID == "" || s.Duration < 0 || s.Tarpitted < 0 {
		t.Errorf("session %s", s.AppendJSON(nil))
	}
	if s.Unused && len(s.Transactions) > 0 {
		t.Errorf("unused with %d transactions", len(s.Transactions))
	}
	if strings.Contains(s.ID, "\n") {
		t.Errorf("id %q", s.ID)
	}
}
