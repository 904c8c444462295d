package probe

import (
	"regexp"
	"strings"

	"github.com/smtplog/smtplog/reply"
)

// Marks of the tools in front of a line. The longer ones come first.
var (
	sentMarks     = []string{" -> ", " ~> ", "**> ", "*~> ", "~*> ", "-> ", "~> ", "--> ", ">>> ", "SMTP>> ", "C: ", "> "}
	receivedMarks = []string{"<** ", "<~* ", "<*~ ", "<-- ", "<<< ", "<- ", "<~ ", "SMTP<< ", "S: ", "< "}
)

// transcriptLine is a line of "smtplog sessions --transcript"; the time is
// blank on the further lines of a reply.
var transcriptLine = regexp.MustCompile(`^  (?:\d\d:\d\d:\d\d| {8}) ([-+*<>])(?: (.*))?$`)

// answeredInRow is the code that a transcript shows behind the command where
// the log's row has both.
var answeredInRow = regexp.MustCompile(`^(.*?)\s+→ ([2-5]\d\d)$`)

// line takes a line as it was pasted.
func (p *pasted) line(raw string) {
	text := clean(raw)
	if p.block == "skip" {
		if strings.HasPrefix(text, p.until) {
			p.block = ""
		}
		p.conversation.Ignored++
		return
	}
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		p.block = ""
		if p.data {
			p.conversation.Message++
		}
		return
	}
	if p.data && !p.marked(text) {
		// The lines of a message may look like anything.
		p.client(strings.TrimRight(text, " "))
		return
	}
	switch {
	case p.transcript(text), p.swaks(text):
	case trimmed == "Sent:":
		p.block = "sent"
	case trimmed == "Received:":
		p.block = "received"
	case p.diag(trimmed), p.telnet(trimmed), p.openssl(text, trimmed):
	default:
		p.plain(text, trimmed)
	}
}

// marked reports whether a tool says who sent the line.
func (p *pasted) marked(text string) bool {
	if transcriptLine.MatchString(text) || strings.HasPrefix(text, "=== ") || strings.HasPrefix(text, "*** ") {
		return true
	}
	for _, m := range receivedMarks {
		if rest, ok := strings.CutPrefix(text, m); ok {
			return isReply(strings.TrimSpace(rest))
		}
	}
	for _, m := range sentMarks {
		if strings.HasPrefix(text, m) {
			// "> " quotes text in messages, too.
			return m != "> "
		}
	}
	return false
}

// clean drops the line end and escape sequences, and does what backspaces did
// on the terminal.
func clean(raw string) string {
	raw = strings.TrimPrefix(strings.TrimRight(raw, "\r\n"), "\ufeff")
	if !strings.ContainsAny(raw, "\x1b\b\x7f") {
		return raw
	}
	raw = ansi.ReplaceAllString(raw, "")
	out := make([]rune, 0, len(raw))
	for _, r := range raw {
		if r == '\b' || r == 0x7F {
			out = out[:max(0, len(out)-1)]
			continue
		}
		out = append(out, r)
	}
	return string(out)
}

var ansi = regexp.MustCompile(`\x1b\[[0-9;?]*[ -/]*[@-~]`)

// transcript takes a line of our own transcripts. Who sent it is told by what
// it says: which mark is the client's depends on the log.
func (p *pasted) transcript(text string) bool {
	m := transcriptLine.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	mark, said := m[1], m[2]
	code := ""
	if row := answeredInRow.FindStringSubmatch(said); row != nil {
		said, code = row[1], row[2]
	}
	switch {
	case mark == "+":
		p.connected(strings.TrimSpace("connected "+said), Info)
	case mark == "-":
		p.note("NOTE", Info, strings.TrimSpace("disconnected "+said))
	case mark == "*":
		p.note("NOTE", Info, said)
	case isReply(said):
		p.server(said)
	default:
		p.data = p.data && said == "." // logs hold no messages
		p.client(said)
	}
	if code != "" {
		p.server(code)
	}
	return true
}

// swaks takes a line with the marks of swaks or of the many programs that mark
// lines alike.
func (p *pasted) swaks(text string) bool {
	if rest, ok := strings.CutPrefix(text, "=== "); ok {
		switch {
		case strings.HasPrefix(rest, "Trying "):
			p.connected(rest, Info)
		case strings.HasPrefix(rest, "TLS started"):
			p.note("TLS", Passed, rest)
		case strings.HasPrefix(rest, "Connection closed"):
			p.disconnected(rest)
		default:
			p.note("NOTE", Info, rest)
		}
		return true
	}
	if rest, ok := strings.CutPrefix(text, "*** "); ok {
		p.failedNote(rest)
		return true
	}
	for _, m := range receivedMarks {
		if rest, ok := strings.CutPrefix(text, m); ok && isReply(strings.TrimSpace(rest)) {
			p.server(strings.TrimSpace(rest))
			return true
		}
	}
	for _, m := range sentMarks {
		rest, ok := strings.CutPrefix(text, m)
		if ok && (p.data || p.login || m != "> " || isCommand(strings.TrimSpace(rest))) {
			p.client(strings.TrimSpace(rest))
			return true
		}
	}
	return false
}

