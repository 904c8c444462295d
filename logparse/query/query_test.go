package query

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestQuery(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{`replies | where class == "permanent" and domain endswith "example.net" | summarize n=count(), senders=dcount(from) by domain, code, bin(time, 1h) | top 10 by n`,
			"example.net | 550 | 2026-11-01T08:00:00Z | 2 | 2\nmail.example.net | 554 | 2026-11-01T09:00:00Z | 1 | 1"},
		{`recipients | project to | take 2`, "kim@example.com\nlee@example.net"},
		{`recipients | take 0`, ""},
		{`Recipients | WHERE Domain == "example.net" AND NOT (Code == 550) | Project To`, "max@example.net"},
		{`['recipients'] | extend ['my col'] = 1 | project ['my col'] | take 1`, "1"},
		{"recipients // all of them\n| where code == 550 // one\n| project code", "550"},

		// project, extend and their columns
		{`recipients | take 2 | extend a = to, to = from | project a, to`, "kim@example.com | ana@example.org\nlee@example.net | ana@example.org"},
		{`recipients | take 1 | project to, class, code | project-away class, to`, "250"},
		{`recipients | take 1 | extend x = code | extend x = x + 1, y = x | project x, y`, "251 | 250"},

		// null
		{`recipients | where code != 550 | count`, "3"},
		{`recipients | where not(code == 550) | count`, "3"},
		{`recipients | where not(code == 550 and domain == "example.com") | count`, "4"},
		{`recipients | where code == 550 or domain == "example.com" | project code`, "250\n550\n∅"},
		{`recipients | where code !in (550, 554) | count`, "2"},
		{`recipients | where reason !has "user" | count`, "2"},
		{`recipients | where isempty(from) | project isnull(from), isnotnull(from), isnotempty(from)`, "false | true | false\ntrue | false | false"},
		{`recipients | where from == "" | count`, "1"},
		{`recipients | project x = code > 500 | distinct x`, "∅\nfalse\ntrue"},

		// sort, top, take
		{`recipients | sort by score | project score`, "1.5\n0.5\n-2\n∅\n∅"},
		{`recipients | sort by score asc | project score`, "∅\n∅\n-2\n0.5\n1.5"},
		{`recipients | sort by score desc nulls first | project score`, "∅\n∅\n1.5\n0.5\n-2"},
		{`recipients | order by domain asc, code | project domain, code`, "example.com | 250\nexample.com | ∅\nexample.net | 554\nexample.net | 550\nexample.org | 451"},
		{`recipients | top 2 by score asc nulls last | project score, code`, "-2 | 451\n0.5 | 250"},
		{`recipients | top 99 by code | project code | take 2`, "554\n550"},
		{`recipients | top 0 by code`, ""},
		{`messages | sort by recipients asc | project sender`, "ana@example.org\nbob@example.org"},

		// summarize
		{`replies | summarize n=count(), dcount(from), make_set(from), make_list(code, 2), avg(code), percentile(code, 50), min(time), max(text), take_any(verb) by class`,
			"ok | 2 | 1 | [\"ana@example.org\"] | [\"220\",\"250\"] | 235 | 220 | 2026-11-01T08:00:00.000Z | ∅ | CONNECT\n" +
				"permanent | 3 | 2 | [\"ana@example.org\",\"bob@example.org\"] | [\"550\",\"550\"] | 551.3333333333334 | 550 | 2026-11-01T08:20:00.000Z | 554 5.7.1 Looks like spam | EOM"},
		{`replies | summarize arg_max(time, text, code) by class`, "ok | 2026-11-01T08:00:01.000Z | ∅ | 250\npermanent | 2026-11-01T09:05:00.000Z | 554 5.7.1 Looks like spam | 554"},
		{`replies | summarize arg_min(time, *) by class | project class, time, verb`, "ok | 2026-11-01T08:00:00.000Z | CONNECT\npermanent | 2026-11-01T08:20:00.000Z | RCPT"},
		{`replies | summarize arg_max(code, from) by verb`, "CONNECT | 220 | ∅\nEOM | 554 | bob@example.org\nRCPT | 550 | ana@example.org"},
		{`replies | summarize rate = 100.0 * countif(code >= 500) / count(), sum(code), sumif(code, class == "nope")`, "60 | 2124 | ∅"},
		{`replies | where code > 1000 | summarize count(), sum(code), avg(code), max(text), make_set(text), percentile(code, 9), arg_max(code, text), dcount(code)`,
			"0 | ∅ | ∅ | ∅ | [] | ∅ | ∅ | ∅ | 0"},
		{`replies | where code > 1000 | summarize count() by code`, ""},
		{`recipients | summarize count() by domain`, "example.com | 2\nexample.net | 2\nexample.org | 1"},
		{`recipients | summarize n = count() by reason`, "∅ | 2\ngreylisted | 1\nrelay_denied | 1\nuser_unknown | 1"},
		{`recipients | summarize by domain, direction | count`, "4"},
		{`recipients | summarize percentile(delay, 50), avg(delay), sum(delay), max(delay)`, "00:00:02 | 00:00:31 | 00:01:33 | 00:01:30"},
		{`recipients | summarize avg(score), sum(score), min(score), dcountif(domain, code > 500), avgif(code, code > 500)`, "0 | 0 | -2 | 1 | 552"},
		{`recipients | summarize make_set(code)[0] by domain`, "example.com | 250\nexample.net | 550\nexample.org | 451"},
		{`messages | summarize make_set(recipients), make_list(bytes), dcount(servers)`, `["kim@example.com","lee@example.net","max@example.net"] | ["700","5000"] | 2`},
		{`recipients | summarize n = count() by domain | where n > 1 | summarize sum(n)`, "4"},
		{`recipients | count | extend more = count + 1`, "5 | 6"},
		{`recipients | distinct domain | take 1`, "example.com"},
		{`recipients | project class, result | distinct * | count`, "4"},
		{`replies | project count, verb | where isnull(count) | count`, "5"},

		// lists and fields
		{`messages | project recipients[0], recipients[-1], recipients[5], array_length(servers)`, "kim@example.com | lee@example.net | ∅ | 2\nmax@example.net | max@example.net | ∅ | 0"},
		{`messages | where recipients endswith "example.net" and servers contains "ex1" | count`, "1"},
		{`messages | where recipients !has "kim@example.com" | project sender`, "bob@example.org"},
		{`messages | where set_has_element(servers, "EX2") | count`, "1"},
		{`records | project m = fields["CS-Method"], fields.nope | take 1`, "EHLO | ∅"},
		{`records | where fields has "ehlo" | sort by line | project fields`, `{"cs-method":"EHLO","cs-uri-query":"+mail.example.org","sc-status":"250"}`},
		{`records | sort by line desc | project fields["sc-status"]`, "240\n250"},

		// times
		{`recipients | where time between ("2026-11-01" .. 1d) | count`, "3"},
		{`recipients | where time > ago(2d) and time < now() | count`, "2"},
		{`sessions | project id, end - start, start + 1d`, "S1 | 00:00:02.25 | 2026-11-02T08:00:00.000Z\nS2 | ∅ | 2026-11-02T09:00:00.000Z\nS3 | ∅ | 2026-11-03T10:00:00.000Z"},
		{`recipients | where delay > 1s | project delay / 1s`, "2\n90"},

		// names
		{`recipients | extend code + 1, code + 2 | project column1, column2 | take 1`, "251 | 252"},
	} {
		if got := strings.Join(ask(t, tt.query), "\n"); got != tt.want {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", tt.query, got, tt.want)
		}
	}
}

