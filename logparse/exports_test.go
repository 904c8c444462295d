package logparse

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// exported writes a row as Export-Csv does, with every value in quotes.
func exported(values ...string) string {
	for i, v := range values {
		values[i] = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
	}
	return strings.Join(values, ",")
}

func psHeader() string {
	return exported("PSComputerName", "Timestamp", "ClientHostname", "ServerHostname", "Source", "EventId", "MessageId",
		"Recipients", "MessageSubject", "Sender")
}

func psRow(at string) string {
	return exported("", at, "EX1", "mx.example.net", "SMTP", "SEND", "<1@example.org>", "x@example.com", `Lunch, "at" noon`, "a@example.org")
}

func psRowFields(at string) string {
	return "PSComputerName=|Timestamp=" + at + "|ClientHostname=EX1|ServerHostname=mx.example.net|Source=SMTP|EventId=SEND|" +
		`MessageId=<1@example.org>|Recipients=x@example.com|MessageSubject=Lunch, "at" noon|Sender=a@example.org`
}

func TestTrackingPS(t *testing.T) {
	const at = "11/29/2026 10:42:15 AM"
	for _, test := range []struct {
		name, log      string
		header, record int64
		bad            []string
	}{
		{"with type", rows("#TYPE Microsoft.Exchange.Management.TransportLogSearchTasks.MessageTrackingEvent", psHeader(), psRow(at)), 2, 1, nil},
		{"without type", "\ufeff" + rows(psHeader(), psRow(at), psRow(at)), 1, 2, nil},
		{"names without quotes", rows(strings.ReplaceAll(psHeader(), `"`, ""), psRow(at)), 1, 1, nil},
		{"joined", rows(psHeader(), psRow(at), psHeader(), psRow(at)), 2, 2, nil},
		{"no header", rows(psRow(at)), 0, 0, []string{"1: no row before it names the columns"}},
		{"cut short", rows(psHeader(), psRow(at)[:40], psRow(at)), 1, 1, []string{"2: " + unclosed}},
		{"cut between values", rows(psHeader(), exported("", at, "EX1"), psRow(at)), 1, 1, []string{"2: 3 columns where 10 are named"}},
		{"a value too many", rows(psHeader(), psRow(at)+`,"x"`, psRow(at)), 1, 1, []string{"2: 11 columns where 10 are named"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, TrackingPS, test.log)
			if got.Counts.Header != test.header || got.Counts.Records != test.record {
				t.Errorf("%+v", got.Counts)
			}
			if diff := cmp.Diff(test.bad, got.Bad); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for i, rec := range got.Records {
				if got.Fields[i] != psRowFields(at) {
					t.Errorf("%q, want %q", got.Fields[i], psRowFields(at))
				}
				if rec.Kind != KindTracking || string(rec.Server) != "EX1" || rec.Time.String() != "2026-11-29T10:42:15Z" {
					t.Errorf("%v %q %v", rec.Kind, rec.Server, rec.Time)
				}
			}
		})
	}
}

func TestExportTimes(t *testing.T) {
	east := time.FixedZone("east", 3600)
	for _, test := range []struct {
		format Format
		at     string
		opt    Options
		want   string
	}{
		{TrackingPS, "11/29/2026 10:42:15 AM", Options{Location: east}, "2026-11-29T09:42:15Z"},
		{TrackingPS, "2026-11-29T10:42:15.1234567Z", Options{Location: east}, "2026-11-29T10:42:15.1234567Z"},
		{TrackingPS, "3/4/2026 10:42:15", Options{DateOrder: DMY}, "2026-04-03T10:42:15Z"},
		{TrackingPS, "29.11.2026 10:42:15", Options{}, "2026-11-29T10:42:15Z"},
		{TrackingPS, "once", Options{}, ""},
		{TrackingPS, "", Options{}, ""},
		{MessageTrace, "11/29/2026 10:42:15 AM", Options{Location: east}, "2026-11-29T10:42:15Z"},
	} {
		log := rows(psHeader(), psRow(test.at))
		if test.format == MessageTrace {
			log = rows(exported("MessageId", "Received", "Status"), exported("<1@example.org>", test.at, "Delivered"))
		}
		opt := test.opt
		opt.Format = test.format
		got := read(t, strings.NewReader(log), opt)
		if len(got.Records) != 1 || got.Records[0].Time.String() != test.want {
			t.Errorf("%v %q: %+v %q, want %q", test.format, test.at, got.Records, got.Bad, test.want)
		}
	}
}

