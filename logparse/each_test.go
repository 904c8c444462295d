package logparse_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// Each gives what Next gives, with lines among the rows that are none, and raw
// lines of the IMS that are left out.
func TestEach(t *testing.T) {
	const ims = "11/2/26 9:05:01 AM : <<< IO: |RCPT TO:<b@example.net>\r\n11/2/26 9:05:01 AM : <<< RCPT TO:<b@example.net>\r\n" +
		"11/2/26 9:05:01 AM : >>> 250 OK\r\n"
	logs := map[logparse.Format][]byte{logparse.IMS: bytes.Repeat([]byte(ims), 100)}
	for _, format := range []logparse.Format{logparse.ExchangeReceive, logparse.IISW3C} {
		var log bytes.Buffer
		if _, err := testlog.Generate(&log, testlog.Options{Seed: 5, Format: format, Connections: 30}); err != nil {
			t.Fatal(err)
		}
		logs[format] = log.Bytes()
	}
	for format, log := range logs {
		lines := bytes.SplitAfter(log, []byte("\n"))
		for i := 20; i < len(lines); i += 17 {
			lines[i] = append([]byte("\x01,\"no row\n\n"), lines[i]...)
		}
		text := bytes.Join(lines, nil)
		for _, opt := range []logparse.Options{{}, {Sparse: true}, {Sparse: true, Jobs: 2}} {
			said := func(rec *logparse.Record) string {
				echoed := rec.Echoed()
				rec.Fill()
				return fmt.Sprintf("%v %d %v %v %+v %q %v", rec.Pos, rec.Lines, rec.Format, rec.Time, rec.Event, rec.Raw(), echoed)
			}
			var want, got []string
			next := logparse.NewReader(bytes.NewReader(text), "x.log", &opt)
			for rec, err := next.Next(); err != io.EOF; rec, err = next.Next() {
				if err != nil {
					want = append(want, err.Error())
				} else {
					want = append(want, said(rec))
				}
			}
			each := logparse.NewReader(bytes.NewReader(text), "x.log", &opt)
			for {
				err := each.Each(func(rec *logparse.Record) { got = append(got, said(rec)) })
				var bad *logparse.SyntaxError
				if !errors.As(err, &bad) {
					if err != io.EOF {
						t.Errorf("%v: %v", format, err)
					}
					break
				}
				got = append(got, err.Error())
			}
			if !slices.Equal(got, want) || each.Counts() != next.Counts() {
				t.Errorf("%v, %+v: %d steps and %+v, want %d and %+v", format, opt, len(got), each.Counts(), len(want), next.Counts())
			}
			if next.Counts().Records < 100 {
				t.Errorf("%v: %+v", format, next.Counts())
			}
		}
	}
}
