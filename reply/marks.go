package reply

import (
	"strings"
	"sync"
)

// A markSet tells which of the phrases that dissect looks for a text holds:
// bit i is wrapper i, then come the trailers, the verb marks and errorMark.
type markSet uint64

func (m markSet) has(i int) bool { return m>>i&1 != 0 }

var markFinder = sync.OnceValue(func() *phraseIndex {
	var marks []string
	for i := range wrappers {
		marks = append(marks, wrappers[i].open)
	}
	marks = append(marks, trailers...)
	for i := range verbMarks {
		marks = append(marks, verbMarks[i].text)
	}
	return newPhraseIndex(append(marks, errorMark))
})

// marksIn finds the marks in one pass: most texts hold none of them, and
// looking for each would take longer than everything else.
func marksIn(text string) (m markSet) {
	find(markFinder(), text, func(mark, _ int32) bool {
		m |= 1 << mark
		return true
	})
	return m
}

// The commands that a reply can be told to answer.
var verbNames = [...]string{"", "connect", "helo", "auth", "mail", "rcpt", "data"}

// verbNumber returns the number of a command's name, 0 when it is unknown.
func verbNumber(name string) uint8 {
	for i, n := range verbNames {
		if n == name {
			return uint8(i)
		}
	}
	return 0
}

// Words around a quoted reply that say which command it answered.
var verbMarks = []struct {
	text string
	verb uint8
}{
	{"in reply to MAIL", 4}, {"in reply to RCPT", 5}, {"in reply to end of DATA", 6},
	{"in reply to DATA", 6}, {"in reply to EHLO", 2}, {"in reply to HELO", 2},
	{"in reply to initial server greeting", 1}, {"refused to talk to me", 1},
	{"after initial connection", 1}, {"after MAIL FROM", 4}, {"after RCPT TO", 5},
	{"after end of data", 6}, {"after EHLO", 2}, {"after HELO", 2},
	{"did not like our MAIL", 4}, {"did not like our RCPT", 5}, {"did not like our DATA", 6},
	{"did not like our final DATA", 6}, {"my name was rejected", 2}, {"sender was rejected", 4},
	{"does not like recipient", 5}, {"failed after I sent the message", 6},
	{"[MAIL_FROM]", 4}, {"[RCPT_TO]", 5}, {">>> MAIL", 4}, {">>> RCPT", 5}, {">>> DATA", 6},
}

// answered returns the number of the command that the marks say was answered.
func answered(marks markSet) uint8 {
	for i := range verbMarks {
		if marks.has(len(wrappers) + len(trailers) + i) {
			return verbMarks[i].verb
		}
	}
	return 0
}

// errorMark stands before a Windows error number, whatever word it follows.
const errorMark = "rror code"

// errorNumber returns the Windows error number in texts such as "Winsock error
// code: 10061, Win32 error code: 10061" and "Socket error code 10061".
func errorNumber(text string) int64 {
	for {
		i := strings.Index(text, errorMark)
		if i < 0 {
			return 0
		}
		before := text[:i]
		text = text[i+len(errorMark):]
		if !strings.HasSuffix(before, "Winsock e") && !strings.HasSuffix(before, "ocket e") &&
			!strings.HasSuffix(before, "Win32 e") {
			continue
		}
		rest := strings.TrimLeft(text, " :=")
		n, j := int64(0), 0
		negative := strings.HasPrefix(rest, "-")
		if negative {
			j = 1
		}
		for ; j < len(rest) && digit(rest[j]) && n < 1<<40; j++ {
			n = n*10 + int64(rest[j]-'0')
		}
		if n != 0 {
			if negative {
				n = -n
			}
			return n
		}
	}
}
