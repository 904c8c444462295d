package ndr

import (
	"strings"

	"github.com/smtplog/smtplog/reply"
)

// A block is what a text says about one recipient.
type block struct {
	Recipient
	text      string // what stands with the address
	reporting string // the server that wrote it, where the block tells
}

// A reader understands the texts of one family of programs. Those that write
// an address and then the reason, which most do, need none of their own: read
// is nil and the blocks of the text are taken.
type reader struct {
	product string
	applies func(m *message, text string) bool // text is lower case
	read    func(m *message) []block
}

// readers are tried in this order; the first that applies names the product.
var readers = []reader{
	{"Exchange 5.5 or older", isExchange55, readExchange2003},
	{"Exchange 2000/2003", isExchange2003, readExchange2003},
	{"Exchange Online", isExchangeOnline, readExchange},
	{"Exchange", isExchange, readExchange},
	{"Amazon WorkMail", header1("x-mailer", "amazon workmail"), nil},
	{"Amazon SES", headerOrText("x-ses-outgoing", "x-aws-outgoing", "amazonses.com"), readSentence},
	{"Oracle Messaging Server", says("  recipient address:", "this report relates to a message you sent"), readLabels},
	{"Gmail", from("googlemail.com", "google.com"), nil},
	{"Apache James", says("this is the james mail server"), nil},
	{"Yahoo", says("we were unable to deliver your message to the following address"), nil},
	{"qmail", says("this is the qmail-send program", "i wasn't able to deliver your message to the following addresses"), nil},
	{"Exim", says("this message was created automatically by mail delivery software"), nil},
	{"Courier", says("running the courier mail server"), nil},
	{"OpenSMTPD", says("this is the mailer-daemon, please do not reply"), nil},
	{"DragonFly Mail Agent", says("dragonfly mail agent"), readSentence},
	{"Domino", isDomino, nil},
	{"SendGrid", says("message from sendgrid"), readSentence},
	{"amavis", says("the program amavisd-new", "considered unsolicited bulk e-mail"), nil},
	{"Postfix", says("this is the mail system at host", "the mail system\n", "this is the postfix program"), nil},
	{"sendmail", says("transcript of session follows", "the following addresses had "), readSendmail},
	{"fml", header1("x-mlserver", "fml"), readSentence},
}

func says(phrases ...string) func(*message, string) bool {
	return func(_ *message, text string) bool { return containsOneOf(text, phrases) }
}

func header1(name, prefix string) func(*message, string) bool {
	return func(m *message, _ string) bool {
		return strings.HasPrefix(strings.ToLower(m.header.get(name)), prefix)
	}
}

func headerOrText(a, b, domain string) func(*message, string) bool {
	return func(m *message, _ string) bool {
		return m.header.has(a) || m.header.has(b) || strings.HasSuffix(strings.ToLower(m.from), domain)
	}
}

func from(domains ...string) func(*message, string) bool {
	return func(m *message, _ string) bool {
		_, domain, _ := strings.Cut(strings.ToLower(m.from), "@")
		for _, d := range domains {
			if domain == d {
				return true
			}
		}
		return false
	}
}

func isDomino(m *message, text string) bool {
	return strings.HasPrefix(m.subject, "DELIVERY FAILURE:") || strings.Contains(text, "domino") || strings.Contains(text, "lotus notes")
}

// readHuman reads the text for people. When the delivery status has named the
// recipients it only adds what the text says about them.
func (r *Report) readHuman(m *message, named bool) {
	if !named {
		if at := statusStart(m.lines); at >= 0 && r.readStatus(m.lines[at:]) {
			named = true
			m.lines = m.lines[:at]
		}
	}
	text := strings.ToLower(clip(strings.Join(m.lines, "\n"), maxWords))
	var blocks []block
	for _, f := range readers {
		if !f.applies(m, text) {
			continue
		}
		if r.Product == "" {
			r.Product = f.product
		}
		if f.read != nil {
			if blocks = f.read(m); len(blocks) > 0 {
				break
			}
		}
		break
	}
	if r.ReportingMTA == "" {
		r.ReportingMTA = reportingServer(m.lines, blocks)
	}
	if len(blocks) == 0 {
		blocks = readBlocks(m)
	}
	blocks = mergeBlocks(blocks)
	if named {
		r.addBlocks(m, blocks)
		return
	}
	if failed := addresses(m.header.get("x-failed-recipients"), MaxRecipients); len(failed) > 0 && !contradict(failed, blocks) {
		for _, a := range failed {
			r.Recipients = append(r.Recipients, Recipient{Address: a})
		}
		r.Recipients = dedupe(r.Recipients)
		r.addBlocks(m, blocks)
		return
	}
	if len(blocks) == 0 {
		blocks = readLabels(m)
	}
	if len(blocks) == 0 {
		blocks = readSentence(m)
	}
	if len(blocks) == 0 {
		for _, a := range m.recipientsOfOriginal() {
			blocks = append(blocks, block{Recipient: Recipient{Address: a}})
		}
		if len(blocks) > 1 {
			blocks = nil // which of them it was is not told
		}
	}
	for _, b := range mergeBlocks(blocks) {
		if len(r.Recipients) == MaxRecipients {
			r.problem("too many recipients")
			break
		}
		r.Recipients = append(r.Recipients, b.recipient())
	}
}

