package query

import (
	"testing"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// entry is a row as real tables have them: a struct whose columns cost nothing
// to read.
type entry struct {
	domain, text, remote string
	code                 int64
	time                 outcome.Time
	servers              []string
}

var entryTable = Table{Name: "entries", Columns: []Column{
	{Name: "domain", Type: String, Get: func(row any) Value { return StringOr(row.(*entry).domain) }},
	{Name: "text", Type: String, Get: func(row any) Value { return StringOr(row.(*entry).text) }},
	{Name: "remote", Type: String, Get: func(row any) Value { return StringOr(row.(*entry).remote) }},
	{Name: "code", Type: Int, Get: func(row any) Value { return IntOf(row.(*entry).code) }},
	{Name: "time", Type: DateTime, Get: func(row any) Value { return TimeOf(row.(*entry).time) }},
	{Name: "servers", Type: List, Get: func(row any) Value { return ListOf(row.(*entry).servers) }},
}}

var oneEntry = &entry{
	domain: "mail.example.net", text: "550 5.1.1 User unknown, please check the address", remote: "192.0.2.7:50123", code: 550,
	time: outcome.At(time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), 3), servers: []string{"EX1", "EX2"},
}

var hotConditions = []string{
	`code >= 500`,
	`domain == "example.com" or code == 550`,
	`text has "unknown" and domain endswith "example.net"`,
	`domain in ("a", "b", "mail.example.net") and code in (550, 554)`,
	`domain in~ ("A", "B", "MAIL.EXAMPLE.NET")`,
	`text startswith "550" and text !contains "spam" and domain =~ "Mail.Example.Net"`,
	`time between (datetime(2026-11-01) .. 1d) and hourofday(time) == 8`,
	`in_cidr(remote, "192.0.2.0/24") and !is_private(remote)`,
	`servers has "ex2" and text matches regex "User [a-z]+"`,
	`code / 100 == 5 and time + 1h > datetime(2026-11-01)`,
	`bin(time, 1h) == datetime(2026-11-01T08:00:00Z) and strlen(text) > 10`,
}

func TestMatchDoesNotAllocate(t *testing.T) {
	for _, src := range hotConditions {
		c, err := ParseCondition(src, &entryTable, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !c.Match(oneEntry) {
			t.Errorf("%s: not true", src)
		}
		if n := testing.AllocsPerRun(100, func() { c.Match(oneEntry) }); n > 0 {
			t.Errorf("%s: %v allocations", src, n)
		}
	}
}

// A group that is there already takes rows without new memory, and so does a top
// whose rows are better.
func TestRunDoesNotAllocate(t *testing.T) {
	for _, src := range []string{
		`entries | where code >= 500 | summarize count(), sum(code), max(time), dcount(domain), make_set(text), arg_max(time, domain) by domain, bin(time, 1h)`,
		`entries | extend late = code > 5 | top 1 by code`,
	} {
		q, err := ParseQuery(src, []Table{entryTable}, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := q.Run(func([]Value) error { return nil })
		r.Add(oneEntry)
		if n := testing.AllocsPerRun(100, func() { r.Add(oneEntry) }); n > 0 {
			t.Errorf("%s: %v allocations", src, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, src := range hotConditions {
		c, err := ParseCondition(src, &entryTable, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(src, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Match(oneEntry)
			}
		})
	}
}

func BenchmarkSummarize(b *testing.B) {
	q, err := ParseQuery(`entries | where code >= 500 | summarize count(), dcount(text) by domain, code, bin(time, 1h)`, []Table{entryTable}, nil)
	if err != nil {
		b.Fatal(err)
	}
	r := q.Run(func([]Value) error { return nil })
	b.ReportAllocs()
	for b.Loop() {
		r.Add(oneEntry)
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseQuery(`replies | where class == "permanent" and domain endswith "example.net" | summarize n=count(), senders=dcount(from) by domain, code, bin(time, 1h) | top 10 by n`, testTables, nil); err != nil {
			b.Fatal(err)
		}
	}
}