// failedNote takes what a tool says about a failure.
func (p *pasted) failedNote(text string) {
	all := p.conversation.Exchanges
	if n := len(all); n > 0 && text != "" && (text[0] == '\t' || text[0] == ' ') && all[n-1].Note != "" && all[n-1].Result == Failed {
		all[n-1].Note += " " + strings.TrimSpace(text)
		all[n-1].Classification = p.failure(all[n-1].Note)
		return
	}
	lower := strings.ToLower(text)
	switch {
	case strings.Contains(lower, "tls"), strings.Contains(lower, "ssl"):
		p.note("TLS", Failed, text)
	case strings.Contains(lower, "closed connection"), strings.Contains(lower, "closed the connection"):
		p.disconnected(text)
	case strings.Contains(lower, "connect"):
		p.note("CONNECT", Failed, text)
	default:
		p.note("NOTE", Failed, text)
	}
}

// diag takes what SMTPDiag says about its own steps.
func (p *pasted) diag(text string) bool {
	switch {
	case strings.HasPrefix(text, "Connecting to ") && strings.Contains(text, " on port "):
		p.block = ""
		p.connected(text, Info)
	case strings.HasPrefix(text, "Connecting to the server failed"):
		p.note("CONNECT", Failed, text)
	case strings.HasPrefix(text, "Error: "), strings.HasPrefix(text, "Failed to "):
		p.note("NOTE", p.afterFailure(), text)
	case strings.HasPrefix(text, "Warning: "):
		p.note("NOTE", Warning, text)
	case strings.HasPrefix(text, "Successfully "), strings.HasSuffix(text, "Passed."), strings.HasSuffix(text, "test passed."), strings.HasSuffix(text, "test succeeded."):
		p.note("NOTE", Passed, text)
	case strings.HasSuffix(text, "test failed."), strings.HasSuffix(text, "Failed."):
		p.note("NOTE", Failed, text)
	case strings.HasPrefix(text, "Checking "):
		p.note("NOTE", Info, text)
	default:
		return false
	}
	return true
}

// afterFailure is the result of a note about a failure: Info when the reply or
// note that failed came just before, which says more.
func (p *pasted) afterFailure() Result {
	all := p.conversation.Exchanges
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Result == Failed {
			return Info
		}
		if all[i].Verb != "NOTE" || all[i].Result != Info {
			break
		}
	}
	return Failed
}

// telnet takes what telnet says itself, on Unix and Windows.
func (p *pasted) telnet(text string) bool {
	switch {
	case strings.HasPrefix(text, "Trying ") && strings.HasSuffix(text, "..."),
		strings.HasPrefix(text, "Connecting To ") && !strings.Contains(text, "Could not"):
		p.connected(text, Info)
	case strings.HasPrefix(text, "Connected to "):
		p.note("CONNECT", Passed, text)
	case strings.HasPrefix(text, "Escape character is"):
	case strings.HasPrefix(text, "telnet: "), strings.Contains(text, "Could not open connection to the host"):
		p.note("CONNECT", Failed, text)
	case strings.HasPrefix(text, "Connection closed by foreign host"), strings.HasPrefix(text, "Connection to host lost"):
		p.disconnected(text)
	default:
		return false
	}
	return true
}

// openssl takes what "openssl s_client" says, and passes over certificates and
// sessions.
func (p *pasted) openssl(text, trimmed string) bool {
	switch {
	case strings.HasPrefix(text, "CONNECTED("):
		p.connected("connected", Passed)
		p.spoken, p.greeting = true, true
	case strings.HasPrefix(text, "-----BEGIN "):
		p.block, p.until = "skip", "-----END "
		p.conversation.Ignored++
	case strings.HasPrefix(text, "New, ") && strings.Contains(text, "Cipher is"):
		if strings.Contains(text, "(NONE)") {
			p.note("TLS", Failed, "no TLS: "+text)
			p.tls(reply.ReasonTLSFailed)
		} else {
			p.note("TLS", Passed, strings.TrimPrefix(text, "New, "))
		}
	case strings.HasPrefix(trimmed, "Verify return code: "):
		p.verification(trimmed)
	case strings.Contains(text, ":error:"), strings.HasPrefix(text, "connect:errno="), strings.HasPrefix(text, "BIO_connect:"):
		p.opensslError(text)
	case strings.HasPrefix(trimmed, "Didn't find STARTTLS"), strings.HasPrefix(trimmed, "didn't found starttls"), strings.HasPrefix(trimmed, "didn't found STARTTLS"):
		p.note("TLS", Warning, "the server does not offer STARTTLS")
	case trimmed == "DONE", trimmed == "closed", strings.HasPrefix(text, "read:errno="):
		p.disconnected(trimmed)
	case trimmed == "RENEGOTIATING":
		p.note("NOTE", Warning, "openssl takes a line that begins with R for an order to renegotiate: RCPT was not sent (write it in small letters, or use -quiet)")
		p.pending = nil
	default:
		return false
	}
	return true
}

