package query

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Conditions that are true, beside those in the manual: the edges.
var truths = []string{
	// whole numbers
	`isnull(9223372036854775807 * 2) and 9223372036854775807 * -1 == -9223372036854775807`,
	`isnull(-9223372036854775807 - 2) and -9223372036854775807 - 1 < 0`,
	`isnull((-9223372036854775807 - 1) / -1) and (-9223372036854775807 - 1) % -1 == 0 and isnull(-(-9223372036854775807 - 1))`,
	`isnull((-9223372036854775807 - 1) * -1) and isnull(abs(-9223372036854775807 - 1))`,
	`isnull(5 % 0) and isnull(5.0 / 0) and isnull(1e308 * 10) and isnull(0.0 / 0)`,
	`1 == 1.0 and 1 < 1.5 and -1.5 < -1 and 3 in (2.5, 3.0) and 0.0 in (-0.0)`,
	`2 + 3 * 4 == 14 and (2 + 3) * 4 == 20 and -2 * 3 == -6 and 2 - 3 - 4 == -5 and --5 == 5`,
	`5.5 % 2 == 1.5 and 1e3 == 1000 and 1.5e-1 == 0.15`,

	// time
	`100d / 1d == 100 and 1.5h == 90m and 500us * 2 == 1ms and isnull(100000d * 10)`,
	`datetime(2026-11-01T00:00:00.123456789Z) - datetime(2026-11-01) < 124ms`,
	`datetime(2026-11-01T10:00:00+02:00) == datetime(2026-11-01 08:00:00z) and datetime(2026-11-01T08:00Z) == datetime("2026-11-01 08:00")`,
	`tostring(datetime(2026-11-01T08:00:00.50Z)) == "2026-11-01T08:00:00.50Z" and tostring(datetime(2026-11-01) + 1ms) == "2026-11-01T00:00:00.001Z"`,
	`bin(datetime(1969-12-31T23:59:59Z), 1d) == datetime(1969-12-31) and bin(-1ms, 1s) == -1s and bin(2.7, 0.5) == 2.5`,
	`tostring(-90s) == "-00:01:30" and tostring(26h + 5ms) == "1.02:00:00.005"`,
	`format_datetime(datetime(2026-11-04T18:07:09.0456Z), "H h tt d/M/yy ddd MMM fffffff T.Z") == "18 6 PM 4/11/26 Wed Nov 0456000 T.Z"`,
	`dayofweek(datetime(2026-11-07)) == 6 and startofweek(datetime(2026-11-07)) == datetime(2026-11-01)`,

	// text
	`strlen("日本") == 2 and substring("日本語", 1, 1) == "本" and substring("abc", 5) == "" and substring("abc", -9) == "abc" and substring("abc", 1, -1) == ""`,
	`"STRASSE" !~ "straße" and "Ä" =~ "ä" and "ΣΑΣ" contains "σα" and "\u212a" !contains "k" and "\u212a" =~ "\u212a"`,
	`"mail" has "mail" and "mail.example" has "mail" and "mails" !has "mail" and "mails mail" has "mail" and "émail" !has "mail" and "x@mail" has "@mail"`,
	`"a_b" has "b" and "ab" !has "b" and "" !has "b" and "b" has ""`,
	`"abc" endswith "" and "abc" startswith "" and "ÄBC" endswith "bc" and "xÄ" endswith "ä" and "ä" !endswith "bä"`,
	`"Mail" has_cs "Mail" and "Mail" !has_cs "mail" and "abc" contains_cs "b" and "abc" !startswith_cs "B" and "abc" endswith_cs "c"`,
	`"a\tb" == 'a	b' and "é" == "\u00e9" and @"a""b" == 'a"b' and '"' == "\""`,
	`split("", ",")[0] == "" and array_length(split("abc", "")) == 1 and isnull(split("a", ",")[1])`,
	`replace_string("aaa", "", "x") == "aaa" and replace_regex("a$b", @"\$", "$1") == "a$1b" and replace_regex("ab", "(a)(b)", @"\2\1") == "ba"`,
	`isnull(extract("x", 0, "abc")) and isnull(extract("(x)|a", 1, "a")) and extract("b.", 0, "abc") == "bc"`,
	`trim("-+", "--a-b--") == "a-b" and trim("a", "aaa") == "" and trim("") == ""`,
	`strcat("a", toint("x"), true, 1.5) == "atrue1.5"`,
	`tostring(split("a,\"b", ",")) == '["a","\\"b"]'`,
	`tostring(1e21) == "1e+21" and tostring(1e-7) == "1e-07" and tostring(100000000000.0) == "100000000000"`,
	`toint("9223372036854775808") == 1 or isnull(toint("9223372036854775808"))`,
	`isnull(toint(1e19)) and toint(true) == 1 and isnull(toreal("0x10")) and isnull(toreal("NaN")) and isnull(toreal("1_0")) and isnull(tobool("x")) and tobool(2)`,

	// addresses
	`isnull(domain("postmaster")) and domain("a@b@C") == "c" and domain("a@") == "" and localpart("a@b@c") == "a@b"`,
	`ip("::ffff:10.0.0.1") == "10.0.0.1" and ip("[fe80::1%12]:25") == "fe80::1" and ip("[IPv6:2001:DB8::1]") == "2001:db8::1" and ip(" 10.0.0.1 ") == "10.0.0.1"`,
	`isnull(ip("10.0.0")) and isnull(ip("25")) and isnull(ip("")) and isnull(ip("[10.0.0.1")) and isnull(in_cidr("host:25", "0.0.0.0/0"))`,
	`in_cidr("10.0.0.1", "10.0.0.1") and in_cidr("10.9.9.9", "10.1.2.3/8") and !in_cidr("2001:db8::1", "0.0.0.0/0") and in_cidr("::ffff:10.0.0.1", "::ffff:10.0.0.0/104")`,
	`is_private("[fd00::1]:25") and is_private("169.254.1.1") and !is_private("172.32.0.1") and is_private("172.31.255.255")`,

	// conditions
	`case(isnull(1 / 0) and 1 / 0 == 1, "a", 1 / 0 == 1, "b", "c") == "c" and iff(1 / 0 == 1, 1, 2) == 2`,
	`isnull(1 / 0 == 1) and isnull(not(1 / 0 == 1)) and isnull(1 / 0 == 1 and true) and (1 / 0 == 1 and false) == false and (1 / 0 == 1 or true)`,
	`isnull(1 in (2, 1 / 0)) and 1 in (1, 1 / 0) and isnull("a" in (extract("x", 0, "y"))) and isnull("a" has extract("x", 0, "y"))`,
	`isnull(5 between (1 .. 1 / 0)) and (5 between (6 .. 1 / 0)) == false`,
	`coalesce(1 / 0, 2, 3) == 2 and coalesce(1 / 0, 2.5) == 2.5 and round(-0.4) == 0`,
	`round(2.5) == 3 and round(1234.5678, 2) == 1234.57 and round(1e300, 2) == 1e300`,
}

