package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/smtplog/smtplog/cmd/internal/csvout"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/analysis"
)

// groupsCSV prints the groups of failures, a row each.
func groupsCSV(w io.Writer, a *analysis.Analysis, top int) error {
	out := csvout.NewWriter(w)
	keys := a.Failures.Keys()
	var head []string
	for _, k := range keys {
		head = append(head, string(k))
	}
	head = append(head, "outcomes", "replies", "recipients", "sessions", "first", "last", "example", "file", "line")
	out.Write(head...)
	for i, g := range a.Failures.Groups() {
		if top > 0 && i >= top {
			break
		}
		var row []string
		for _, k := range keys {
			row = append(row, keyValue(g, k))
		}
		row = append(row, fmt.Sprint(g.Outcomes), fmt.Sprint(g.Replies), fmt.Sprint(g.Recipients), fmt.Sprint(g.Sessions),
			g.First.String(), g.Last.String(), exampleText(&g.Example), g.Example.Pos.File, fmt.Sprint(g.Example.Pos.Line))
		out.Write(row...)
	}
	return out.Flush()
}

// keyValue returns the group's value of one of its keys, "" where it has none.
func keyValue(g *outcome.Group, k outcome.Key) string {
	switch k {
	case outcome.ByDomain:
		return g.Domain
	case outcome.ByCode:
		return g.Code.String()
	case outcome.ByEnhanced:
		return g.Enhanced.String()
	case outcome.ByClass:
		return g.Class.String()
	case outcome.ByReason:
		return g.Reason.String()
	case outcome.ByActor:
		return g.Actor.String()
	case outcome.ByDirection:
		return g.Direction.String()
	case outcome.ByVerb:
		return g.Verb
	case outcome.ByHost:
		return g.Host
	case outcome.ByConnector:
		return g.Connector
	case outcome.ByServer:
		return g.Server
	case outcome.ByFormat:
		return g.Format
	case outcome.ByDay:
		return g.Period[:min(len(g.Period), len(time.DateOnly))]
	}
	return g.Period
}

// exampleText returns what stands for an outcome: the reply, or where the log
// has only its code, the code and what it answered.
func exampleText(o *outcome.Outcome) string {
	if o.Text != "" {
		return strings.ReplaceAll(o.Text, "\n", " ")
	}
	words := []string{o.Code.String(), o.Enhanced.String()}
	if o.Code == 0 && o.Enhanced.IsZero() {
		words = []string{"no reply in the log"}
	}
	if o.Verb != "" || o.Recipient != "" {
		words = append(words, "to", o.Verb, o.Recipient)
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}
