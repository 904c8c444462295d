package query

import (
	"strings"
	"testing"
)

// mistakes are queries with the part that is meant, the message and the hint.
var mistakes = []struct{ query, meant, msg, hint string }{
	{"recipients | where domian == \"x\"", "domian", "no column `domian` in `recipients`", "did you mean `domain`?"},
	{"replies | where reciepient == \"x\"", "reciepient", "no column `reciepient` in `replies`", "its columns: time, verb, class, code, enhanced, reason, actor, domain, host, from, text, session, server, direction, count"},
	{"replies | where sender == \"x\"", "sender", "no column `sender` in `replies`", "did you mean `from`?"},
	{"replies | where sendr == \"x\"", "sendr", "no column `sendr` in `replies`", "did you mean `from`?"},
	{"sessions | where clint == \"x\"", "clint", "no column `clint` in `sessions`", "did you mean `remote`?"},
	{"recpients | take 5", "recpients", "no table `recpients`", "did you mean `recipients`? tables: sessions, recipients, replies, messages, records"},
	{"foo", "foo", "no table `foo`", "tables: sessions, recipients, replies, messages, records"},
	{"recipients | wher code == 5", "wher", "no operator `wher`", "did you mean `where`?"},
	{"recipients | where strln(domain) > 5", "strln", "no function `strln`", "did you mean `strlen`?"},
	{"recipients | where lower(domain) == \"x\"", "lower", "no function `lower`", "did you mean `tolower`?"},
	{"recipients | where domain(domain)(5)", "(", "`(` does not belong after `)`", "only functions have arguments"},
	{"recipients | where code(5) == 1", "code", "no function `code`", "`code` is a column: leave out the brackets"},

	{"recipients | summarize n=count() by domain | sort by count", "count", "no column `count`", "columns here: domain, n"},

	// other languages
	{"recipients | where code = 550", "=", "`=` gives a name to a column, it does not compare", "to compare, write `==`"},
	{"recipients | where code == 550 && to == \"x\"", "&&", "`&&` is not an operator here", "write `and`"},
	{"recipients | where code == 550 || to == \"x\"", "||", "`||` is not an operator here", "write `or`"},
	{"recipients | where code <> 550", "<>", "`<>` is not an operator here", "write `!=`"},
	{"recipients | where domain like \"%x%\"", "like", "`like` does not belong after `domain`", "write `contains`, `startswith`, `endswith` or `matches regex`"},
	{"recipients | where reason is null", "is", "`is` does not belong after `reason`", "write `isnull(…)` or `isnotnull(…)`"},
	{"recipients | where reason == null", "null", "`null` is no value", "write `isnull(…)` or `isnotnull(…)`"},
	{"recipients | where domain not in (\"a\")", "not", "`not` does not belong here", "write `!in`"},
	{"select * from recipients", "select", "a query begins with a table, not with `select`", "write `recipients | where … | project …`"},
	{"recipients | select to", "select", "no operator `select`", "write `project`"},
	{"recipients | group by domain", "group", "no operator `group`", "write `summarize count() by domain`"},
	{"recipients | where code == 5 order by code", "order", "`order` does not belong after `5`", "write `| sort by …`"},
	{"recipients | where code == 5 take 5", "take", "`|` is missing before `take`", "write `| take`"},
	{"recipients | order domain, code", "domain", "`by` is missing after `order`", "write `order by time desc`"},
	{"recipients | summarize count(*) by domain", "*", "`count` takes no `*`", "write `count()`"},
	{"recipients | summarize count(domain)", "domain", "`count()` counts rows and takes no arguments", "values that are there count with `countif(isnotnull(domain))`, different ones with `dcount(domain)`"},
	{"recipients | join sessions", "join", "no operator `join`", "tables cannot be joined here; export them for that"},
	{"recipients | where domain == “x”", "“", "this is no quotation mark of the language", "text stands in `\"` or `'`"},
	{"recipients;", ";", "`;` does not belong after the table", "the operators follow, each after a `|`"},
	{"recipients | where domain : \"x\"", ":", "`:` does not belong after `domain`", "to compare, write `==`; to look into a text, write `has`"},

	// the form of a query
	{"", "", "the query is empty", "it begins with a table: `recipients | where result == \"rejected\"`"},
	{" // nothing", "", "the query is empty", "it begins with a table: `recipients | where result == \"rejected\"`"},
	{"where code == 5", "where", "a query begins with a table", "write it before the first `|`: `recipients | where …`"},
	{"| where code == 5", "|", "a query begins with a table", "write it before the first `|`: `recipients | where …`"},
	{"recipients where code == 5", "where", "`|` is missing before `where`", "write `| where`"},
	{"recipients |", "", "an operator is missing after `|`", "such as `where`, `project`, `summarize`, `sort by`, `top` or `take`"},
	{"recipients | | take 5", "|", "an operator is missing after `|`", "such as `where`, `project`, `summarize`, `sort by`, `top` or `take`"},
	{"recipients | 5", "5", "an operator is expected after `|`, not `5`", "such as `where`, `project`, `summarize`, `sort by`, `top` or `take`"},
	{"recipients | where", "", "a column or a value is expected after `where`, but the query ends", ""},
	{"recipients | where code ==", "", "a column or a value is expected after `==`, but the query ends", ""},
	{"recipients | where code == | take 5", "|", "a column or a value is expected after `==`, not `|`", ""},
	{"recipients | where class == \"a\" and", "", "a column or a value is expected after `and`, but the query ends", ""},
	{"recipients | where code in (1,", "(", "this `(` is never closed", ""},
	{"recipients | where code in (1, | take 5", "(", "this `(` is never closed", ""},
	{"recipients | where code in (1,)", ")", "a column or a value is expected after `,`, not `)`", ""},
	{"recipients | where code == 5)", ")", "`)` without `(`", ""},
	{"recipients | where domain == \"abc", "\"", "this text is never closed", "it ends with `\"` on the same line"},
	{"recipients | where domain == @'abc", "@", "this text is never closed", "it ends with `'` on the same line"},
	{"recipients | where domain == \"a\" foo", "foo", "`foo` does not belong after `\"a\"`", "conditions are joined with `and` and `or`"},
	{"recipients | where code == 5, domain == \"x\"", ",", "`,` does not belong in a condition", "write `and`"},
	{"recipients | where code between 1 and 5", "1", "`(` is missing after `between`", "write `between (1 .. 5)`"},
	{"recipients | where code between (1, 5)", ",", "`,` does not belong in these brackets", "write `between (1 .. 5)`"},
	{"recipients | where domain in \"x\"", "\"x\"", "`(` is missing after `in`", "write `in (\"a\", \"b\")`"},
	{"recipients | where domain matches \"x\"", "matches", "`regex` is missing after `matches`", "write `matches regex \"…\"`"},
	{"recipients | where domain startwith \"x\"", "startwith", "`startwith` does not belong after `domain`", "did you mean `startswith`?"},
	{"recipients | take", "", "a number of rows is expected after `take`, but the query ends", "write `take 10`"},
	{"recipients | top by code", "by", "a number of rows is expected after `top`, not `by`", "write `top 10 by n`"},
	{"recipients | top 5 code", "code", "`by` is missing after `top 5`", "write `top 5 by n desc`"},
	{"recipients | take 5 5", "5", "`5` does not belong after `5`", "the next operator begins with `|`"},
	{"recipients | project to from", "from", "`from` does not belong after `to`", "columns are separated by `,`, and the next operator begins with `|`"},
	{"recipients | sort by code upwards", "upwards", "`upwards` does not belong after `code`", "columns are separated by `,`, and the next operator begins with `|`"},
	{"recipients | project-awy code", "project-awy", "no operator `project-awy`", "did you mean `project-away`?"},
	{"recipients | count | render timechart", "timechart", "a timechart needs a column that is a time", "write `summarize n = count() by bin(time, 1h)` before it"},
	{"recipients | project to | render barchart", "barchart", "there is no column of numbers to draw", "write `summarize n = count() by …` before it"},
	{"recipients | render piechart", "piechart", "no chart `piechart`", "charts: barchart, timechart"},
	{"recipients | render barchart | take 5", "take", "nothing can follow `render`", "put `render` at the end"},
	{"recipients | count | render barchart with (color=red)", "red", "no column `red`", "columns here: count"},
	{"recipients | count | render barchart with (colour=count)", "colour", "no option `colour`", "options: title, xcolumn, ycolumns, series"},

	{"recipients | where code == 5 == true", "==", "`==` does not belong here", "put what comes before it in brackets"},
	{"recipients | where to has \"a\" has \"b\"", "has", "`has` does not belong here", "put what comes before it in brackets"},

	// values
	{"recipients | where code == 5xx", "5xx", "`5xx` is neither a number nor a time span", "write `between (500 .. 599)`"},
	{"recipients | where enhanced == 5.7.1", "5.7.1", "`5.7.1` is no number", "put it in quotation marks: `\"5.7.1\"`"},
	{"recipients | where in_cidr(remote, 10.0.0.0/8)", "10.0.0.0/8", "`10.0.0.0/8` is no number", "put it in quotation marks: `\"10.0.0.0/8\"`"},
	{"recipients | where time > 2026-11-01", "2026-11-01", "a date is written `datetime(2026-11-01)`", ""},
	{"recipients | where time > datetime(2026-13-01)", "datetime(2026-13-01)", "this is no date", timeHint},
	{"recipients | where code == 99999999999999999999", "99999999999999999999", "this number is too large", ""},
	{"sessions | where connector == \"EX1\\Default EX1\"", "\\D", "a backslash before this character has no meaning", "write `\\\\` for one backslash, or `@` before the quotation mark"},
	{"recipients | where domain matches regex \"(\"", "\"(\"", "this regular expression cannot be read: missing closing ) `(`", "the syntax is that of RE2; a verbatim text such as `@\"\\d+\"` needs no doubled backslashes"},
	{"recipients | where in_cidr(remote, \"10.0.0\")", "\"10.0.0\"", "`\"10.0.0\"` is no network", "write one such as `\"10.0.0.0/8\"` or `\"2001:db8::/32\"`"},
	{"recipients | where format_datetime(time, \"QQ\") == \"\"", "\"QQ\"", "`QQ` has no meaning in a format of time", "write for example `\"yyyy-MM-dd HH:mm:ss\"`; also `fff`, `hh`, `tt`, `ddd`, `MMM`"},

	// types
	{"recipients | where code == \"550\"", "code == \"550\"", "`code` is a whole number, `\"550\"` is text", "write `550` without quotation marks"},
	{"recipients | where domain == 5", "domain == 5", "`domain` is text, `5` is a whole number", "put it in quotation marks: `\"5\"`"},
	{"recipients | where time > \"yesterday\"", "\"yesterday\"", "`time` is a time, and `\"yesterday\"` is no date", timeHint},
	{"recipients | where time > 1d", "time > 1d", "`time` is a time, `1d` is a time span", "write `ago(1d)`"},
	{"sessions | where duration_ms > 5s", "duration_ms > 5s", "`duration_ms` is a whole number, `5s` is a time span", "`duration_ms` counts milliseconds: write `5000`"},
	{"sessions | where unused == 1", "unused == 1", "`unused` is true or false, `1` is a whole number", "write `unused` or `not(unused)`"},
	{"recipients | where domain", "domain", "a condition is expected here, but `domain` is text", "compare it with something: `domain` == …"},
	{"recipients | where to has 5", "5", "`has` looks for text, and `5` is a whole number", "put it in quotation marks: `\"5\"`"},
	{"recipients | where code has \"5\"", "code", "`code` is a whole number, and `has` looks into text", "write `==`, or `tostring(code) has …`"},
	{"messages | where recipients == \"x\"", "recipients", "`recipients` is a list and cannot be compared with `==`", "ask for an element: `recipients has \"…\"`"},
	{"recipients | where to[0] == \"k\"", "to[0]", "`to` is text and has no parts", ""},
	{"recipients | project to + from", "to + from", "`to` is text, `from` is text: `+` cannot join them", "text is joined with `strcat(…, …)`"},
	{"recipients | where substring(to) == \"x\"", "substring(to)", "`substring` takes 2 to 3 arguments, not 1", ""},
	{"recipients | where strlen(code) > 1", "code", "`strlen` takes text here, and `code` is a whole number", "write `tostring(code)`"},
	{"recipients | where time > ago(5)", "5", "`ago` takes a time span here, and `5` is a whole number", "write a time span such as `1d` or `30m`"},
	{"recipients | project iff(code > 1, 1, \"x\")", "\"x\"", "the values of `iff` must be of one kind: `1` is a whole number, `\"x\"` is text", "convert with `tostring()`, `toint()` or `toreal()`"},
	{"recipients | project bin(time, 5)", "5", "`time` is a time and cannot be rounded by `5`, which is a whole number", "write `bin(time, 1h)`"},
	{"recipients | project bin(code, 0)", "0", "the step of `bin` is a value above zero", "such as `1h` or `100`"},

	{"recipients | where \"2026-11-01\" in (to, time)", "\"2026-11-01\" in (to", "`\"2026-11-01\"` is a time, `to` is text", "compare like with like, or convert with `tostring()`, `toint()` or `todatetime()`"},

	// summarize
	{"recipients | where count() > 5", "count", "`count` is for `summarize`", "write `| summarize count()`"},
	{"recipients | extend a = code + 1, b = a * 2", "a", "`a` is made by the same operator, which does not see it", "compute with it in `| extend …` afterwards"},
	{"recipients | summarize n = count(), share = n / 2", "n", "`n` is made by the same operator, which does not see it", "compute with it in `| extend …` afterwards"},
	{"recipients | summarize domain", "domain", "`domain` has many values in a group", "write it after `by`, or choose one with `take_any(domain)` or `max(domain)`"},
	{"recipients | summarize domain, count() by domain", "domain", "`domain` is a column of the result already, through `by`", "leave it out before `by`"},
	{"recipients | summarize 5 by domain", "5", "`5` is the same for all groups", "`summarize` takes aggregates such as `count()`, `sum(…)` or `max(…)`"},
	{"recipients | summarize max(count())", "count", "`count` cannot stand within `max`", "use `| summarize` twice"},
	{"recipients | summarize sum(domain)", "domain", "`sum` adds numbers, and `domain` is text", ""},
	{"recipients | summarize percentile(code, 101)", "101", "a percentile is a number from 0 to 100", "write `percentile(duration_ms, 95)`"},
	{"recipients | summarize", "summarize", "`summarize` has nothing to do", "write `summarize count() by domain`"},
	{"recipients | project to, to", "to", "two columns would be called `to`", "give one another name: `name = to`"},
	{"recipients | summarize count() by domain | where code == 5", "code", "no column `code`", "columns here: domain, count_"},
}

