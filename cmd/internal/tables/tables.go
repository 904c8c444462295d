// Package tables describes what the logs hold as the tables of package query:
// records, sessions with their transactions, recipients and replies, and tracked
// messages with their hops.
//
// Columns bear the keys of the JSON that the commands print; a key of a nested
// object is joined to its parent's with "_". What the log does not say is null.
package tables

import (
	"slices"
	"unicode/utf8"

	"github.com/smtplog/smtplog/logparse/input"
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/reply/outcome"
)

// The names of the tables.
const (
	Records      = "records"
	Sessions     = "sessions"
	Transactions = "transactions"
	Recipients   = "recipients"
	Replies      = "replies"
	Messages     = "messages"
	Hops         = "hops"
)

// Time is the column that every table has: when it was, or began.
const Time = "time"

// All returns the tables. Their rows are *[Record], *[Session], *[Transaction],
// *[Recipient], *[Reply], *[Message] and *[Hop].
func All() []query.Table {
	return []query.Table{
		{Name: Records, Doc: "the rows of all logs as the readers saw them", Columns: recordColumns()},
		{Name: Sessions, Doc: "SMTP connections", Columns: sessionColumns()},
		{Name: Transactions, Doc: "submissions of one message: MAIL to the end of the data", Columns: transactionColumns()},
		{Name: Recipients, Doc: "one RCPT in a transaction, with its verdict", Columns: recipientColumns()},
		{Name: Replies, Doc: "refusals and failures, a row for each recipient that a reply refused: countif(first) counts replies", Columns: replyColumns()},
		{Name: Messages, Doc: "mails as the tracking logs saw them, over all servers", Columns: messageColumns()},
		{Name: Hops, Doc: "steps of tracked messages, a row for each row of a tracking log", Columns: hopColumns()},
	}
}

// Table returns the table with that name, nil if there is none.
func Table(name string) *query.Table {
	for _, t := range All() {
		if t.Name == name {
			return &t
		}
	}
	return nil
}

// Terse reports whether the rows of a table about sessions have these columns
// where sessions are built only for counting ([session.Options.Terse]).
func Terse(table string, columns []string) bool {
	var lost []string
	switch table {
	case Sessions:
		lost = []string{"helo", "greeting", "capabilities", "from", "to", "message_ids"}
	case Replies:
		lost = []string{"helo", "message_id"}
	default:
		return false
	}
	return !slices.ContainsFunc(columns, func(c string) bool { return slices.Contains(lost, c) })
}

// col describes a column whose values come from rows of type *R.
func col[R any](name string, typ query.Type, doc string, get func(*R) query.Value) query.Column {
	return query.Column{Name: name, Type: typ, Doc: doc, Get: func(row any) query.Value { return get(row.(*R)) }}
}

// text describes a column of strings where the empty one is null.
func text[R any](name, doc string, get func(*R) string) query.Column {
	return col(name, query.String, doc, func(r *R) query.Value { return known(get(r)) })
}

// word describes a column of strings that has but these values, or null.
func word[R any](name, doc string, values []string, get func(*R) string) query.Column {
	c := text(name, doc, get)
	c.Values = values
	return c
}

// number describes a column of numbers that are never null.
func number[R any](name, doc string, get func(*R) int64) query.Column {
	return col(name, query.Int, doc, func(r *R) query.Value { return query.IntOf(get(r)) })
}

// positive describes a column of numbers where 0 is null.
func positive[R any](name, doc string, get func(*R) int64) query.Column {
	return col(name, query.Int, doc, func(r *R) query.Value {
		if n := get(r); n != 0 {
			return query.IntOf(n)
		}
		return query.Null
	})
}

func flag[R any](name, doc string, get func(*R) bool) query.Column {
	return col(name, query.Bool, doc, func(r *R) query.Value { return query.BoolOf(get(r)) })
}

func moment[R any](name, doc string, get func(*R) outcome.Time) query.Column {
	return col(name, query.DateTime, doc, func(r *R) query.Value { return query.TimeOf(get(r)) })
}

// list describes a column of lists where the empty one is null.
func list[R any](name, doc string, get func(*R) []string) query.Column {
	return col(name, query.List, doc, func(r *R) query.Value {
		if l := get(r); len(l) > 0 {
			return query.ListOf(valid(l))
		}
		return query.Null
	})
}

// known returns a string of a log, null for an empty one.
func known(s string) query.Value {
	if s == "" {
		return query.Null
	}
	return stringOf(s)
}

// stringOf returns a string of a log, read as the JSON shows it where it is not
// UTF-8.
func stringOf(s string) query.Value {
	if !utf8.ValidString(s) {
		s = input.Text([]byte(s))
	}
	return query.StringOf(s)
}

// valid returns the list with its strings as the JSON shows them.
func valid(list []string) []string {
	for i, s := range list {
		if utf8.ValidString(s) {
			continue
		}
		read := append([]string(nil), list...)
		for ; i < len(read); i++ {
			read[i] = input.Text([]byte(read[i]))
		}
		return read
	}
	return list
}
