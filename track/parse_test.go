package track

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
)

const (
	names2007 = "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id," +
		"recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info"
	names2016 = "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,network-message-id," +
		"recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info," +
		"directionality,tenant-id,original-client-ip,original-server-ip,custom-data,transport-traffic-type,log-id,schema-version"
)

// row writes a row of these columns from "name=value" pairs, "|" between.
func row(names, values string) string {
	given := map[string]string{"date-time": "2026-11-01T14:00:00.000Z"}
	for pair := range strings.SplitSeq(values, "|") {
		name, value, _ := strings.Cut(pair, "=")
		given[name] = value
	}
	var out []string
	for name := range strings.SplitSeq(names, ",") {
		value := given[name]
		if strings.ContainsAny(value, ",\"\n") {
			value = `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
		}
		out = append(out, value)
		delete(given, name)
	}
	delete(given, "")
	if len(given) > 0 {
		panic(fmt.Sprint("no such column: ", given))
	}
	return strings.Join(out, ",")
}

// parseOne parses the only record of a log.
func parseOne(t *testing.T, format logparse.Format, log string) *Event {
	t.Helper()
	rows := records(t, []byte(log), format)
	if len(rows) != 1 {
		t.Fatalf("%d records in %q", len(rows), log)
	}
	e := &Event{}
	if !Parse(rows[0], e) {
		t.Fatalf("not parsed: %q", log)
	}
	return e
}

// show writes the fields that are not empty.
func show(e *Event) string {
	var b strings.Builder
	add := func(name string, value any) {
		if s := fmt.Sprint(value); s != "" && s != "[]" && s != "-1" && s != "{  0}" {
			fmt.Fprintf(&b, "%s=%s\n", name, s)
		}
	}
	add("server", e.Server)
	add("event", e.Source+" "+e.EventID)
	add("number", e.Number)
	add("name", e.Name)
	add("session", e.Session)
	add("reply", e.Reply)
	add("remote", strings.TrimSpace(e.RemoteServer+" "+e.RemoteInternalID))
	add("mdb", strings.TrimSpace(e.MDB+" "+e.Mailbox))
	add("ids", strings.Join([]string{e.InternalID, e.MessageID, e.NetworkID, e.LinkedID}, " "))
	for _, r := range e.Recipients {
		add("to", r.Address+" "+r.Status)
	}
	add("bytes", e.Bytes)
	add("related", e.Related)
	add("references", e.References)
	add("from", e.Sender)
	add("origination", e.Origination)
	add("custom", e.Custom)
	add("other", e.Other)
	return b.String()
}

func TestParse(t *testing.T) {
	tracking := func(values string) string { return "#Fields: " + names2016 + "\n" + row(names2016, values) + "\n" }
	for _, test := range []struct {
		name   string
		format logparse.Format
		log    string
		want   string
	}{
		{"receive", logparse.Tracking, tracking("client-hostname=mail.example.org|server-hostname=EX1|source-context=08DE000000000001;2026-11-01T13:59:59.900Z;2|source=SMTP|event-id=RECEIVE|" +
			"internal-message-id=12|message-id=<1@example.org>|network-message-id=0C6E7F10-0000-4000-8000-00000000000A|recipient-address=a@example.com;b@example.com|recipient-status=;|total-bytes=1460|sender-address=c@example.org|message-info=00A: NTS:"),
			"server=EX1\nevent=SMTP RECEIVE\nsession={08DE000000000001 2026-11-01T13:59:59.900Z 2}\nids=12 <1@example.org> 0c6e7f10-0000-4000-8000-00000000000a \nto=a@example.com \nto=b@example.com \nbytes=1460\nfrom=c@example.org\n"},
		{"send", logparse.Tracking, tracking("client-hostname=EX1|server-hostname=ex2.example.com|source-context=08DE000000000002;250 2.6.0 <1@example.org> [InternalId=77, Hostname=EX2.example.com] Queued mail for delivery;ClientSubmitTime:2026-11-01T13:59:00.000Z|" +
			"source=SMTP|event-id=SEND|recipient-address=a@example.com;b@example.com|recipient-status=250 2.1.5 OK;550 5.1.1 No; really|message-info=2026-11-01T13:59:00.250Z"),
			"server=EX1\nevent=SMTP SEND\nsession={08DE000000000002  0}\nreply=250 2.6.0 <1@example.org> [InternalId=77, Hostname=EX2.example.com] Queued mail for delivery\nremote=EX2.example.com 77\nids=   \nto=a@example.com \nto=b@example.com \norigination=2026-11-01T13:59:00.250Z\n"},
		{"statuses in brackets", logparse.Tracking, tracking("server-hostname=EX1|source=ROUTING|event-id=FAIL|recipient-address=a@example.com;b@example.com|recipient-status=[{LED=550 5.1.1 No};{FQDN=mx.example.org}];550 5.4.1 Denied|reference=<dsn@example.com>"),
			"server=EX1\nevent=ROUTING FAIL\nids=   \nto=a@example.com [{LED=550 5.1.1 No};{FQDN=mx.example.org}]\nto=b@example.com 550 5.4.1 Denied\nreferences=[<dsn@example.com>]\n"},
		{"status with semicolons", logparse.Tracking, tracking("server-hostname=EX1|source=QUEUE|event-id=FAIL|recipient-address=a@example.com|recipient-status=550 4.4.7 QUEUE.Expired;<ErrorText>"),
			"server=EX1\nevent=QUEUE FAIL\nids=   \nto=a@example.com 550 4.4.7 QUEUE.Expired;<ErrorText>\n"},
		{"shadow copy with the values the wrong way round", logparse.Tracking, tracking("server-hostname=EX1|source-context=EX2.example.com = 250 2.6.0 <1@example.org> [InternalId = EX2.example.com, Hostname = 77] Queued mail for redundancy|source=SMTP|event-id=HAREDIRECT|internal-message-id=5"),
			"server=EX1\nevent=SMTP HAREDIRECT\nreply=250 2.6.0 <1@example.org> [InternalId = EX2.example.com, Hostname = 77] Queued mail for redundancy\nremote=EX2.example.com 77\nids=5   \n"},
		{"store driver", logparse.Tracking, tracking("client-hostname=EX1|source-context=MDB:11-22, Mailbox:33-44, Event:5, MessageClass:IPM.Note|source=STOREDRIVER|event-id=NOTIFYMAPI|custom-data=S:ItemEntryId=00-1;S:Note='a;b';I32:N=4"),
			"server=EX1\nevent=STOREDRIVER NOTIFYMAPI\nmdb=11-22 33-44\nids=   \ncustom=[{ItemEntryId 00-1} {Note 'a;b'} {N 4}]\nother=[{transport-traffic-type } {log-id } {schema-version }]\n"},
		{"2000", logparse.Tracking2000, "2026-1-9\t7:2:15 GMT\t192.0.2.7\t-\tmx.example.net\tEX1\t10.0.0.1\tx@example.net\t1031\t1@mail.example.org\t0\t0\t2532\t1\t2026-1-9 7:2:14 GMT\t0\tVersion: 6.0.3790.4675\tc=US;a= ;p=X\tLunch\ta@example.org\t-\n",
			"server=EX1\nevent=SMTP SEND\nnumber=1031\nname=SMTP end outbound transfer\nremote=mx.example.net\nids= 1@mail.example.org  c=US;a= ;p=X\nto=x@example.net 0\nbytes=2532\nfrom=a@example.org\norigination=2026-01-09T07:02:14Z\nother=[{Priority 0} {Encryption 0} {service-Version Version: 6.0.3790.4675} {21 -}]\n"},
		{"5.5", logparse.Tracking5, "c=US;a= ;p=Example;l=EX1-960701173047Z-2\t1003\t1996.7.1 17:3:8\tgw\tpartner\t<1@example.org>[PBZ70AAB]\t/o=Example/cn=Anna\t0\t454\t0\t1\t\t2\n/o=Example/cn=Ben (040)x(041)\t0\nClara\t1\n",
			"event=GATEWAY SEND\nnumber=1003\nname=Gateway transfer out\nremote=partner\nids= c=US;a= ;p=Example;l=EX1-960701173047Z-2  <1@example.org>\nto=/o=Example/cn=Ben (x) 0\nto=Clara 1\nbytes=454\nfrom=/o=Example/cn=Anna\nother=[{Priority 0} {Seconds 0} {Cost 1}]\n"},
		{"PowerShell", logparse.TrackingPS, "\"Timestamp\",\"ClientHostname\",\"ServerHostname\",\"Source\",\"EventId\",\"MessageId\",\"Recipients\",\"RecipientStatus\",\"Reference\",\"Sender\"\n\"1/2/2026 3:04:05 PM\",\"EX1\",\"EX2\",\"SMTP\",\"Send\",\"<1@example.org>\",\"{a@example.com, b@example.com}\",\"{250 2.1.5 OK, 550 5.1.1 No}\",\"{<x@example.org>, <y@example.org>}\",\"c@example.org\"\n",
			"server=EX1\nevent=SMTP SEND\nremote=EX2\nids= <1@example.org>  \nto=a@example.com 250 2.1.5 OK\nto=b@example.com 550 5.1.1 No\nreferences=[<x@example.org> <y@example.org>]\nfrom=c@example.org\n"},
		{"lists that were not exported", logparse.TrackingPS, "\"Timestamp\",\"ServerHostname\",\"Source\",\"EventId\",\"Recipients\",\"RecipientStatus\"\n\"1/2/2026 3:04:05 PM\",\"EX1\",\"SMTP\",\"RECEIVE\",\"System.String[]\",\"System.String[]\"\n",
			"server=EX1\nevent=SMTP RECEIVE\nids=   \n"},
		{"trace", logparse.MessageTrace, "\"MessageId\",\"Received\",\"SenderAddress\",\"RecipientAddress\",\"Subject\",\"Status\",\"FromIP\",\"Size\",\"MessageTraceId\"\n\"<1@example.org>\",\"1/2/2026 3:04:05 PM\",\"c@example.org\",\"a@example.com\",\"Lunch\",\"Delivered\",\"192.0.2.7\",\"99\",\"0C6E7F10-0000-4000-8000-00000000000A\"\n",
			"event=TRACE DELIVERED\nids= <1@example.org> 0c6e7f10-0000-4000-8000-00000000000a \nto=a@example.com Delivered\nbytes=99\nfrom=c@example.org\n"},
		{"summary", logparse.MessageTrace, "origin_timestamp_utc,sender_address,recipient_status,message_id\n2026-01-02T15:04:05.0000000Z,c@example.org,\"a@example.com##Receive, Deliver;b@example.com##Receive, Fail\",<1@example.org>\n",
			"event=TRACE SUMMARY\nids= <1@example.org>  \nto=a@example.com Receive, Deliver\nto=b@example.com Receive, Fail\nfrom=c@example.org\n"},
		{"agent", logparse.Agent, "#Log-type: Agent Log\n#Fields: Timestamp,SessionId,LocalEndpoint,RemoteEndpoint,EnteredOrgFromIP,MessageId,P1FromAddress,P2FromAddresses,Recipient,NumRecipients,Agent,Event,Action,SmtpResponse,Reason,ReasonData,Diagnostics\n" +
			"2026-11-01T14:00:00.000Z,08DE000000000001,,,,<1@example.org>,c@example.org,c@example.org;,a@example.com,1,Content Filter Agent,OnEndOfData,RejectMessage,550 5.7.1 Spam,SclAtOrAboveRejectThreshold,7,\n",
			"event=AGENT REJECTMESSAGE\nsession={08DE000000000001  0}\nreply=550 5.7.1 Spam\nids= <1@example.org>  \nto=a@example.com 550 5.7.1 Spam\nfrom=c@example.org\nother=[{LocalEndpoint } {RemoteEndpoint } {EnteredOrgFromIP } {ReasonData 7} {Diagnostics }]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := show(parseOne(t, test.format, test.log))
			if test.format == logparse.Tracking {
				got = strings.Replace(got, "other=[{transport-traffic-type } {log-id } {schema-version }]\n", "", 1)
				test.want = strings.Replace(test.want, "other=[{transport-traffic-type } {log-id } {schema-version }]\n", "", 1)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestLatency(t *testing.T) {
	got := parseLatency("2026-11-01T09:30:00.250Z;SRV=EX1.example.com:TOTAL-SUB=0.013|SA=0.010(SAX=0.004|SAY=0.001(Z=0.001))|MTSS-PEN=0.002;LSRV=EX2.example.com:TOTAL-HUB=1.5|QDM=x")
	ms := time.Millisecond
	want := []LatencyPart{
		{Name: "EX1.example.com", Total: 13 * ms, Parts: []LatencyPart{{Name: "TOTAL-SUB", Total: 13 * ms},
			{Name: "SA", Total: 10 * ms, Parts: []LatencyPart{{Name: "SAX", Total: 4 * ms}, {Name: "SAY", Total: ms, Parts: []LatencyPart{{Name: "Z", Total: ms}}}}},
			{Name: "MTSS", Total: 2 * ms, Pending: true}}},
		{Name: "EX2.example.com", Total: 1500 * ms, Local: true, Parts: []LatencyPart{{Name: "TOTAL-HUB", Total: 1500 * ms}, {Name: "QDM"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := len(parseLatency("x;SRV=" + strings.Repeat("A=1(", 100_000))); n != 1 {
		t.Errorf("%d servers", n)
	}
}

// The real rows are all understood: each has its event, and none is lost.
func TestSamples(t *testing.T) {
	files, _ := filepath.Glob("../../shared/samples/tracking-*/*.log")
	agent, _ := filepath.Glob("../../shared/samples/adjacent-transport/*agentlog*.log")
	if files = append(files, agent...); len(files) == 0 {
		t.Skip("no samples")
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		var e Event
		rows, hops := 0, 0
		b := NewBuilder(nil, func(m *Message) { hops += len(m.Hops) })
		for rec, err := range logparse.NewReader(f, filepath.Base(file), nil).Records() {
			if err != nil {
				continue
			}
			rows++
			if !Parse(rec, &e) || e.EventID == "" || e.Time.IsZero() {
				t.Errorf("%s: %+v", rec.Pos, e)
			}
			b.Add(rec)
		}
		f.Close()
		b.Close()
		if agentOnly := strings.Contains(file, "agentlog"); !agentOnly && int64(hops)+b.Unassigned() != int64(rows) {
			t.Errorf("%s: %d rows, %d in messages, %d unassigned", file, rows, hops, b.Unassigned())
		}
	}
}

func TestParseAllocates(t *testing.T) {
	rows := records(t, []byte("#Fields: "+names2016+"\n"+row(names2016, "client-hostname=EX1|source=SMTP|event-id=RECEIVE|message-id=<1@example.org>|recipient-address=a@example.com;b@example.com|sender-address=c@example.org")+"\n"), logparse.Tracking)
	var e Event
	if a := testing.AllocsPerRun(100, func() { Parse(rows[0], &e) }); a > 8 {
		t.Errorf("%v allocations", a)
	}
}