func TestFunctions(t *testing.T) {
	for _, src := range truths {
		c, err := ParseCondition(src, &Table{Name: "nothing"}, &Options{Now: testNow})
		if err != nil {
			t.Errorf("%s", err.(*Error).Show(false))
			continue
		}
		if !c.Match(nil) {
			t.Errorf("%s\nis not true", src)
		}
	}
}

// Days have 23 and 25 hours where clocks change; bin follows the clock.
func TestBinWhereClocksChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones on this machine")
	}
	for _, tt := range []struct{ at, day, hour string }{
		{"2026-10-24T22:30:00Z", "2026-10-24T22:00:00Z", "2026-10-24T22:00:00Z"},
		{"2026-10-25T00:30:00Z", "2026-10-24T22:00:00Z", "2026-10-25T00:00:00Z"},
		{"2026-10-25T01:30:00Z", "2026-10-24T22:00:00Z", "2026-10-25T01:00:00Z"},
		{"2026-10-25T22:59:59Z", "2026-10-24T22:00:00Z", "2026-10-25T22:00:00Z"},
		{"2026-10-25T23:00:00Z", "2026-10-25T23:00:00Z", "2026-10-25T23:00:00Z"},
		{"2026-03-29T22:30:00Z", "2026-03-29T22:00:00Z", "2026-03-29T22:00:00Z"},
	} {
		q, err := ParseQuery("recipients | project bin(time, 1d), bin(time, 1h), startofday(time)", testTables, &Options{Location: berlin})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{tt.day + " | " + tt.hour + " | " + tt.day}
		if d := cmp.Diff(want, runOver(t, q, []any{cells{"time": at(tt.at)}})); d != "" {
			t.Errorf("%s\n%s", tt.at, d)
		}
	}
}

// A Query and a Condition are used by many at once.
func TestConcurrent(t *testing.T) {
	q := mustParse(t, `recipients | extend x = strcat(to, "!") | where x contains "e" | summarize make_set(x) by domain | sort by domain`)
	c, err := ParseCondition(`text has "unknown" and code in (550, 551)`, tableOf(t, "recipients"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := runOver(t, q, testRows["recipients"])
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if d := cmp.Diff(want, runOver(t, q, testRows["recipients"])); d != "" {
					t.Error(d)
				}
				for i, row := range testRows["recipients"] {
					if c.Match(row) != (i == 1) {
						t.Errorf("row %d", i)
					}
				}
			}
		})
	}
	wg.Wait()
}
