package logparse_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/track/testworld"
)

// protocolLog is a protocol log of 2,000 connections, many at a time.
func protocolLog(b *testing.B, format logparse.Format) []byte {
	b.Helper()
	opt := testlog.Options{Seed: 7, Format: format, Connections: 2000, Hosts: 100, AtOnce: 3}
	if format == logparse.ExchangeSend {
		opt.Outbound = 1
	}
	var log bytes.Buffer
	if err := testlog.Stream(&log, opt, nil, nil); err != nil {
		b.Fatal(err)
	}
	return log.Bytes()
}

// worldLog joins the logs of a played organisation whose paths have the name
// in them.
func worldLog(name string, opt testworld.Options) []byte {
	var log []byte
	opt.Seed, opt.Messages = 3, 2000
	for _, f := range testworld.Play(opt).Files {
		if strings.Contains(f.Path, name) {
			log = append(log, f.Data...)
		}
	}
	return log
}

// BenchmarkReader reads logs as [testlog] and [testworld] write them, on one
// goroutine.
func BenchmarkReader(b *testing.B) {
	line := func(row string) []byte { return []byte(strings.Repeat(row+"\r\n", 5000)) }
	// A log of rows, of which some follow the one in front in the same second.
	plain := func(before, behind string, rows ...string) []byte {
		var log bytes.Buffer
		for i := range 20_000 / len(rows) {
			for j, row := range rows {
				fmt.Fprintf(&log, "%s%02d:%02d%s%s\r\n", before, (i/6)%60, (10*i+j/3)%60, behind, row)
			}
		}
		return log.Bytes()
	}
	conversation := []string{"220 mx.example.net ESMTP", "EHLO relay.example.com", "250-mx.example.net", "MAIL FROM:<maria@example.com> SIZE=900",
		"250 2.1.0 OK", "RCPT TO:<jan@example.net>", "250 2.1.5 OK", "DATA", "354 go ahead", "250 2.0.0 OK: queued", "QUIT", "221 bye"}
	var ims, outlook []string
	for _, text := range conversation {
		if text[0] >= '0' && text[0] <= '9' {
			ims = append(ims, "<<< IO: |"+text, "<<< "+text)
			outlook = append(outlook, "[rx] "+text)
			if strings.HasPrefix(text, "250-") {
				ims[len(ims)-1] += "\r\n250-SIZE\r\n250 DSN"
			}
		} else {
			ims, outlook = append(ims, ">>> "+text), append(outlook, "[tx] "+text)
		}
	}
	for _, bench := range []struct {
		format logparse.Format
		log    func(b *testing.B) []byte
	}{
		{logparse.ExchangeReceive, func(b *testing.B) []byte { return protocolLog(b, logparse.ExchangeReceive) }},
		{logparse.ExchangeSend, func(b *testing.B) []byte { return protocolLog(b, logparse.ExchangeSend) }},
		{logparse.IMS, func(*testing.B) []byte {
			return plain("11/2/00 9:", " AM : ", append([]string{"A connection to mx.example.net was established."}, ims...)...)
		}},
		{logparse.OutlookSMTP, func(*testing.B) []byte {
			return append([]byte("Outlook Express 6.00.2900\r\nSMTP Log started at 11/02/2000 08:00:00\r\n"), plain("SMTP: 09:", " ", outlook...)...)
		}},
		{logparse.IISODBC, func(*testing.B) []byte {
			return plain("192.0.2.7,relay.example.com,2006-10-09 05:", "", ",SMTPSVC1,MAIL01,10.0.0.5,15,45,48,250,0,MAIL,-,+FROM:<maria@example.com>")
		}},
		{logparse.Tracking5, func(*testing.B) []byte {
			return line("c=US;a= ;p=Example;l=MAIL01-001102090000Z-7\t7\t2000.11.2 9:5:1\t\t/o=Example/cn=MTA\t\tmaria@example.com\t0\t900\t1\t0\t\t2\r\n" +
				"jan@example.net\t0\r\npetra@example.net\t0")
		}},
		{logparse.Tracking, func(*testing.B) []byte { return worldLog("EX2/MessageTracking/", testworld.Options{}) }},
		{logparse.TrackingPS, func(*testing.B) []byte {
			return worldLog("EX2/Get-MessageTrackingLog", testworld.Options{Export: []string{"EX2"}})
		}},
		{logparse.MessageTrace, func(*testing.B) []byte { return worldLog("MessageTrace", testworld.Options{}) }},
		{logparse.Connectivity, func(*testing.B) []byte {
			return line("2026-11-01T09:30:00.250Z,08DE000000000001,SMTP,example.net,>,mx1.example.net[192.0.2.7]")
		}},
		{logparse.Agent, func(*testing.B) []byte {
			return line("2026-11-01T09:30:00.250Z,08DE000000000001,10.0.0.1:25,192.0.2.7:51234,192.0.2.7,<1@example.org>,a@example.org," +
				`a@example.org,x@example.com,1,Content Filter Agent,OnEndOfData,RejectMessage,"550 5.7.1 Message rejected",SclAtOrAboveRejectThreshold,7,DV:3.3`)
		}},
	} {
		b.Run(bench.format.String(), func(b *testing.B) {
			log := bench.log(b)
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			for b.Loop() {
				r := logparse.NewReader(bytes.NewReader(log), "x.log", &logparse.Options{Format: bench.format})
				for {
					if _, err := r.Next(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(bytes.Count(log, []byte{'\n'})), "ns/line")
		})
	}
}