func TestMistakes(t *testing.T) {
	for _, tt := range mistakes {
		q, err := ParseQuery(tt.query, testTables, nil)
		if err == nil || q != nil {
			t.Errorf("%s: %v and %v", tt.query, q, err)
			continue
		}
		e := err.(*Error)
		if e.Msg != tt.msg || e.Hint != tt.hint || e.Src[e.Pos:e.End] != tt.meant {
			t.Errorf("%s\ngot  %q\n     %q\n     at %q\nwant %q\n     %q\n     at %q", tt.query, e.Msg, e.Hint, e.Src[e.Pos:e.End], tt.msg, tt.hint, tt.meant)
		}
	}
}

func TestConditionMistakes(t *testing.T) {
	for _, tt := range []struct{ src, msg, hint string }{
		{"", "the condition is empty", "write one such as `domain == \"example.com\"`"},
		{"code == 5 | take 5", "this is a condition on rows: `|` has no place in it", "whole queries are for `smtplog query`"},
		{"code", "a condition is expected here, but `code` is a whole number", "compare it with something: `code` == …"},
		{"code = 5", "`=` gives a name to a column, it does not compare", "to compare, write `==`"},
		{"count() > 5", "`count` is for `summarize`", "write `| summarize count()`"},
	} {
		_, err := ParseCondition(tt.src, tableOf(t, "recipients"), nil)
		if err == nil {
			t.Errorf("%s: no error", tt.src)
			continue
		}
		if e := err.(*Error); e.Msg != tt.msg || e.Hint != tt.hint {
			t.Errorf("%s\ngot  %q\n     %q\nwant %q\n     %q", tt.src, e.Msg, e.Hint, tt.msg, tt.hint)
		}
	}
}

