package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/reply"
)

// wrap prints text in lines of at most width columns; lines after the first
// begin with indent.
func wrap(w io.Writer, width int, text, indent string) {
	line := ""
	for _, word := range strings.SplitAfter(text, " ") {
		if strings.TrimSpace(line) != "" && term.DisplayWidth(strings.TrimRight(line+word, " ")) > width {
			fmt.Fprintln(w, strings.TrimRight(line, " "))
			line = indent
		}
		line += word
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}

// plural returns "1 line" or "2,871,004 lines".
func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "y") {
		what = what[:len(what)-1] + "ie"
	}
	return table.Count(n) + " " + what + "s"
}

// actorText names who has to act, in a sentence.
func actorText(a reply.Actor) string {
	switch a {
	case reply.ActorSender:
		return "the sender acts"
	case reply.ActorRecipient:
		return "the recipient's side acts"
	case reply.ActorOurs:
		return "we act"
	case reply.ActorRemote:
		return "the other server's side acts"
	}
	return "nobody has to act"
}

func addRules(fl *pflag.FlagSet, rules *string) {
	fl.StringVar(rules, "rules", "", "a `FILE` with rules of your own, tried before the built-in ones, e.g. --rules ours.rules")
}
