package session

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// oneByOne are the formats whose rows are read again one by one.
var oneByOne = []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend, logparse.IISW3C, logparse.IISNCSA, logparse.IISMSIIS}

// transcriptsOf returns the sessions of a log with their transcripts. again
// reads the log's texts again, where it is not nil.
func transcriptsOf(log []byte, format logparse.Format, secrets bool, again func() io.ReaderAt) (list []*Session) {
	opt := &Options{Transcript: true, ShowSecrets: secrets}
	if again != nil {
		opt.Again = func(string) io.ReaderAt { return again() }
	}
	b := NewBuilder(opt, func(s *Session) { list = append(list, s.Clone()) })
	if again != nil {
		b.textRoom = 0
	}
	for rec, err := range logparse.NewReader(bytes.NewReader(log), "x.log", &logparse.Options{Format: format}).Records() {
		if err == nil {
			b.Add(rec)
		}
	}
	b.Close()
	return list
}

func sameTranscripts(t *testing.T, want, got []*Session) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%d sessions, %d where rows are read again", len(want), len(got))
	}
	for i, s := range want {
		if !slices.Equal(s.Transcript, got[i].Transcript) || got[i].Shortened != 0 {
			t.Fatalf("session %s, %d steps left out: kept\n%+v\nread again\n%+v", s.ID, got[i].Shortened, s.Transcript, got[i].Transcript)
		}
	}
}

func againLog(t testing.TB, format logparse.Format, connections int) []byte {
	t.Helper()
	var log bytes.Buffer
	opt := testlog.Options{Seed: 5, Format: format, Connections: connections, AtOnce: 2, Outbound: 0.3}
	if _, err := testlog.Generate(&log, opt); err != nil {
		t.Fatal(err)
	}
	return log.Bytes()
}

// What is read again is what would have been kept.
func TestReadAgain(t *testing.T) {
	for _, format := range oneByOne {
		t.Run(format.String(), func(t *testing.T) {
			log := againLog(t, format, 300)
			want := transcriptsOf(log, format, false, nil)
			reads := 0
			got := transcriptsOf(log, format, false, func() io.ReaderAt {
				return readerAt(func(p []byte, off int64) (int, error) {
					reads++
					return bytes.NewReader(log).ReadAt(p, off)
				})
			})
			sameTranscripts(t, want, got)
			steps := 0
			for _, s := range want {
				steps += len(s.Transcript)
			}
			if reads != steps {
				t.Errorf("%d rows were read again for %d steps", reads, steps)
			}
		})
	}
}

type readerAt func(p []byte, off int64) (int, error)

func (r readerAt) ReadAt(p []byte, off int64) (int, error) { return r(p, off) }

