package logparse_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// readAll returns all that a Reader gives, one item a line, and how it ended.
func readAll(r *logparse.Reader) []string {
	var got []string
	for {
		rec, err := r.Next()
		var bad *logparse.SyntaxError
		switch {
		case err == nil:
			got = append(got, promised(rec))
			if rec.Pos.Line%2 == 0 {
				rec.FillEnds()
				got = append(got, fmt.Sprintf("%q", [][]byte{rec.Session, rec.Server, rec.Connector, rec.Local, rec.Remote, rec.Helo}))
			}
			if rec.Pos.Line%3 == 0 {
				continue // Fill is called for some
			}
			rec.Fill()
			var fields strings.Builder
			for name, value := range rec.Fields() {
				fmt.Fprintf(&fields, " %s=%q", name, value)
			}
			got = append(got, fmt.Sprintf("%v +%d %d %v %v %#v %q%s", rec.Pos, rec.Pos.Offset, rec.Lines, rec.Format, rec.Time, rec.Event, rec.Raw(), &fields))
		case errors.As(err, &bad):
			got = append(got, fmt.Sprintf("%v +%d %s", bad.Pos, bad.Pos.Offset, bad.Msg))
		default:
			found, _ := r.Detection()
			return append(got, fmt.Sprintf("%v %+v %+v", err, r.Counts(), found))
		}
	}
}

// promised returns what there is of a record before Fill is called.
func promised(rec *logparse.Record) string {
	said := [][]byte{rec.Data, rec.Context}
	switch rec.Kind {
	case logparse.KindReply:
		said = nil
	case logparse.KindCommand:
		said = [][]byte{rec.Arg}
	}
	return fmt.Sprintln(rec.Pos, rec.Lines, rec.Format, rec.Direction, rec.Time, rec.Kind, rec.Verb, rec.Code, rec.Enhanced, rec.More,
		rec.Elapsed, rec.Win32, rec.BytesIn, rec.BytesOut, fmt.Sprintf("%q", said))
}

// sizes returns chunk sizes of up to max bytes.
func sizes(seed uint64, max int) func() int {
	rng := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return 1 + rng.IntN(max)
	}
}

// checkAhead reads a log in one pass and in chunks of random sizes, and
// compares what comes of it.
func checkAhead(t *testing.T, log []byte, opt logparse.Options, seed uint64, max, jobs int) {
	t.Helper()
	want := readAll(logparse.NewReader(bytes.NewReader(log), "x.log", &opt))
	var r io.Reader = bytes.NewReader(log)
	switch seed % 3 {
	case 1:
		r = iotest.HalfReader(r)
	case 2:
		r = iotest.DataErrReader(r)
	}
	pool := logparse.PoolOfChunks(jobs, sizes(seed, max))
	defer pool.Close()
	opt.Sparse = seed%2 == 1 && !bytes.Contains(log, []byte("IO: |")) // no record is left out
	if diff := cmp.Diff(want, readAll(pool.NewReader(r, "x.log", &opt))); diff != "" {
		t.Fatalf("seed %d, chunks of up to %d bytes, %d jobs: -one pass +chunks:\n%s", seed, max, jobs, diff)
	}
}

func checkAheadOften(t *testing.T, log []byte, opt logparse.Options) {
	t.Helper()
	for seed, max := range []int{1, 40, 300, 300, 4000, 100_000} {
		if len(log)/max > 300 && max > 1 || len(log)/max > 3000 {
			continue
		}
		checkAhead(t, log, opt, uint64(seed), max, 2+seed%3)
	}
}

const (
	receiveHead = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n#Date: 2026-11-02T08:00:00.000Z\r\n" +
		"#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n"
	receiveRow = "2026-11-02T08:00:0%d.123Z,EX1\\Default EX1,08DE0A0000000001,%d,10.0.0.1:25,192.0.2.7:50000,%s\r\n"
	w3cHead    = "#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: 2006-10-09 05:00:01\r\n"
	w3cRow     = "2006-10-09 05:00:%02d 192.0.2.%d mail.example.org SMTPSVC1 MX1 10.0.0.1 0 MAIL - +FROM:<a+b@example.org> 250 0 40 %d 0 SMTP - - - -\r\n"
	w3cFields  = "#Fields: date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host cs(User-Agent) cs(Cookie) cs(Referer)\r\n"
)

