package track

import (
	"github.com/smtplog/smtplog/reply/outcome"
)

// A Coverage knows which server's tracking logs cover which times, from the
// rows that they hold. A silence of an hour ends a span: logs change their file
// by the hour. The zero Coverage covers nothing.
type Coverage struct{}

// A Span is a time that a server's log covers without a silence of an hour.
type Span struct{ First, Last outcome.Time }

// Add notes a row.
func (c *Coverage) Add(e *Event) {}

// Covers reports whether the server's tracking log covers the time.
func (c *Coverage) Covers(server string, at outcome.Time) bool { return false }

// Servers returns the servers' names in their order.
func (c *Coverage) Servers() []string { return nil }

// Spans returns the spans of a server.
func (c *Coverage) Spans(server string) []Span { return nil }