func TestShow(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{"recipients | where domian == 5", `no column ¸domian¸ in ¸recipients¸
  recipients | where domian == 5
                     ^^^^^^
did you mean ¸domain¸?
`},
		{"recipients\n| where\tdomain == \"日本\" and dmain == 5\n| take 5", `no column ¸dmain¸ in ¸recipients¸
  | where domain == "日本" and dmain == 5
                               ^^^^^
did you mean ¸domain¸?
`},
		{"recipients | where domain ==\x1b[31m 5", "` has no meaning"},
		{"", "the query is empty\nit begins with a table: ¸recipients | where result == \"rejected\"¸\n"},
		{"recipients | where to == \"" + strings.Repeat("a", 100) + "\" and domian == 5 or to == \"" + strings.Repeat("b", 100) + "\"",
			"no column ¸domian¸ in ¸recipients¸\n" +
				"  …" + strings.Repeat("a", 53) + "\" and domian == 5 or to == \"" + strings.Repeat("b", 17) + "…\n" +
				"  " + strings.Repeat(" ", 60) + "^^^^^^\ndid you mean ¸domain¸?\n"},
	} {
		_, err := ParseQuery(tt.query, testTables, nil)
		if err == nil {
			t.Errorf("%q: no error", tt.query)
			continue
		}
		got := err.(*Error).Show(false)
		if strings.Contains(tt.query, "\x1b") {
			if strings.Contains(got, "\x1b") {
				t.Errorf("%q reaches the terminal", got)
			}
			continue
		}
		if want := strings.ReplaceAll(tt.want, "¸", "`"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}