func receiveRows(n int, tail func(i int) string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, receiveRow, i%10, i, tail(i))
	}
	return b.String()
}

func w3cRows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, w3cRow, i%60, i%250, i)
	}
	return b.String()
}

// oddLogs are logs that a cut can harm.
func oddLogs() map[string]string {
	talk := func(i int) string {
		return []string{"+,,", ">,220 gate.example.com ready,", "<,EHLO mail.example.org,", ">,\"250 one, \"\"two\"\"\",", "*,,\"a, \"\"note\"\"\""}[i%5]
	}
	multi := func(i int) string {
		switch i % 4 {
		case 0:
			return ">,\"250-first\r\n250-second, of \"\"three\"\"\r\n250 third\","
		case 1:
			return "*,\"open for good,"
		}
		return talk(i)
	}
	names := "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"
	other := "#Fields: date-time,session-id,connector-id,sequence-number,remote-endpoint,local-endpoint,event,context,data"
	long := strings.Repeat("long ", 400)
	return map[string]string{
		"plain":             receiveHead + receiveRows(60, talk),
		"notes":             receiveHead + receiveRows(60, func(i int) string { return []string{"*,a,note \t", "-,,Local ", ">,250 ok,x  "}[i%3] }),
		"no last line feed": strings.TrimRight(receiveHead+receiveRows(20, talk), "\r\n"),
		"line feeds":        strings.ReplaceAll(receiveHead+receiveRows(20, talk), "\r", ""),
		"multi-line":        receiveHead + receiveRows(60, multi),
		"open at the end":   receiveHead + receiveRows(9, talk) + strings.TrimSuffix(receiveRows(1, func(int) string { return ">,\"250-a" }), "\r\n"),
		"new columns":       receiveHead + receiveRows(20, talk) + other + "\r\n" + receiveRows(20, talk) + names + "\r\n" + receiveRows(20, talk),
		"same columns":      receiveHead + receiveRows(20, talk) + receiveHead + receiveRows(20, talk),
		"custom columns":    strings.Replace(receiveHead, ",context", ",context,more", 1) + receiveRows(20, talk) + receiveHead + receiveRows(20, talk),
		"another log":       receiveHead + receiveRows(20, talk) + "#Log-type: SMTP Send Protocol Log\r\n" + receiveRows(20, talk) + "#Log-type: Other\r\n" + receiveRows(5, talk) + receiveHead + receiveRows(20, talk),
		"two logs in turns": strings.Repeat(receiveHead+receiveRows(20, talk)+"#Log-type: SMTP Send Protocol Log\r\n"+receiveRows(20, talk)+"#Log-type: Message Tracking Log\r\n", 20) + receiveHead + receiveRows(40, talk),
		"no header":         receiveRows(30, talk),
		"padding":           receiveHead + receiveRows(10, talk) + strings.Repeat("\x00", 700) + receiveRows(10, talk) + "\x00\r\n\x00\x00" + receiveRows(2, talk) + strings.Repeat("\x00", 700),
		"long lines":        receiveHead + receiveRows(30, func(i int) string { return "*," + long[:i%3*900] + "," }),
		"long only line":    receiveHead + long,
		"long last line":    receiveHead + receiveRows(3, talk) + long,
		"marks":             "\ufeff" + receiveHead + receiveRows(10, talk) + "\ufeff" + receiveHead + "\ufeff" + receiveRows(10, talk),
		"nonsense":          receiveHead + receiveRows(10, talk) + strings.Repeat("nonsense\r\n\r\n \r\n", 20) + receiveRows(10, talk),
		"only a header":     receiveHead,
		"empty":             "",
		"blank":             "\r\n \r\n\x00\x00\r\n",
		"w3c":               w3cHead + w3cFields + w3cRows(40),
		"w3c restarts":      w3cHead + w3cFields + w3cRows(20) + strings.Replace(w3cHead, "09 05", "10 06", 1) + w3cFields + w3cRows(20) + w3cHead + "#Fields: date time c-ip\r\n2006-10-09 05:00:01 192.0.2.1\r\n" + w3cRows(4),
		"w3c without date":  w3cHead + strings.Replace(w3cFields, " date", "", 1) + strings.ReplaceAll(w3cRows(40), "2006-10-09 ", ""),
		"w3c loses date":    w3cHead + w3cFields + w3cRows(20) + strings.Replace(w3cFields, " date", "", 1) + strings.ReplaceAll(w3cRows(40), "2006-10-09 ", ""),
		"w3c gains date":    w3cHead + strings.Replace(w3cFields, " date", "", 1) + strings.ReplaceAll(w3cRows(40), "2006-10-09 ", "") + w3cFields + w3cRows(40),
		"w3c by look":       w3cRows(20),
	}
}