// Lists of columns that change in the middle of a log, rows of several lines,
// secrets and NULs.
func TestReadAgainOddRows(t *testing.T) {
	const exchange = "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n" +
		"2026-03-02T08:00:00.000Z,G\\C,08D,0,10.1.0.25:25,192.0.2.1:9,+,,\r\n" +
		"2026-03-02T08:00:00.001Z,G\\C,08D,1,10.1.0.25:25,192.0.2.1:9,*,\"a, b\",said \"so\"\r\n" +
		"2026-03-02T08:00:00.002Z,G\\C,08D,2,10.1.0.25:25,192.0.2.1:9,<,AUTH PLAIN AGFsaWNlAHNlY3JldDEyMw==,\r\n" +
		"2026-03-02T08:00:00.002Z,G\\C,08D,3,10.1.0.25:25,192.0.2.1:9,<,\"MAIL  FROM:<\"\"a b\"\"@example.org>\",\r\n" +
		"#Fields: event,data,date-time,session-id,remote-endpoint\r\n" +
		">,250 2.1.0 Sender OK,2026-03-02T08:00:00.003Z,08D,192.0.2.1:9\r\n" +
		"*,\"two\r\nlines\",2026-03-02T08:00:00.003Z,08D,192.0.2.1:9\r\n" +
		"\x00\x00<,QUIT,2026-03-02T08:00:00.004Z,08D,192.0.2.1:9\x00\r\n" +
		"-,,2026-03-02T08:00:00.005Z,08D,192.0.2.1:9"
	const w3c = "#Fields: date time c-ip cs-username cs-method cs-uri-query sc-status\n" +
		"2026-03-02 08:00:01 192.0.2.4 mx3.example.net EHLO +mx3.example.net 250\n" +
		"#Fields: cs-method cs-uri-query sc-status date time c-ip cs-username\n" +
		"MAIL +FROM:<a+b@example.net>++SIZE=1 250 2026-03-02 08:00:01 192.0.2.4 mx3.example.net\n" +
		"QUIT mx3.example.net 240 2026-03-02 08:00:01 192.0.2.4 mx3.example.net\n"
	for _, test := range []struct {
		log    string
		format logparse.Format
		steps  int
	}{{exchange, logparse.ExchangeReceive, 8}, {exchange, logparse.ExchangeSend, 8}, {w3c, logparse.IISW3C, 3}} {
		for _, secrets := range []bool{false, true} {
			log := []byte(test.log)
			want := transcriptsOf(log, test.format, secrets, nil)
			if len(want) != 1 || len(want[0].Transcript) != test.steps {
				t.Fatalf("%d sessions, %v", len(want), want)
			}
			sameTranscripts(t, want, transcriptsOf(log, test.format, secrets, func() io.ReaderAt { return bytes.NewReader(log) }))
			if secrets == slices.ContainsFunc(want[0].Transcript, func(s Step) bool { return strings.HasSuffix(s.Text, Redacted) }) && test.format == logparse.ExchangeReceive {
				t.Errorf("secrets %v, %v", secrets, want[0].Transcript)
			}
		}
	}
}

// Rows that do not stand in their log any more are left out and counted, others
// are not taken for them.
func TestReadAgainChanged(t *testing.T) {
	for _, format := range oneByOne {
		log := againLog(t, format, 40)
		want := transcriptsOf(log, format, false, nil)
		for _, change := range []func([]byte) []byte{
			func(log []byte) []byte { return log[:len(log)/2] },
			func(log []byte) []byte { return nil },
			func(log []byte) []byte { return append([]byte("#\n"), log...) },
			func(log []byte) []byte {
				for i, r := 0, rand.New(rand.NewPCG(1, 2)); i < 50; i++ {
					log[r.IntN(len(log))] ^= 1
				}
				return log
			},
		} {
			now := change(bytes.Clone(log))
			lost := int64(0)
			for i, s := range transcriptsOf(log, format, false, func() io.ReaderAt { return bytes.NewReader(now) }) {
				if int64(len(s.Transcript))+s.Shortened != int64(len(want[i].Transcript)) {
					t.Fatalf("%v: %d steps and %d left out of %d", format, len(s.Transcript), s.Shortened, len(want[i].Transcript))
				}
				rest := want[i].Transcript
				for _, step := range s.Transcript {
					at := slices.Index(rest, step)
					if at < 0 {
						t.Fatalf("%v: %+v is not in %+v", format, step, rest)
					}
					rest = rest[at+1:]
				}
				lost += s.Shortened
			}
			if lost == 0 {
				t.Errorf("%v: nothing was missed", format)
			}
		}
	}
}

// FuzzReadAgain reads anything as a log: texts that are read again are those
// that would have been kept.
func FuzzReadAgain(f *testing.F) {
	for i, format := range oneByOne {
		f.Add(againLog(f, format, 3), uint8(i))
	}
	f.Fuzz(func(t *testing.T, log []byte, n uint8) {
		if len(log) > 64<<10 {
			return
		}
		format := oneByOne[int(n)%len(oneByOne)]
		want := transcriptsOf(log, format, n&64 != 0, nil)
		sameTranscripts(t, want, transcriptsOf(log, format, n&64 != 0, func() io.ReaderAt { return bytes.NewReader(log) }))
	})
}
