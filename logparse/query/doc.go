/*
Package query answers questions about the rows of tables that others describe, as
a [Table]. [ParseQuery] and [ParseCondition] read the language; this is its manual.

The language is KQL, as far as it goes: who knows it from Microsoft Sentinel or
Defender can write it here. What differs stands at the end.

# Queries

A query is a table and the operators that its rows pass through, one after the
other, each after a "|":

	replies
	| where class == "permanent" and domain endswith "example.net"
	| summarize n = count(), senders = dcount(from) by domain, code, bin(time, 1h)
	| top 10 by n

A condition is what stands after where. By itself, without table and where, it
serves whatever only chooses rows:

	recipients | where code >= 550 and domain endswith "example.net"

What follows "//" is a comment. Operators, functions, tables and columns may be
written in any case. A name that is no plain word is written ['so']. A dot in the
name of a column stands for "_":

	sessions | where tls.version == "TLS1.0" | project id, remote, tls_version

# Operators

where (filter) keeps the rows of which a condition is true:

	recipients | where result == "rejected" and code >= 550

project keeps columns, in the order given, and computes new ones. project-away
drops columns. extend adds columns, or replaces those that have the name; what
it computes sees the columns as they were before it:

	recipients | project time, recipient = to, host = domain(to)
	recipients | extend late = delay > 1m | where late | project-away late

summarize makes one row of each group of rows that have the same keys. Without
"by" there is one group, which may be empty; without aggregates it gives the keys
that occur. The columns are the keys, then the aggregates; rows are in the order
of the keys, null first:

	recipients | summarize n = count(), refused = countif(class == "permanent") by domain
	recipients | summarize share = 100.0 * countif(result == "rejected") / count() by server
	recipients | summarize by server, domain

sort by (order by) puts rows in order: desc unless asc is written. Null is less
than any value, so it comes first in asc and last in desc; "nulls first" and
"nulls last" say otherwise. Rows with equal keys are in the order of their other
values, so that the result never depends on the order in which they were read.
top N by is the first N rows of sort by, and holds no more than those:

	recipients | sort by domain asc, time | project domain, time
	sessions | top 3 by duration_ms nulls last | project id, duration_ms

take (limit) keeps the first N rows, in the order in which they come. count
counts rows. distinct gives the combinations of values that occur, in their
order; distinct * is about whole rows:

	recipients | take 3
	recipients | where result == "deferred" | count
	recipients | distinct domain, result

render stands last and asks for a drawing of the result: barchart with a bar for
each row, timechart over the first column that is a time. Columns can be chosen
with xcolumn, ycolumns and series:

	recipients | summarize n = count() by domain | render barchart
	replies | summarize n = count() by bin(time, 1h), class | render timechart with (title="Replies", ycolumns=n, series=class)

# Values

Text stands in "…" or '…', with \" \' \\ \n \r \t and \u00e9; after @ a backslash
is only a backslash, which connectors and accounts need:

	sessions | where connector == @"EX1\Default EX1"
	"EX1\\Default EX1" == @"EX1\Default EX1"

Whole numbers (64 bits), numbers with a fraction, true and false. Time spans: 1d,
2h, 30m, 10s, 5ms. Times:

	datetime(2026-11-01) < datetime(2026-11-01T08:30:00.125Z)
	datetime(2026-11-01 10:00) - datetime(2026-11-01) == 10h

A time without a zone is UTC unless another zone was asked for, and so are days
and hours. Where a time is due, a date may also be text:

	recipients | where time >= "2026-11-02" | count

Lists are lists of text; [0] is their first element, [-1] the last. Fields are the
columns of a log by its own names, in any case; fields.verb is fields["verb"]:

	messages | project sender, recipients[0], all = array_length(recipients)
	records | where fields["cs-method"] == "QUIT" | project time, status = toint(fields["sc-status"])

# Null

What a log does not say is null. As in SQL, a comparison with null is neither true
nor false, and where keeps only what is true: code != 550 leaves out rows
without a code, and so does not(code == 550). Of and, or and not, a part that is
null decides only if the other part does not. Computing with null gives null,
and so do functions, unless their description says otherwise. Aggregates leave null
out. Ask for null with isnull() and isnotnull(); isempty() is true of null, of ""
and of an empty list, and isnotempty() of all else:

	recipients | where isnull(code) or code != 550 | count
	recipients | where isempty(from) and isnotnull(from) | project to, text

# Comparing

== != < <= > >= compare numbers with numbers, times with times, text with text,
byte by byte, so that case matters. =~ and !~ compare text and ignore case. in,
!in, in~ and !in~ look for a value in a list of values, between (a .. b) and
!between include both ends; b may be a time span after a. Of a column that has but
a few values, such as direction, == != in and !in take no other ones:

	"Example.NET" =~ "example.net" and "a" != "A" and "a" < "b"
	550 in (550, 554) and 5 !in (1, 2) and "B" in~ ("a", "b")
	550 between (500 .. 599) and 1.5 !between (2 .. 3)
	datetime(2026-11-01T12:00:00Z) between (datetime(2026-11-01) .. 1d)

has finds text that stands for itself: no letter or digit goes on before it or
after it. contains finds it anywhere, startswith and endswith at the ends. They
ignore case; has_cs, contains_cs, startswith_cs and endswith_cs mind it. A "!"
before the word negates it. has_any and has_all look for several. matches regex
takes a regular expression of the RE2 syntax, which may match anywhere. Case is
ignored letter by letter; an ASCII letter equals only the same ASCII letter:

	"550 5.1.1 User unknown" has "user" and "550 5.1.1 User unknown" !has "know"
	"User unknown" contains "KNOW" and "User unknown" !contains_cs "KNOW"
	"mail.example.net" endswith ".NET" and "mail.example.net" startswith "mail"
	"spam found here" has_any ("virus", "spam") and "spam found here" has_all ("found", "spam")
	"TLS1.2" matches regex @"^TLS1\.[01]$" or "TLS1.0" matches regex @"^TLS1\.[01]$"

Of a list or of fields, these words ask whether one element or one field is so;
"!" asks whether none is:

	messages | where recipients has "kim@example.com" and servers !has "EX9"
	records | where fields contains "mail.example"

and binds closer than or; not(…), not … and ! negate:

	true or false and false
	not(1 == 2) and !(1 == 2) and not 1 == 2

# Computing

+ - * / and % take numbers. Whole numbers divide to a whole number, towards zero;
the remainder has the sign of the dividend. With a fraction on one side the result
has one too. Division by zero, a whole number beyond 64 bits and a number that is
not finite give null. Times take time spans; the difference of two times is a time
span; a time span is multiplied and divided by a number, and divided by another is
a number:

	7 / 2 == 3 and -7 / 2 == -3 and -7 % 2 == -1 and 7 / 2.0 == 3.5
	isnull(1 / 0) and isnull(9223372036854775807 + 1)
	90s / 1m == 1.5 and 2 * 30m == 1h and datetime(2026-11-01) + 1d == datetime(2026-11-02)

# Functions of text

Characters are counted, from 0. Text beyond 1 MiB that a function would make is
null.

	strlen("naïve") == 5
	tolower("EX1") == "ex1" and toupper("ex1") == "EX1"
	trim("  x ") == "x" and trim("[<>]+", "<a>") == "a"
	substring("abcdef", 2) == "cdef" and substring("abcdef", 1, 2) == "bc" and substring("abcdef", -2) == "ef"
	indexof("abc", "c") == 2 and indexof("abc", "x") == -1
	split("a,b,c", ",")[1] == "b"

strcat joins what it is given, null as nothing; replace_string replaces each
occurrence, replace_regex each match, with \1 for its first group; extract returns
a group of the first match, 0 for all of it, null if there is none:

	strcat("code ", 550, "!") == "code 550!"
	replace_string("a.b.c", ".", "-") == "a-b-c" and replace_regex("id=42", @"id=(\d+)", @"#\1") == "#42"
	extract(@"(\d)\.(\d)\.(\d)", 2, "550 5.7.1 no") == "7"

Lists: array_length, set_has_element (case matters), strcat_array:

	array_length(split("a b", " ")) == 2 and set_has_element(split("a b", " "), "b")
	strcat_array(split("a b", " "), "+") == "a+b"

# Functions of addresses

domain is what follows the last "@", in lower case, and localpart what is before
it; both are null without an "@". ip takes the address out of "address:port",
with or without brackets; is_private and in_cidr (also ipv4_is_private,
ipv4_is_in_range, ipv6_is_in_range) test it, and are null where there is no
address. Private are the private networks, the machine itself and link-local ones:

	domain("Kim@Example.COM") == "example.com" and localpart("<kim@example.com>") == "kim"
	ip("192.0.2.7:25") == "192.0.2.7" and ip("[2001:db8::7]:25") == "2001:db8::7" and isnull(ip("mail"))
	in_cidr("10.1.2.3:50123", "10.0.0.0/8") and !in_cidr("192.0.2.7", "10.0.0.0/8", "172.16.0.0/12")
	is_private("10.1.2.3") and is_private("127.0.0.1:25") and !is_private("192.0.2.7")

# Functions of time

now() is the time of the question, ago() a time span before it. bin (floor) rounds
down to a multiple of a constant step, times by the clock; with 1d the result is
midnight. dayofweek is 0 on Sunday:

	recipients | where time > ago(7d) | summarize n = count() by day = bin(time, 1d)
	bin(datetime(2026-11-01T08:47:10Z), 15m) == datetime(2026-11-01T08:45:00Z) and bin(-7, 5) == -10
	startofday(datetime(2026-11-04T08:47:10Z)) == datetime(2026-11-04)
	startofweek(datetime(2026-11-04)) == datetime(2026-11-01) and startofmonth(datetime(2026-11-04)) == datetime(2026-11-01)
	hourofday(datetime(2026-11-01T08:47:10Z)) == 8 and dayofweek(datetime(2026-11-01)) == 0
	dayofmonth(datetime(2026-11-04)) == 4 and monthofyear(datetime(2026-11-04)) == 11 and getyear(datetime(2026-11-04)) == 2026

format_datetime takes yyyy yy MMMM MMM MM M dddd ddd dd d HH H hh h mm m ss s tt,
f to fffffffff for digits of the second, and any other sign as it is:

	format_datetime(datetime(2026-11-01T08:47:10.25Z), "yyyy-MM-dd HH:mm:ss.fff") == "2026-11-01 08:47:10.250"

# Other functions

iff (iif) and case choose a value; a condition that is null is not true. coalesce
is the first of its arguments that is not null:

	iff(550 >= 500, "permanent", "other") == "permanent"
	case(250 >= 500, "permanent", 250 >= 400, "transient", "ok") == "ok"
	recipients | project to, why = coalesce(reason, enhanced, "none")

tostring, toint (tolong), toreal (todouble), tobool and todatetime convert, to null
what cannot be converted; toint drops a fraction:

	tostring(1h + 30m) == "01:30:00" and tostring(2.50) == "2.5"
	toint(" 42 ") == 42 and toint(-2.9) == -2 and isnull(toint("4x")) and toreal("2.5") == 2.5
	tobool("TRUE") and todatetime("2026-11-01T10:00:00Z") > datetime(2026-11-01)
	abs(-3) == 3 and round(2.345, 1) == 2.3 and round(-2.5) == -3

# Aggregates

They stand in summarize, and what is computed of them may too. None depends on the
order of rows.

	recipients | summarize count(), countif(code >= 500), dcount(domain), dcountif(domain, code >= 500)
	recipients | summarize sum(size), sumif(size, code >= 500), avg(size), avgif(size, code >= 500), min(time), max(time)

count counts rows, countif those of which a condition is true. dcount counts the
different values, exactly. The forms with "if" take a condition last. sum, avg,
min, max and percentile of no values are null; a sum beyond 64 bits is null; a sum
of numbers with a fraction is rounded once. avg of whole numbers is a number with
a fraction.

	recipients | summarize percentile(size, 50), percentile(delay, 95) by result

percentile(x, p) is the smallest value that is at least as large as p percent of the
values: one of them, not one between two.

	recipients | summarize make_set(domain), make_list(code, 100) by server

make_set is the list of the different values, make_list of all, in order; a second
argument keeps only that many. The elements are text; lists give their elements.
Of no values they are an empty list.

	recipients | summarize arg_max(time, to, text) by domain
	replies | summarize arg_min(time, *) by session
	replies | summarize take_any(text) by code

arg_max(x, a, …) and arg_min(x, a, …) return x and a, … of the row in which x is
largest or smallest, or all columns for *; of several such rows, that whose values
come first in order. take_any returns the value that comes first in order, of
several columns the row that does.

A column that has no name of its own is called after its aggregate and argument:
count_, dcount_from, percentile_size_50, set_domain, list_code; arg_max, arg_min
and take_any keep the names of the columns.

# Limits

A query stops with an error that says what to narrow when summarize makes more than
1,000,000 groups, when sort, top or distinct would hold more than 1,000,000 rows,
or when all that is held takes more than about 512 MiB.

# Differences from KQL

Null follows SQL: != with null is not true, sum of nothing is null, text can be
null. dcount, percentile and make_set are exact, and nothing depends on the order of
rows but take. has finds text of any length. The words that look into text ask the
elements of a list one by one. dayofweek is a number. trim with one argument takes
white space. Operators and functions are written in any case. One query reads one
table: there is no join, union, let or mv-expand.
*/
package query