func TestColumns(t *testing.T) {
	for _, tt := range []struct{ query, want, needs string }{
		{`replies | summarize count(), countif(code > 1), dcount(from), sum(code), percentile(code, 95), make_set(text), make_list(text), max(time), arg_max(time, text), take_any(verb) by domain(from), bin(time, 1h), hourofday(time)`,
			"domain_from:text time:time hourofday_time:whole number count_:whole number countif_:whole number dcount_from:whole number sum_code:whole number percentile_code_95:whole number set_text:list list_text:list max_time:time time_1:time text:text verb:text",
			"time verb code from text"},
		{`records | project fields["cs-method"], line + 1, tolower(verb)`, "fields_cs_method:text column1:whole number tolower_verb:text", "line verb fields"},
		{`messages | project recipients[0], x = sender`, "recipients_0:text x:text", "sender recipients"},
		// What is only carried along is not needed.
		{`recipients | sort by time | project to`, "to:text", "time to"},
		{`recipients | project a = to, b = from | sort by a | project-away b`, "a:text", "to"},
		{`recipients | extend x = to | count`, "count:whole number", ""},
		{`recipients | where code == 5 | summarize count() by domain | sort by count_ | take 3`, "domain:text count_:whole number", "domain code"},
	} {
		q, err := ParseQuery(tt.query, testTables, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.query, err)
			continue
		}
		var got []string
		for _, c := range q.Columns() {
			got = append(got, c.Name+":"+c.Type.String())
		}
		if d := cmp.Diff(tt.want, strings.Join(got, " ")); d != "" {
			t.Errorf("%s\n%s", tt.query, d)
		}
		if got := strings.Join(q.Needs(), " "); got != tt.needs {
			t.Errorf("%s needs %q, want %q", tt.query, got, tt.needs)
		}
	}
}

func TestRender(t *testing.T) {
	for _, tt := range []struct {
		query string
		want  Render
	}{
		{`sessions | summarize n = count() by bin(start, 1d), direction | render timechart`, Render{Kind: "timechart", X: "start", Y: []string{"n"}, Series: []string{"direction"}}},
		{`recipients | summarize n = count(), m = dcount(to) by domain | render columnchart with (title="x \"y\"")`, Render{Kind: "barchart", Title: `x "y"`, X: "domain", Y: []string{"n", "m"}}},
		{`recipients | summarize a = count(), b = count() by c = domain, d = class | render barchart with (xcolumn=d, ycolumns=b, series=c)`, Render{Kind: "barchart", X: "d", Y: []string{"b"}, Series: []string{"c"}}},
		{`recipients | summarize a = count(), b = count() by c = domain | render barchart with (ycolumns=b, a, title="t")`, Render{Kind: "barchart", Title: "t", X: "c", Y: []string{"b", "a"}}},
	} {
		q, err := ParseQuery(tt.query, testTables, nil)
		if err != nil {
			t.Errorf("%s\n%s", tt.query, err.(*Error).Show(false))
			continue
		}
		if d := cmp.Diff(&tt.want, q.Render()); d != "" {
			t.Errorf("%s\n%s", tt.query, d)
		}
	}
	if q, _ := ParseQuery("recipients", testTables, nil); q.Render() != nil {
		t.Error("a chart that nobody asked for")
	}
}

