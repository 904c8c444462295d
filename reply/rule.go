package reply

// A Rule says which texts, codes or error numbers mean which reason. Rules are
// read by [ParseRules]; there is no other way to make one.
type Rule struct {
	Name   string // unique name, such as "mailbox-full"
	Reason Reason
	Where  string // "file:line" of its first line

	actor    Actor // for outbound replies; only with hasActor
	hasActor bool
	meaning  string
	remedy   string
	source   string

	when  []string     // clauses: the text must match one of them, if there are any
	codes []codeRange  // the reply must bear one of them, if there are any
	class Class        // the reply must be of it, unless ClassNone
	after []string     // the command answered must be one of them, if any
	win32 []int64      // error numbers
	note  bool         // only for Explain
	drop  []string     // phrases to leave out of every text; such a rule has nothing else
	tests []testOfRule // lines that this rule must decide
	extra bool         // given by the user
	text  bool         // it had when lines, which are in the ruleSet's clauses now
}

type testOfRule struct {
	text string
	line int
}

// A codeRange is a range of basic codes or of enhanced codes. Major 0 stands
// for any of 2, 4 and 5.
type codeRange struct {
	basic     bool
	from, to  Code // basic
	major     uint8
	subject   uint16
	low, high uint16 // detail
}

func (c codeRange) holds(code Code, e Enhanced) bool {
	if c.basic {
		return code >= c.from && code <= c.to
	}
	return (c.major == 0 || c.major == e.Major) && !e.IsZero() &&
		c.subject == e.Subject && e.Detail >= c.low && e.Detail <= c.high
}
