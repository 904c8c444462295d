package reply

import (
	"io"
	"time"
)

// A Classification says what a reply means.
type Classification struct {
	Code     Code     // of the outer reply; 0 when there is none
	Enhanced Enhanced // of the outer reply; zero when there is none
	Class    Class

	Reason Reason
	Actor  Actor  // who has to act, seen from the given direction
	Remedy string // what to do, for a mail administrator

	List       string        // the blocklist that the text names, such as "zen.spamhaus.org"
	RetryAfter time.Duration // when the text says to come back, 0 when it does not
	Inner      string        // the innermost quoted reply, "" when nothing is quoted

	Rule    string // the rule that decided
	Source  string // the registry or vendor that the meaning is taken from
	Meaning string // one sentence
}

// Classify says what a reply means, with the built-in rules. The text is one
// reply as logged, with or without its code, of one line or several. It is
// safe for concurrent use.
func Classify(text string, d Direction) Classification {
	return Classification{}
}

// A Rule says which texts and codes mean which reason. See [ParseRules].
type Rule struct{}

// A Classifier classifies replies by a set of rules. It remembers the texts it
// has seen, in bounded space, and is safe for concurrent use.
type Classifier struct{}

// NewClassifier returns a classifier with the given rules, which are tried in
// their order before the built-in ones.
func NewClassifier(extra []Rule) (*Classifier, error) { return &Classifier{}, nil }

// Classify is like the function of that name.
func (c *Classifier) Classify(text string, d Direction) Classification { return Classification{} }

// ClassifyBytes is like Classify and keeps nothing of text.
func (c *Classifier) ClassifyBytes(text []byte, d Direction) Classification { return Classification{} }

// ParseRules reads rules in the format of the built-in tables. Name stands in
// errors, in front of the line number.
func ParseRules(r io.Reader, name string) ([]Rule, error) { return nil, nil }

// Explain says what input means: a reply, a bare code such as "550", an
// enhanced code such as "5.7.1", or a Win32 or Winsock error number such as
// "10060".
func Explain(input string, d Direction) Classification { return Classification{} }
