package session

import (
	"fmt"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
)

// A MAIL inside a transaction that is refused as out of order leaves the
// transaction as it is, however often, but for rows that were answered before
// it was.
func TestNestedMail(t *testing.T) {
	const mail, nested, rcpt = "< MAIL FROM:<a@example.org>", "< MAIL FROM:<b@example.org>", "< RCPT TO:<%d@example.com>"
	for _, test := range []struct {
		name string
		rows []string
		want string
	}{
		{"once", []string{mail, "> 250 ok", nested, "> 503 no", rcpt, "> 250 ok"}, "a 1, b 0"},
		{"twice", []string{mail, "> 250 ok", nested, "> 503 no", nested, "> 503 no", rcpt, "> 250 ok"}, "a 1, b 0, b 0"},
		{"with recipients", []string{mail, "> 250 ok", rcpt, "> 250 ok", nested, rcpt, "> 503 no", "> 250 ok", nested, "> 503 no", rcpt, "> 250 ok"}, "a 3, b 0, b 0"},
		{"in the first that was refused too", []string{mail, "> 550 no", nested, "> 503 no", rcpt, "> 503 no"}, "a 0, b 1"},
		{"rows with replies", []string{mail, rcpt + "|250", nested, rcpt + "|550", "> 250 ok", "> 503 no"}, "a 1, b 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			b := NewBuilder(nil, func(s *Session) {
				for i := range s.Transactions {
					tr := &s.Transactions[i]
					got = append(got, fmt.Sprintf("%s %d", tr.From[:1], len(tr.Recipients)))
				}
				for o := range s.Outcomes {
					if o.Verb == "RCPT" && o.Recipient == "" {
						t.Error("a refused RCPT without a recipient")
					}
				}
			})
			for i, row := range test.rows {
				row, code, _ := strings.Cut(row, "|")
				kind := logparse.KindCommand
				if row[0] == '>' {
					kind = logparse.KindReply
				}
				if strings.Contains(row, "%d") {
					row = fmt.Sprintf(row, i)
				}
				rec := receiveRow(i, "A", kind, row[2:])
				if code != "" {
					rec.Code = receiveRow(i, "A", logparse.KindReply, code+" x").Code
				}
				b.Add(rec)
			}
			b.Close()
			empty(t, b)
			if strings.Join(got, ", ") != test.want {
				t.Errorf("%s, want %s", strings.Join(got, ", "), test.want)
			}
		})
	}
}
