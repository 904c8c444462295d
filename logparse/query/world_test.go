package query

import (
	"strings"
	"testing"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// cells is a row of the tables of these tests: values by column.
type cells map[string]Value

// testTable describes a table of cells. A column is written name:type.
func testTable(name string, columns string) Table {
	t := Table{Name: name}
	types := map[string]Type{"text": String, "int": Int, "real": Real, "bool": Bool, "time": DateTime, "span": TimeSpan, "list": List, "fields": Object}
	for _, c := range strings.Fields(columns) {
		column, typ, ok := strings.Cut(c, ":")
		if !ok {
			typ = "text"
		}
		t.Columns = append(t.Columns, Column{Name: column, Type: types[typ], Doc: column, Get: func(row any) Value { return row.(cells)[column] }})
	}
	return t
}

var testTables = []Table{
	testTable("sessions", `id format direction server connector local remote helo start:time end:time duration_ms:int
		ended confidence unused:bool tls_version tls_cipher auth_mechanism auth_user auth_ok:bool failures:int transactions:int`),
	testTable("recipients", `time:time to domain result class code:int enhanced reason actor text from session server direction
		remote message_id size:int delay:span score:real`),
	testTable("replies", `time:time verb class code:int enhanced reason actor domain host from text session server direction count:int`),
	testTable("messages", `message_id subject sender bytes:int first:time last:time status recipients:list servers:list latency_ms:int`),
	testTable("records", `file line:int time:time kind verb arg code:int text fields:fields`),
}

func tableOf(t testing.TB, name string) *Table {
	t.Helper()
	for i := range testTables {
		if testTables[i].Name == name {
			return &testTables[i]
		}
	}
	t.Fatalf("no table %s", name)
	return nil
}

var testNow = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

func at(s string) Value {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return TimeOf(outcome.At(t, 3))
}

var testRows = map[string][]any{
	"recipients": {
		cells{"time": at("2026-11-01T08:00:01.5Z"), "to": StringOf("kim@example.com"), "domain": StringOf("example.com"), "result": StringOf("accepted"), "class": StringOf("ok"), "code": IntOf(250), "enhanced": StringOf("2.1.5"), "text": StringOf("250 2.1.5 OK"), "from": StringOf("ana@example.org"), "session": StringOf("S1"), "server": StringOf("EX1"), "direction": StringOf("outbound"), "remote": StringOf("192.0.2.7:25"), "size": IntOf(1200), "delay": SpanOf(time.Second), "score": RealOf(0.5)},
		cells{"time": at("2026-11-01T08:20:00Z"), "to": StringOf("lee@example.net"), "domain": StringOf("example.net"), "result": StringOf("rejected"), "class": StringOf("permanent"), "code": IntOf(550), "enhanced": StringOf("5.1.1"), "reason": StringOf("user_unknown"), "actor": StringOf("sender"), "text": StringOf("550 5.1.1 User unknown"), "from": StringOf("ana@example.org"), "session": StringOf("S1"), "server": StringOf("EX1"), "direction": StringOf("outbound"), "remote": StringOf("192.0.2.8:25"), "size": IntOf(1200), "delay": SpanOf(2 * time.Second), "score": RealOf(1.5)},
		cells{"time": at("2026-11-01T09:05:00Z"), "to": StringOf("max@example.net"), "domain": StringOf("example.net"), "result": StringOf("rejected"), "class": StringOf("permanent"), "code": IntOf(554), "enhanced": StringOf("5.7.1"), "reason": StringOf("relay_denied"), "actor": StringOf("admin"), "text": StringOf("554 5.7.1 Relay access denied"), "from": StringOf("bob@example.org"), "session": StringOf("S2"), "server": StringOf("EX2"), "direction": StringOf("inbound"), "remote": StringOf("10.0.0.9:50123"), "size": IntOf(300), "delay": SpanOf(90 * time.Second)},
		cells{"time": at("2026-11-02T10:00:00Z"), "to": StringOf("Noa@Example.Org"), "domain": StringOf("example.org"), "result": StringOf("deferred"), "class": StringOf("transient"), "code": IntOf(451), "enhanced": StringOf("4.7.1"), "reason": StringOf("greylisted"), "actor": StringOf("wait"), "text": StringOf("451 4.7.1 Greylisted, try again"), "from": StringOf(""), "session": StringOf("S3"), "server": StringOf("EX1"), "direction": StringOf("outbound"), "remote": StringOf("[2001:db8::7]:25"), "score": RealOf(-2)},
		cells{"time": at("2026-11-02T10:30:00Z"), "to": StringOf("ole@example.com"), "domain": StringOf("example.com"), "result": StringOf("unknown"), "session": StringOf("S4"), "server": StringOf("EX2"), "direction": StringOf("outbound")},
	},
	"replies": {
		cells{"time": at("2026-11-01T08:00:00Z"), "verb": StringOf("CONNECT"), "class": StringOf("ok"), "code": IntOf(220), "host": StringOf("mx.example.com"), "session": StringOf("S1")},
		cells{"time": at("2026-11-01T08:00:01Z"), "verb": StringOf("RCPT"), "class": StringOf("ok"), "code": IntOf(250), "domain": StringOf("example.com"), "host": StringOf("mx.example.com"), "from": StringOf("ana@example.org"), "session": StringOf("S1")},
		cells{"time": at("2026-11-01T08:20:00Z"), "verb": StringOf("RCPT"), "class": StringOf("permanent"), "code": IntOf(550), "enhanced": StringOf("5.1.1"), "reason": StringOf("user_unknown"), "domain": StringOf("example.net"), "from": StringOf("ana@example.org"), "text": StringOf("550 5.1.1 User unknown"), "session": StringOf("S1")},
		cells{"time": at("2026-11-01T08:40:00Z"), "verb": StringOf("RCPT"), "class": StringOf("permanent"), "code": IntOf(550), "enhanced": StringOf("5.1.1"), "reason": StringOf("user_unknown"), "domain": StringOf("example.net"), "from": StringOf("bob@example.org"), "text": StringOf("550 5.1.1 No such user"), "session": StringOf("S2")},
		cells{"time": at("2026-11-01T09:05:00Z"), "verb": StringOf("EOM"), "class": StringOf("permanent"), "code": IntOf(554), "enhanced": StringOf("5.7.1"), "reason": StringOf("spam"), "domain": StringOf("mail.example.net"), "from": StringOf("bob@example.org"), "text": StringOf("554 5.7.1 Looks like spam"), "session": StringOf("S2")},
	},
	"sessions": {
		cells{"id": StringOf("S1"), "format": StringOf("exchange-send"), "direction": StringOf("outbound"), "server": StringOf("EX1"), "connector": StringOf(`EX1\Internet`), "remote": StringOf("192.0.2.7:25"), "start": at("2026-11-01T08:00:00Z"), "end": at("2026-11-01T08:00:02.25Z"), "duration_ms": IntOf(2250), "ended": StringOf("quit"), "unused": BoolOf(false), "tls_version": StringOf("TLS1.2"), "failures": IntOf(1), "transactions": IntOf(2)},
		cells{"id": StringOf("S2"), "format": StringOf("exchange-receive"), "direction": StringOf("inbound"), "server": StringOf("EX1"), "connector": StringOf(`EX1\Default EX1`), "remote": StringOf("10.0.0.9:50123"), "start": at("2026-11-01T09:00:00Z"), "duration_ms": IntOf(61000), "ended": StringOf("remote"), "unused": BoolOf(false), "tls_version": StringOf("TLS1.0"), "auth_user": StringOf(`EXAMPLE\scan`), "auth_ok": BoolOf(true), "failures": IntOf(0), "transactions": IntOf(1)},
		cells{"id": StringOf("S3"), "format": StringOf("exchange-receive"), "direction": StringOf("inbound"), "server": StringOf("EX2"), "connector": StringOf(`EX2\Default EX2`), "remote": StringOf("203.0.113.5:41000"), "start": at("2026-11-02T10:00:00Z"), "ended": StringOf("cut"), "unused": BoolOf(true), "failures": IntOf(0), "transactions": IntOf(0)},
	},
	"messages": {
		cells{"message_id": StringOf("<1@example.org>"), "subject": StringOf("Invoice 7"), "sender": StringOf("ana@example.org"), "bytes": IntOf(5000), "first": at("2026-11-01T08:00:00Z"), "last": at("2026-11-01T08:00:30Z"), "status": StringOf("delivered"), "recipients": ListOf([]string{"kim@example.com", "lee@example.net"}), "servers": ListOf([]string{"EX1", "EX2"}), "latency_ms": IntOf(30000)},
		cells{"message_id": StringOf("<2@example.org>"), "sender": StringOf("bob@example.org"), "bytes": IntOf(700), "first": at("2026-11-01T09:00:00Z"), "last": at("2026-11-01T09:00:01Z"), "status": StringOf("failed"), "recipients": ListOf([]string{"max@example.net"}), "servers": ListOf(nil), "latency_ms": IntOf(1000)},
	},
	"records": {
		cells{"file": StringOf("ex261101.log"), "line": IntOf(5), "time": at("2026-11-01T08:00:00Z"), "kind": StringOf("command"), "verb": StringOf("EHLO"), "arg": StringOf("mail.example.org"), "code": IntOf(250), "fields": ObjectOf(heldFields{"cs-method", "EHLO", "cs-uri-query", "+mail.example.org", "sc-status", "250"})},
		cells{"file": StringOf("ex261101.log"), "line": IntOf(6), "time": at("2026-11-01T08:00:01Z"), "kind": StringOf("command"), "verb": StringOf("QUIT"), "code": IntOf(240), "fields": ObjectOf(heldFields{"cs-method", "QUIT", "sc-status", "240"})},
	},
}

// ask runs a query over the rows of the tests and returns the result, a row a
// line, columns separated by " | ", null as "∅".
func ask(t testing.TB, src string) []string {
	t.Helper()
	q, err := ParseQuery(src, testTables, &Options{Now: testNow})
	if err != nil {
		t.Fatalf("%s\n%s", src, err.(*Error).Show(false))
	}
	return runOver(t, q, testRows[q.Table().Name])
}

func runOver(t testing.TB, q *Query, rows []any) []string {
	t.Helper()
	var got []string
	r := q.Run(func(row []Value) error {
		got = append(got, rowText(row))
		return nil
	})
	for _, row := range rows {
		more, err := r.Add(row)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	return got
}

func rowText(row []Value) string {
	var texts []string
	for _, v := range row {
		if v.IsNull() {
			texts = append(texts, "∅")
			continue
		}
		texts = append(texts, string(v.Append(nil)))
	}
	return strings.Join(texts, " | ")
}