// Whatever is parsed ahead, where it is cut and by how many, one pass gives the
// same.
func TestAheadOdd(t *testing.T) {
	for name, log := range oddLogs() {
		t.Run(name, func(t *testing.T) {
			checkAheadOften(t, []byte(log), logparse.Options{})
			checkAheadOften(t, []byte(log), logparse.Options{MaxLine: 1024})
		})
	}
}

func TestAheadGenerated(t *testing.T) {
	formats := []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend, logparse.IISW3C, logparse.IISMSIIS, logparse.IISNCSA, logparse.IISODBC}
	for _, format := range formats {
		var log bytes.Buffer
		if _, err := testlog.Generate(&log, testlog.Options{Seed: 3, Format: format, Connections: 20}); err != nil {
			t.Fatal(err)
		}
		checkAheadOften(t, log.Bytes(), logparse.Options{})
	}
}

// The logs of the project, and the samples where they are.
func TestAheadFiles(t *testing.T) {
	for _, dir := range []string{"../testdata/logs", "../../shared/samples"} {
		if _, err := os.Stat(dir); err != nil {
			t.Logf("%s is not there", dir)
			continue
		}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			log, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			log = log[:min(len(log), 40_000)]
			checkAhead(t, log, logparse.Options{}, uint64(len(path)), 1000, 3)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Rows of a few bytes are not all kept at once.
func TestAheadShortRows(t *testing.T) {
	log := "#Fields: date time c-ip\r\n2006-10-09 05:00:00 192.0.2.1\r\n#Fields: date\r\n" + strings.Repeat("2006-10-09\n", 5000) + strings.Repeat("x\n", 4500)
	checkAhead(t, []byte(log), logparse.Options{Format: logparse.IISW3C}, 1, 1_000_000, 2)
}

// Rows that are longer than what a packed record has room for.
func TestAheadVeryLongRows(t *testing.T) {
	log := receiveHead + receiveRows(12, func(i int) string { return ">,250 " + strings.Repeat("x", 65_400+10*i) + "," })
	for seed := range uint64(4) {
		checkAhead(t, []byte(log), logparse.Options{}, seed, 2_000_000, 2)
	}
}

// A failing log gives what there is before, and then its error.
func TestAheadFailure(t *testing.T) {
	log := receiveHead + receiveRows(50, func(int) string { return "+,," })
	broken := errors.New("broken")
	read := func(pool *logparse.Pool) []string {
		r := io.MultiReader(strings.NewReader(log), iotest.ErrReader(broken))
		if pool == nil {
			return readAll(logparse.NewReader(r, "x.log", nil))
		}
		defer pool.Close()
		return readAll(pool.NewReader(r, "x.log", nil))
	}
	if diff := cmp.Diff(read(nil), read(logparse.PoolOfChunks(2, sizes(1, 300)))); diff != "" {
		t.Errorf("-one pass +chunks:\n%s", diff)
	}
}

// Several logs that a Pool reads at the same time do not wait for each other.
func TestPoolOfSeveral(t *testing.T) {
	pool := logparse.PoolOfChunks(3, sizes(2, 500))
	defer pool.Close()
	var wants [][]string
	var readers []*logparse.Reader
	for name, log := range oddLogs() {
		wants = append(wants, readAll(logparse.NewReader(strings.NewReader(log), name, nil)))
		r := pool.NewReader(strings.NewReader(log), name, nil)
		r.Start()
		readers = append(readers, r)
	}
	for i, r := range readers {
		if diff := cmp.Diff(wants[i], readAll(r)); diff != "" {
			t.Fatalf("-one pass +chunks:\n%s", diff)
		}
	}
}

// Two records have the same Conversation only if they are of one log and session,
// though what is known of its rows is handed on from chunk to chunk and log to log.
func TestPoolConversations(t *testing.T) {
	pool := logparse.PoolOfChunks(3, sizes(3, 2000))
	defer pool.Close()
	type place struct{ file, session, local, remote, server, connector string }
	of := map[uint64]place{}
	known := 0
	for _, format := range []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend, logparse.IISW3C} {
		for seed := range 4 {
			var log bytes.Buffer
			if _, err := testlog.Generate(&log, testlog.Options{Seed: uint64(seed / 2), Format: format, Connections: 30}); err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprint(format, seed)
			r := pool.NewReader(&log, name, nil)
			for {
				rec, err := r.Next()
				if err != nil {
					break
				}
				n := rec.Conversation()
				if n == 0 || !format.HasSessionID() {
					continue
				}
				known++
				p := place{name, string(rec.Session), string(rec.Local), string(rec.Remote), string(rec.Server), string(rec.Connector)}
				if before, ok := of[n]; ok && before != p {
					t.Fatalf("conversation %d is of %v and of %v", n, before, p)
				}
				of[n] = p
			}
		}
	}
	if known < 1000 || known < 5*len(of) {
		t.Errorf("%d records of %d known conversations", known, len(of))
	}
}

// goroutines waits until there are no more than n.
func goroutines(t *testing.T, n int) {
	t.Helper()
	for range 10_000 {
		if runtime.NumGoroutine() <= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
	buf := make([]byte, 64<<10)
	t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), n, buf[:runtime.Stack(buf, true)])
}