func TestMessageTrace(t *testing.T) {
	for _, test := range []struct{ name, header, row, at string }{
		{"Get-MessageTrace", exported("PSComputerName", "Organization", "MessageId", "Received", "SenderAddress", "RecipientAddress", "Subject", "Status", "Size"),
			exported("host", "example.com", "<1@example.org>", "29.11.2026 10:42:15", "a@example.org", "x@example.com", "Lunch", "Delivered", "12"),
			"2026-11-29T10:42:15Z"},
		{"summary", "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id,original_client_ip,directionality,connector_id,delivery_priority",
			`2026-11-29T10:42:15.1234567Z,a@example.org,"x@example.com##Receive, Deliver;y@example.com##Receive, Fail",Lunch,12,<1@example.org>,00000000-0000-0000-0000-000000000001,192.0.2.7,Incoming,,Normal`,
			"2026-11-29T10:42:15.1234567Z"},
		{"detail", "date_time_utc,client_ip,client_hostname,source,event_id,message_id",
			"2026-11-29T10:42:15.123Z,192.0.2.7,mail.example.org,SMTP,Receive,<1@example.org>", "2026-11-29T10:42:15.123Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readText(t, MessageTrace, rows(test.header, test.row))
			if len(got.Records) != 1 || got.Counts.Header != 1 || len(got.Bad) != 0 {
				t.Fatalf("%+v %q", got.Counts, got.Bad)
			}
			names, values := split(test.header), split(test.row)
			var want []string
			for i := range names {
				want = append(want, names[i]+"="+values[i])
			}
			if got.Fields[0] != strings.Join(want, "|") || got.Records[0].Time.String() != test.at || got.Records[0].Kind != KindTracking {
				t.Errorf("%q %v", got.Fields[0], got.Records[0].Time)
			}
		})
	}
}

func TestExportLines(t *testing.T) {
	summary := "origin_timestamp_utc,sender_address,message_subject,message_id"
	row := func(subject string) string {
		return "2026-11-29T10:42:15.1234567Z,a@example.org," + subject + ",<1@example.org>"
	}
	for _, test := range []struct {
		name, log string
		lines     []int
		bad       []string
	}{
		{"subject of two lines", rows(summary, row("\"two\r\nlines\""), row("x")), []int{2, 1}, nil},
		{"every value in quotes", rows(psHeader(), strings.Replace(psRow("11/29/2026"), "Lunch", "Lunch\r\n\r\n", 1), psRow("11/29/2026")), []int{3, 1}, nil},
		{"stray quote", rows(summary, row(`"x`), row("x"), row(`"y"`)), []int{1, 1}, []string{"2: " + unclosed}},
		{"stray quote among quotes", rows(psHeader(), psRow("11/29/2026")[:30], psRow("11/29/2026")), []int{1}, []string{"2: " + unclosed}},
	} {
		format := MessageTrace
		if strings.HasPrefix(test.log, `"PS`) {
			format = TrackingPS
		}
		got := readText(t, format, test.log)
		var lines []int
		for _, rec := range got.Records {
			lines = append(lines, rec.Lines)
		}
		if diff := cmp.Diff(test.lines, lines); diff != "" {
			t.Errorf("%s: -want +got:\n%s", test.name, diff)
		}
		if diff := cmp.Diff(test.bad, got.Bad); diff != "" {
			t.Errorf("%s: -want +got:\n%s", test.name, diff)
		}
	}
}

func TestExportsWithFields(t *testing.T) {
	opt := Options{Format: MessageTrace, Fields: []string{"Received", "SenderAddress"}}
	got := read(t, strings.NewReader("2026-11-29 10:42:15,a@example.org,more\n"), opt)
	want := []string{"Received=2026-11-29 10:42:15|SenderAddress=a@example.org|3=more"}
	if diff := cmp.Diff(want, got.Fields); diff != "" || got.Records[0].Time.String() != "2026-11-29T10:42:15Z" {
		t.Errorf("-want +got:\n%s%q", diff, got.Bad)
	}
}

func TestExportsChunks(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	log := rows("#TYPE x", psHeader())
	for i := range 60 {
		log += rows(psRow(fmt.Sprintf("11/29/2026 10:%02d:15 AM", i)))
		if random.IntN(5) == 0 {
			log += rows(strings.Replace(psRow("11/29/2026 10:42:15 AM"), "noon", "no\r\non", 1), "", psRow("x")[:random.IntN(60)+10])
		}
	}
	checkChunks(t, TrackingPS, log)
}

func TestExportsDoNotAllocate(t *testing.T) {
	checkAllocations(t, TrackingPS, []byte(rows(psHeader())+strings.Repeat(rows(psRow("11/29/2026 10:42:15 AM")), 3000)))
}

func FuzzExports(f *testing.F) {
	f.Add([]byte(rows("#TYPE x", psHeader(), psRow("11/29/2026 10:42:15 AM"))), true)
	f.Add([]byte(rows("date_time_utc,event_id", "2026-11-29T10:42:15Z,\"two\r\nlines\"", `"x`)), false)
	f.Fuzz(func(t *testing.T, log []byte, ps bool) {
		format := MessageTrace
		if ps {
			format = TrackingPS
		}
		checkAnyLog(t, log, format)
	})
}