// reportingServer returns the server that the text says it is from.
func reportingServer(lines []string, blocks []block) string {
	for i := range blocks {
		if blocks[i].reporting != "" {
			return blocks[i].reporting
		}
	}
	if host := generatingServer(lines); host != "" {
		return host
	}
	for i, line := range lines {
		if i == 40 {
			break
		}
		for _, phrase := range serverPhrases {
			_, after, ok := cutFold(line, phrase)
			if fields := strings.Fields(clip(after, maxText)); ok && len(fields) > 0 {
				if host := strings.TrimRight(fields[0], ".,:;"); isHost(host) && strings.Contains(host, ".") {
					return host
				}
			}
		}
	}
	return ""
}

// serverPhrases stand before the name of the server that wrote the text.
var serverPhrases = []string{
	"mail system at host ", "qmail-send program at ", "mail server at ", "status notification from ", "generated by: ",
}

// cutFold is strings.Cut for a lower-case ASCII sep that is found in any case.
func cutFold(s, sep string) (before, after string, ok bool) {
	low := asciiLower(s)
	i := strings.Index(low, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// asciiLower lowers A to Z and leaves the length as it is.
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// contradict tells whether the text gives replies about other recipients than
// the X-Failed-Recipients field names: Exim puts addresses there as they were
// before rewriting.
func contradict(failed []string, blocks []block) bool {
	names := make(map[string]bool, len(failed))
	for _, a := range failed {
		names[strings.ToLower(a)] = true
	}
	replies := 0
	for i := range blocks {
		if names[strings.ToLower(blocks[i].Address)] {
			return false
		}
		if blocks[i].weight() == 3 {
			replies++
		}
	}
	return replies > 0
}

// recipient returns the block's recipient with what its text says.
func (b block) recipient() Recipient {
	rec := b.Recipient
	if rec.Text == "" {
		rec.Text = squeeze(b.text)
	}
	rec.said = clip(b.text, maxText)
	return rec
}

// addBlocks adds to the recipients what the text says about them.
func (r *Report) addBlocks(m *message, blocks []block) {
	byAddress := make(map[string]*block, len(blocks))
	for i := range blocks {
		byAddress[strings.ToLower(blocks[i].Address)] = &blocks[i]
	}
	for i := range r.Recipients {
		rec := &r.Recipients[i]
		b := byAddress[strings.ToLower(rec.Address)]
		if b == nil && rec.Original != "" {
			b = byAddress[strings.ToLower(rec.Original)]
		}
		if b == nil && len(blocks) == 1 && len(r.Recipients) == 1 && !m.own[strings.ToLower(blocks[0].Address)] {
			b = &blocks[0]
		}
		if b == nil {
			continue
		}
		said := b.recipient()
		if rec.Text == "" {
			rec.Text = said.Text
		}
		if rec.RemoteMTA == "" {
			rec.RemoteMTA = said.RemoteMTA
		}
		if rec.Original == "" && !strings.EqualFold(said.Original, rec.Address) {
			rec.Original = said.Original
		}
		if rec.Name == "" && rec.Address == "" {
			rec.Name = said.Name
		}
		if rec.said = said.said; rec.said == "" {
			rec.said = said.Text
		}
	}
}

// mergeBlocks makes one of the blocks about the same recipient: the one with a
// code is taken before others, a longer one before an empty one.
func mergeBlocks(blocks []block) []block {
	seen := make(map[string]int, len(blocks))
	merged := blocks[:0:0]
	for _, b := range blocks {
		key := strings.ToLower(b.Address + "\x00" + b.Name)
		at, dup := seen[key]
		if !dup {
			seen[key] = len(merged)
			merged = append(merged, b)
			continue
		}
		old := &merged[at]
		if b.weight() > old.weight() {
			*old = b
		}
	}
	return merged
}

func (b *block) weight() int {
	text := b.Text + b.text
	code, enhanced := codesIn(clip(text, maxText))
	switch {
	case code != 0:
		return 3
	case enhanced != reply.Enhanced{}:
		return 2
	case strings.TrimSpace(text) != "":
		return 1
	}
	return 0
}

func dedupe(recs []Recipient) []Recipient {
	seen := make(map[string]bool, len(recs))
	kept := recs[:0]
	for _, rec := range recs {
		if key := strings.ToLower(rec.Address); !seen[key] {
			seen[key] = true
			kept = append(kept, rec)
		}
	}
	return kept
}

// squeeze makes one line of a text.
func squeeze(s string) string {
	return clip(strings.Join(strings.Fields(clip(s, 2*maxText)), " "), maxText)
}
