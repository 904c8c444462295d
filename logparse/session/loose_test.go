package session

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// saidToIIS are commands of connections that came in, codesOfIIS what IIS says
// to them, half of them usual.
var (
	saidToIIS = []string{"EHLO mail.example.org", "MAIL FROM:<a@example.org> SIZE=100", "RCPT TO:<x@example.com>", "RCPT TO:<y@example.net>",
		"DATA <1@example.org>", "QUIT mail.example.org", "HELO", "MAIL FROM:<b@example.net>", "RCPT", "DATA", "BDAT 10", "BDAT 10 LAST",
		"RSET", "NOOP", "AUTH LOGIN", "STARTTLS", "XYZZY", "VRFY x", "XEXCH50 1 2", "QUIT"}
	codesOfIIS = []reply.Code{250, 250, 250, 250, 0, 220, 221, 235, 240, 334, 354, 421, 450, 503, 550}
)

// addIISScript adds a row for each four bytes of the script.
func addIISScript(script []byte) func(each func(*logparse.Record)) {
	return func(each func(*logparse.Record)) {
		second := 0
		for i := 0; i+3 < len(script); i += 4 {
			what, code, who, how := int(script[i]), int(script[i+1]), int(script[i+2]), script[i+3]
			rec := receiveRow(second, "", logparse.KindCommand, saidToIIS[what%len(saidToIIS)])
			rec.Code = codesOfIIS[code%len(codesOfIIS)]
			if who >= 0xc0 {
				row := saidInBriefs[what%len(saidInBriefs)]
				kind := map[byte]logparse.Kind{'<': logparse.KindCommand, '>': logparse.KindReply}[row[0]]
				if kind == logparse.KindNone {
					kind = logparse.KindInfo
				}
				rec = receiveRow(second, "", kind, row[1:])
				rec.Direction = outcome.Outbound
			}
			rec.Session = nil
			rec.Format, rec.Pos.Line = logparse.IISW3C, int64(i)
			rec.Server, rec.Connector, rec.Local = []byte("EX1"), []byte("SMTPSVC1"), []byte("10.0.0.1")
			rec.Remote = []byte([]string{"192.0.2.1", "192.0.2.2:25", "192.0.2.2:26", "x"}[who%4])
			if who&4 != 0 {
				rec.Helo = []byte("mail.example.org")
			}
			rec.Elapsed = int64(who & 0x30)
			rec.BytesIn, rec.BytesOut = 4, 60
			switch how >> 4 {
			case 0:
				rec.BytesIn, rec.BytesOut = 30, int64(how)
			case 1:
				rec.BytesIn, rec.BytesOut, rec.Win32 = -1, -1, 100
			case 2:
				rec.Pos.File = "y.log"
			case 3:
				rec.Time = outcome.Time{}
			case 4:
				second += 700
			case 5:
				second -= 100
			case 6:
				rec.Local, rec.Connector = nil, nil
			case 7:
				rec.Server = nil
			case 8:
				rec.Win32 = 4000
			case 9:
				rec.Remote = nil
			}
			second += int(how & 3)
			each(rec)
		}
	}
}

// iisSessions are scripts of connections as they go most of the time.
var iisSessions = [][]byte{
	iisScript("EHLO mail.example.org", "MAIL FROM:<a@example.org> SIZE=100", "RCPT TO:<x@example.com>", "DATA <1@example.org>", "QUIT mail.example.org"),
	iisScript("HELO", "MAIL FROM:<b@example.net>", "RCPT TO:<x@example.com>", "RSET", "MAIL FROM:<b@example.net>", "RCPT TO:<y@example.net>", "BDAT 10", "BDAT 10 LAST", "QUIT"),
	iisScript("EHLO mail.example.org", "AUTH LOGIN", "NOOP", "MAIL FROM:<b@example.net>", "QUIT"),
	outboundScript(">220 ready", "<EHLO mail.example.org", ">250-more", "<MAIL FROM:<b@example.net>", ">250 ok", "<RCPT TO:<x@example.com>", ">250 ok",
		"<DATA", ">354 go", ">250 ok", "<QUIT", ">221 2.0.0 bye"),
	refused(iisScript("EHLO mail.example.org", "MAIL FROM:<a@example.org> SIZE=100", "RCPT TO:<x@example.com>", "RCPT TO:<y@example.net>", "DATA <1@example.org>",
		"RSET", "MAIL FROM:<b@example.net>", "QUIT"), 2, 4),
	refused(iisScript("XYZZY", "HELO", "MAIL FROM:<b@example.net>", "RCPT TO:<x@example.com>", "DATA", "BDAT 10 LAST", "AUTH LOGIN", "QUIT"), 0, 3, 4, 5, 6),
	{byte(slices.Index(saidInBriefs, ">220 ready")), 0, 0xc4, 0xa1}, // the row names HELO before the greeting
}

func iisScript(rows ...string) (script []byte) {
	for _, row := range rows {
		script = append(script, byte(slices.Index(saidToIIS, row)), 0, 4, 0xa1)
	}
	return script
}

// refused has rows of a script refused.
func refused(script []byte, rows ...int) []byte {
	for _, row := range rows {
		script[4*row+1] = byte(slices.Index(codesOfIIS, 550))
	}
	return script
}

func outboundScript(rows ...string) (script []byte) {
	for _, row := range rows {
		script = append(script, byte(slices.Index(saidInBriefs, row)), 0, 0xc0, 0xa1)
	}
	return script
}

func TestLooseOfUsualRows(t *testing.T) {
	for _, script := range iisSessions {
		if n := checkBriefs(t, addIISScript(script)); n != 1 {
			t.Errorf("%d sessions", n)
		}
	}
}

func TestLooseAtRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 8))
	for range 500 {
		var script []byte
		for range 1 + rng.IntN(3) {
			script = append(script, iisSessions[rng.IntN(len(iisSessions))]...)
		}
		for range rng.IntN(6) {
			i := rng.IntN(len(script))
			if rng.IntN(3) == 0 && len(script) > 4 {
				script = slices.Delete(script, i-i%4, i-i%4+4)
			} else {
				script[i] = byte(rng.Uint32())
			}
		}
		checkBriefs(t, addIISScript(script))
	}
}

// FuzzLoose compares the sessions of briefs without ids with those of states,
// for rows in any order.
func FuzzLoose(f *testing.F) {
	for _, script := range iisSessions {
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) <= 1000 {
			checkBriefs(t, addIISScript(script))
		}
	})
}