// A Reader that was read to its end, or closed, leaves no goroutines behind.
func TestAheadClose(t *testing.T) {
	before := runtime.NumGoroutine()
	log := receiveHead + receiveRows(6000, func(int) string { return "+,," })
	for _, opt := range []logparse.Options{{Jobs: 3}, {Jobs: 3, Format: logparse.IISW3C}, {Jobs: 3, Format: logparse.IISNCSA}} {
		readAll(logparse.NewReader(strings.NewReader(log), "x.log", &opt))
		goroutines(t, before)
		r := logparse.NewReader(strings.NewReader(log), "x.log", &opt)
		r.Next()
		r.Close()
		for err := error(nil); err != context.Canceled; {
			if _, err = r.Next(); err == io.EOF {
				t.Fatal("read to its end when closed")
			}
		}
		if _, err := r.Next(); err != context.Canceled {
			t.Errorf("error %v behind the end", err)
		}
		goroutines(t, before)
		r = logparse.NewReader(strings.NewReader(log), "x.log", &opt)
		r.Close()
		if _, err := r.Next(); err != context.Canceled {
			t.Errorf("error %v", err)
		}
		goroutines(t, before)
	}
}

// A Next that waits for a pipe ends when the Reader is closed.
func TestAheadCloseWaiting(t *testing.T) {
	before := runtime.NumGoroutine()
	in, out := io.Pipe()
	r := logparse.NewReader(in, "-", &logparse.Options{Jobs: 2, Format: logparse.ExchangeReceive})
	go func() {
		// More lines than are looked at to tell the format: what there is must
		// come before the rest is waited for.
		io.WriteString(out, receiveHead+receiveRows(300, func(int) string { return "+,," }))
	}()
	for range 300 {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error)
	go func() {
		_, err := r.Next()
		done <- err
	}()
	r.Close()
	if err := <-done; err != context.Canceled {
		t.Errorf("error %v", err)
	}
	in.Close()
	goroutines(t, before)
}

func FuzzAhead(f *testing.F) {
	for _, log := range oddLogs() {
		f.Add([]byte(log), uint8(logparse.FormatUnknown), uint64(1), uint16(100), uint8(2))
	}
	for _, format := range logparse.Formats() {
		f.Add([]byte("a,b\r\n\"c\r\nd\",e\r\n\r\n"), uint8(format), uint64(2), uint16(3), uint8(3))
	}
	f.Fuzz(func(t *testing.T, log []byte, format uint8, seed uint64, max uint16, jobs uint8) {
		if len(log) > 20_000 {
			return
		}
		opt := logparse.Options{MaxLine: 2000}
		if formats := logparse.Formats(); format > 0 {
			opt.Format = formats[int(format)%len(formats)]
		}
		checkAhead(t, log, opt, seed, 1+int(max)%2000, 1+int(jobs)%4)
	})
}