func TestLeading(t *testing.T) {
	q, err := ParseQuery(`recipients | where code > 500 | where domain has "net" | extend code = 1 | where code == 1`, testTables, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := q.Leading()
	if d := cmp.Diff([]string{"domain", "code"}, c.Columns()); d != "" {
		t.Error(d)
	}
	var got []string
	for _, row := range testRows["recipients"] {
		if c.Match(row) {
			got = append(got, row.(cells)["to"].Text())
		}
	}
	if d := cmp.Diff([]string{"lee@example.net", "max@example.net"}, got); d != "" {
		t.Error(d)
	}
	q, err = ParseQuery(`recipients | take 3 | where code > 500`, testTables, nil)
	if err != nil || q.Leading() != nil {
		t.Errorf("leading after take: %v, %v", q.Leading(), err)
	}
}

// Nothing is asked for after what is taken.
func TestTakeEnds(t *testing.T) {
	q, err := ParseQuery("recipients | where code > 500 | take 1 | project code", testTables, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := q.Run(func([]Value) error { return nil })
	for i, row := range testRows["recipients"] {
		more, err := r.Add(row)
		if err != nil || more != (i < 1) {
			t.Errorf("row %d: %v, %v", i, more, err)
		}
	}
}

func TestEmitError(t *testing.T) {
	stop := errors.New("closed")
	for _, src := range []string{"recipients", "recipients | sort by code", "recipients | count"} {
		q, err := ParseQuery(src, testTables, nil)
		if err != nil {
			t.Fatal(err)
		}
		emitted := 0
		r := q.Run(func([]Value) error { emitted++; return stop })
		for _, row := range testRows["recipients"] {
			r.Add(row)
		}
		if err := r.Finish(); err != stop || emitted != 1 {
			t.Errorf("%s: %v after %d rows", src, err, emitted)
		}
	}
}

func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		query, want string
		opt         Options
	}{
		{"recipients | summarize count() by to", "more than 3 groups; narrow the question with `where`, or use a coarser `bin()`", Options{MaxGroups: 3}},
		{"recipients | distinct to", "more than 3 different rows; narrow the question with `where`, or use a coarser `bin()`", Options{MaxRows: 3}},
		{"recipients | sort by to", "more than 3 rows to sort; narrow the question with `where`, or use `top`", Options{MaxRows: 3}},
		{"recipients | top 9 by to", "more than 3 rows to sort; ask for fewer rows", Options{MaxRows: 3}},
		{"recipients | top 3 by to", "", Options{MaxRows: 3}},
		{"recipients | summarize count() by code", "", Options{MaxGroups: 5}},
		{"recipients | summarize make_set(to)", "`summarize` would hold more than 300 bytes of values; narrow the question with `where`, or use a coarser `bin()`", Options{MaxBytes: 300}},
		{"recipients | sort by to", "`sort` would hold more than 300 bytes of values; narrow the question with `where`, or use a coarser `bin()`", Options{MaxBytes: 300}},
		{"recipients | summarize max(text), percentile(code, 5), make_list(text), arg_max(code, text), dcount(text)", "`summarize` would hold more than 900 bytes of values; narrow the question with `where`, or use a coarser `bin()`", Options{MaxBytes: 900}},
	} {
		q, err := ParseQuery(tt.query, testTables, &tt.opt)
		if err != nil {
			t.Fatal(err)
		}
		r := q.Run(func([]Value) error { return nil })
		for _, row := range testRows["recipients"] {
			r.Add(row)
		}
		got := ""
		if err := r.Finish(); err != nil {
			got = err.Error()
			if e := err.(*Error); !strings.Contains(e.Show(false), "^^^") {
				t.Errorf("%s", e.Show(false))
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.query, got, tt.want)
		}
	}
}

func TestLocation(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	q, err := ParseQuery(`recipients | where time >= datetime(2026-11-02 11:00) | project hourofday(time), bin(time, 1d), startofday(time), bin(time, 2h), datetime(2026-11-02)`, testTables, &Options{Location: berlin})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"11 | 2026-11-01T23:00:00Z | 2026-11-01T23:00:00Z | 2026-11-02T09:00:00Z | 2026-11-01T23:00:00Z",
		"11 | 2026-11-01T23:00:00Z | 2026-11-01T23:00:00Z | 2026-11-02T09:00:00Z | 2026-11-01T23:00:00Z",
	}
	if d := cmp.Diff(want, runOver(t, q, testRows["recipients"])); d != "" {
		t.Error(d)
	}
}