// verification takes openssl's verdict about the certificate. A server that
// does not check it delivers all the same.
func (p *pasted) verification(text string) {
	if p.verified == text {
		return
	}
	p.verified = text
	if strings.HasPrefix(text, "Verify return code: 0 ") {
		p.note("TLS", Passed, text)
		return
	}
	p.note("TLS", Warning, "the certificate is not trusted: "+text)
	p.tls(reply.ReasonTLSFailed)
}

func (p *pasted) opensslError(text string) {
	if strings.HasPrefix(text, "connect:errno=") || strings.Contains(text, "BIO_connect") || strings.Contains(text, "system library") {
		p.note("CONNECT", Failed, text)
		return
	}
	parts := strings.Split(text, ":")
	for i := len(parts) - 1; i > 0; i-- {
		// The words of the error stand behind "SSL routines:" and the function.
		if strings.Contains(parts[i], " ") && !strings.Contains(parts[i], "routines") && !strings.Contains(parts[i], "/") {
			text = "TLS failed: " + parts[i] + " (" + strings.TrimSpace(text) + ")"
			break
		}
	}
	p.note("TLS", Failed, text)
	p.tls(reply.ReasonTLSFailed)
}

// tls gives the last note the reason.
func (p *pasted) tls(r reply.Reason) {
	if n := len(p.conversation.Exchanges); n > 0 {
		p.conversation.Exchanges[n-1].Classification = because(r)
	}
}

// plain takes a line without a mark: what it is, it must say itself.
func (p *pasted) plain(text, trimmed string) {
	switch {
	case p.block == "sent":
		p.client(trimmed)
	case p.block == "received", isReply(trimmed) && text == trimmed, p.more && isReply(trimmed):
		p.server(trimmed)
	case isCommand(trimmed), p.login && text == trimmed:
		p.client(trimmed)
	default:
		p.conversation.Ignored++
	}
}

func isReply(text string) bool {
	line, ok := reply.ParseLine([]byte(text))
	return ok && line.Code >= 200
}

// verbs are the commands that are recognised without a mark, with what must
// follow them.
var verbs = map[string]func(arg string) bool{
	"EHLO": oneWord, "HELO": oneWord, "LHLO": oneWord, "MAIL": func(a string) bool { return hasPrefixFold(a, "FROM:") },
	"RCPT": func(a string) bool { return hasPrefixFold(a, "TO:") }, "DATA": nothing, "RSET": nothing, "QUIT": nothing, "STARTTLS": nothing,
	"NOOP": oneWord, "VRFY": oneWord, "EXPN": oneWord, "HELP": oneWord, "ETRN": oneWord, "TURN": nothing, "AUTH": anything, "X-EXPS": anything,
	"BDAT": anything, "XCLIENT": anything, "X-LINK2STATE": anything, "XEXCH50": anything, "X-ANONYMOUSTLS": nothing,
}

func oneWord(arg string) bool  { return !strings.ContainsAny(arg, " \t") }
func nothing(arg string) bool  { return arg == "" }
func anything(arg string) bool { return true }

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func isCommand(text string) bool {
	verb, arg := splitCommand(text)
	check := verbs[verb]
	return check != nil && check(arg)
}

func splitCommand(text string) (verb, arg string) {
	verb, arg, _ = strings.Cut(strings.TrimSpace(text), " ")
	return strings.ToUpper(verb), strings.TrimSpace(arg)
}

// errnoInText finds the Win32 or Winsock number that SMTPDiag and others give.
var errnoInText = regexp.MustCompile(`(?i)error:? (?:code:? )?(0x[0-9a-f]{8}|1\d{4}|[89][0-9a-f]{7})\b`)

// errorNumber returns the number that a note about a failure gives, in the form
// in which it can be explained, "" for none.
func errorNumber(text string) string {
	m := errnoInText.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	if len(m[1]) == 8 {
		return "0x" + m[1]
	}
	return m[1]
}
