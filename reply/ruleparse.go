package reply

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ParseRules reads rules in the format of the built-in tables. Name stands in
// errors, in front of the line number.
//
// A rule is a block:
//
//	# what the rule is about
//	[house-quota]
//	reason: mailbox_full
//	when: mailbox|inbox .. full|over limit & !sender
//	test: 552 Your inbox is over limit
//
// A "when" line holds phrases of words. "|" separates alternatives, ".." means
// "followed, not far behind, by", "&" means "and, anywhere", and "!" that the
// phrase must be missing. A "*" at the start or end of a phrase lets the word
// go on there. Case, accents, punctuation, addresses, host names and numbers of
// more than four digits are gone before the comparison; a host name is kept
// where a rule names it or a domain above it. Several "when" lines are
// alternatives. "code" (basic or enhanced codes, ranges such as
// 5.7.606-5.7.649, x.1.1 for any class), "class" (transient or permanent) and
// "after" (mail, rcpt, data, helo, auth or connect) narrow a rule; "actor",
// "meaning", "remedy" and "source" say what it means, and "test" gives a reply
// that this very rule must decide.
//
// Rules that only look at a code may be written as rows,
//
//	5.7.606-5.7.649 | blocklisted | ours | what it means | what to do
//	win32 10061 WSAECONNREFUSED | connection_refused | remote | ... | ...
//	note 5.1.6 | server_error | ours | a further meaning, shown by Explain | ...
//
// and "source:" before the first rule of a group holds for all that follow.
// "ignore: phrase|phrase" leaves the phrases out of every text, and
// "define: name = phrase|phrase" lets "$name" stand for those alternatives in
// the rest of the file.
func ParseRules(r io.Reader, name string) ([]Rule, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := ruleParser{name: name}
	err = p.parse(string(text))
	return p.rules, err
}

// parse adds the rules in the text, to which they refer.
func (p *ruleParser) parse(text string) error {
	for line := range strings.Lines(text) {
		p.line++
		if len(line) > maxRuleLine {
			return fmt.Errorf("%s:%d: the line is longer than %d bytes", p.name, p.line, maxRuleLine)
		}
		if err := p.add(strings.TrimSpace(line)); err != nil {
			return fmt.Errorf("%s:%d: %w", p.name, p.line, err)
		}
	}
	return p.endBlock()
}

const maxRuleLine = 1 << 16 // bytes

type ruleParser struct {
	name   string
	line   int
	source string // holds for the rules that follow
	rules  []Rule
	block  bool              // the last of rules is an open block
	ours   bool              // the rules are built in: their clauses are not read before they are compiled
	sets   map[string]string // what "$name" stands for
}

func (p *ruleParser) where() string { return p.name + ":" + strconv.Itoa(p.line) }

func (p *ruleParser) add(line string) error {
	switch {
	case line == "":
		return p.endBlock()
	case line[0] == '#':
		return nil
	case line[0] == '[':
		if err := p.endBlock(); err != nil {
			return err
		}
		name, ok := strings.CutSuffix(line[1:], "]")
		if !ok || strings.TrimSpace(name) == "" {
			return fmt.Errorf("want [name], have %q", line)
		}
		p.rules = append(p.rules, Rule{Name: strings.TrimSpace(name), source: p.source, Where: p.where()})
		p.block = true
		return nil
	case strings.Contains(line, "|") && rowStart(line):
		if err := p.endBlock(); err != nil {
			return err
		}
		return p.row(line)
	}
	key, value, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("want key: value, have %q", line)
	}
	return p.set(strings.TrimSpace(key), strings.TrimSpace(value))
}

// rowStart reports whether the line is a row rather than a key and its value.
func rowStart(line string) bool {
	return digit(line[0]) || strings.HasPrefix(line, "x.") ||
		strings.HasPrefix(line, "win32 ") || strings.HasPrefix(line, "note ")
}

// define reads "name = phrase|phrase".
func (p *ruleParser) define(s string) error {
	name, value, ok := strings.Cut(s, "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "" {
		return fmt.Errorf("want define: name = phrases, have %q", s)
	}
	value, err := p.expand(strings.TrimSpace(value))
	if err != nil {
		return err
	}
	if p.sets == nil {
		p.sets = map[string]string{}
	}
	p.sets[name] = value
	return nil
}

// ignore reads phrases that are left out of every text before the rules look.
func (p *ruleParser) ignore(s string) error {
	r := Rule{Name: "ignore", Reason: ReasonUnknown, Where: p.where()}
	for phrase := range strings.SplitSeq(s, "|") {
		pattern, err := appendPattern(nil, strings.TrimSpace(phrase))
		if err != nil {
			return err
		}
		r.drop = append(r.drop, string(pattern))
	}
	p.rules = append(p.rules, r)
	return nil
}

