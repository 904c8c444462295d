package logs

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// writeIMS writes the log of one worker of the Internet Mail Service: its
// connections one after the other. At the level Maximum each line that comes in
// stands there twice, first as it came, behind "IO: |".
func writeIMS(w io.Writer, size int64, _ int) (*Truth, error) {
	out := &counter{w: w}
	s := &imsWorker{
		out:   bufio.NewWriterSize(out, 64<<10),
		rng:   rand.New(rand.NewPCG(7, 55)),
		now:   time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC),
		truth: Truth{Recipients: map[string]int64{}},
	}
	for out.n+int64(s.out.Buffered()) < size {
		if s.rng.IntN(3) == 0 {
			s.outbound()
		} else {
			s.inbound()
		}
		s.pass(2000)
		s.truth.Sessions++
	}
	return &s.truth, s.out.Flush()
}

// An imsWorker plays sessions; bufio.Writer keeps its first error until Flush.
type imsWorker struct {
	out   *bufio.Writer
	rng   *rand.Rand
	now   time.Time
	stamp []byte // of the last second that was written
	at    int64
	truth Truth
}

// pass lets up to so many milliseconds go by.
func (s *imsWorker) pass(most int) {
	s.now = s.now.Add(time.Duration(s.rng.IntN(most)) * time.Millisecond)
}

func (s *imsWorker) line(arrow, text string) {
	if at := s.now.Unix(); at != s.at {
		s.at = at
		s.stamp = s.now.AppendFormat(s.stamp[:0], "1/2/06 3:04:05 PM : ")
	}
	s.out.Write(s.stamp)
	s.out.WriteString(arrow)
	s.out.WriteString(text)
	s.out.WriteString("\r\n")
	s.truth.Records++
}

func (s *imsWorker) sent(text string) { s.line(">>> ", text) }

func (s *imsWorker) received(text string) {
	s.line("<<< IO: |", text)
	s.line("<<< ", text)
	s.pass(150)
}

// more writes further lines of a reply, which have no time.
func (s *imsWorker) more(lines string) { s.out.WriteString(lines + "\r\n") }

func (s *imsWorker) inbound() {
	peer := s.rng.IntN(300)
	host := fmt.Sprintf("mail%d.example.net", peer)
	s.line("", "A connection was accepted from "+host+".")
	if peer%3 == 0 {
		s.received("HELO " + host)
		s.sent("250 OK")
	} else {
		s.received("EHLO " + host)
		s.sent("250-legacy.example.com Hello [" + host + "]")
		s.more("250-XEXCH50\r\n250-HELP\r\n250-ETRN\r\n250-DSN\r\n250-SIZE 0\r\n250-AUTH LOGIN\r\n250 AUTH=LOGIN\r\n")
	}
	for range 1 + s.rng.IntN(2) {
		from, bytes := fmt.Sprintf("sender%d@example.net", s.rng.IntN(5000)), 900+s.rng.IntN(90_000)
		s.received(fmt.Sprintf("MAIL FROM:<%s> SIZE=%d", from, bytes))
		s.sent(fmt.Sprintf("250 OK - mail from <%s>; can accomodate %d bytes", from, bytes))
		recipients := 1 + int(s.rng.ExpFloat64())
		for range recipients {
			to := fmt.Sprintf("user%d@legacy.example.com", s.rng.IntN(900))
			s.received("RCPT TO:<" + to + ">")
			s.sent("250 OK - Recipient <" + to + ">")
		}
		s.received("DATA")
		s.sent("354 Send data.  End with CRLF.CRLF")
		s.pass(1500)
		if s.rng.IntN(20) == 0 {
			s.sent("554 Mailbox is not local: " + from)
			s.truth.Recipients["rejected"] += int64(recipients)
		} else {
			s.sent("250 OK")
			s.truth.Recipients["accepted"] += int64(recipients)
		}
	}
	s.received("QUIT")
	s.sent("221 closing connection")
}

func (s *imsWorker) outbound() {
	host := s.rng.IntN(60)
	domain := fmt.Sprintf("site%d.example.org", host)
	s.line("", fmt.Sprintf("A connection to 198.51.100.%d was established.", 1+host))
	s.received("220 mx." + domain + " ESMTP")
	s.sent("EHLO legacy.example.com")
	s.received("250-mx." + domain)
	s.more("250 SIZE 35882577")
	s.sent(fmt.Sprintf("MAIL FROM:<user%d@legacy.example.com>", s.rng.IntN(900)))
	s.received("250 2.1.0 Ok")
	s.sent(fmt.Sprintf("RCPT TO:<friend%d@%s>", s.rng.IntN(4000), domain))
	switch n := s.rng.IntN(20); {
	case n < 2:
		s.received("550 5.1.1 User unknown")
		s.truth.Recipients["rejected"]++
	case n == 2:
		s.received("450 4.2.0 Greylisted, try again later")
		s.truth.Recipients["deferred"]++
	default:
		s.received("250 2.1.5 Ok")
		s.sent("DATA")
		s.received("354 go ahead")
		s.pass(1500)
		s.received("250 2.0.0 Ok: queued")
		s.truth.Recipients["accepted"]++
	}
	s.sent("QUIT")
	s.received("221 2.0.0 Bye")
}