// expand puts the defined phrases in for every "$name".
func (p *ruleParser) expand(s string) (string, error) {
	if strings.IndexByte(s, '$') < 0 {
		return s, nil
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "$")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		n := 0
		for n < len(rest) && rest[n] >= 'a' && rest[n] <= 'z' {
			n++
		}
		value, ok := p.sets[rest[:n]]
		if !ok {
			return "", fmt.Errorf("$%s is not defined above", rest[:n])
		}
		if b.Len()+len(value) > 1<<16 {
			return "", fmt.Errorf("the phrases become too long")
		}
		b.WriteString(value)
		s = rest[n:]
	}
}

func (p *ruleParser) endBlock() error {
	if !p.block {
		return nil
	}
	p.block = false
	r := &p.rules[len(p.rules)-1]
	switch {
	case r.Reason == ReasonNone:
		return fmt.Errorf("%s: rule %q has no reason", r.Where, r.Name)
	case len(r.when) == 0 && len(r.codes) == 0:
		return fmt.Errorf("%s: rule %q has neither when nor code", r.Where, r.Name)
	case len(r.when) == 0 && (r.class != ClassNone || len(r.after) > 0):
		return fmt.Errorf("%s: rule %q needs a when line beside class or after", r.Where, r.Name)
	}
	return nil
}

func (p *ruleParser) set(key, value string) error {
	if value == "" {
		return fmt.Errorf("%s: no value", key)
	}
	if !p.block {
		switch key {
		case "source":
			p.source = value
			return nil
		case "define":
			return p.define(value)
		case "ignore":
			return p.ignore(value)
		}
		return fmt.Errorf("%s: no rule begun; a rule begins with [name]", key)
	}
	r := &p.rules[len(p.rules)-1]
	var err error
	switch key {
	case "reason":
		r.Reason, err = ParseReason(value)
	case "actor":
		r.actor, err = ParseActor(value)
		r.hasActor = true
	case "meaning":
		r.meaning = value
	case "remedy":
		r.remedy = value
	case "source":
		r.source = value
	case "when":
		if value, err = p.expand(value); err == nil {
			r.when = append(r.when, value)
			if !p.ours {
				err = readClause(value, unread{}, nil)
			}
		}
	case "code":
		for f := range strings.FieldsSeq(value) {
			var c codeRange
			if c, err = parseCodeRange(f); err != nil {
				break
			}
			r.codes = append(r.codes, c)
		}
	case "class":
		switch value {
		case "transient":
			r.class = Transient
		case "permanent":
			r.class = Permanent
		default:
			err = fmt.Errorf("class is transient or permanent, not %q", value)
		}
	case "after":
		for f := range strings.FieldsSeq(value) {
			if verbNumber(f) == 0 {
				err = fmt.Errorf("after: unknown command %q", f)
			}
			r.after = append(r.after, f)
		}
	case "test":
		r.tests = append(r.tests, testOfRule{value, p.line})
	default:
		err = fmt.Errorf("unknown key %q", key)
	}
	return err
}

// row reads "codes | reason | actor | meaning | remedy".
func (p *ruleParser) row(line string) error {
	if n := strings.Count(line, "|") + 1; n != 5 {
		return fmt.Errorf("a row has 5 cells, this one has %d", n)
	}
	var cells [5]string
	for i := range cells {
		cells[i], line, _ = strings.Cut(line, "|")
		cells[i] = strings.TrimSpace(cells[i])
	}
	r := Rule{Where: p.where(), source: p.source, meaning: cells[3], remedy: cells[4]}
	var err error
	if r.Reason, err = ParseReason(cells[1]); err != nil {
		return err
	}
	if r.Reason == ReasonNone || r.meaning == "" {
		return fmt.Errorf("a row needs a reason and a meaning")
	}
	if cells[2] != "" {
		if r.actor, err = ParseActor(cells[2]); err != nil {
			return err
		}
		r.hasActor = true
	}
	head := strings.Fields(cells[0])
	switch head[0] {
	case "note":
		r.note = true
		head = head[1:]
	case "win32":
		if len(head) != 3 {
			return fmt.Errorf("want win32 NUMBER NAME, have %q", cells[0])
		}
		n, err := strconv.ParseInt(head[1], 10, 64)
		if err != nil {
			return fmt.Errorf("no error number: %q", head[1])
		}
		r.win32 = []int64{n}
		r.Name = "win32-" + head[1]
		if r.source != "" {
			r.source = head[2] + ", " + r.source
		}
		p.rules = append(p.rules, r)
		return nil
	}
	for _, f := range head {
		c, err := parseCodeRange(f)
		if err != nil {
			return err
		}
		r.codes = append(r.codes, c)
	}
	if len(r.codes) == 0 {
		return fmt.Errorf("a row begins with a code")
	}
	r.Name = "code-" + head[0]
	p.rules = append(p.rules, r)
	return nil
}
