package ndr

import (
	"strings"

	"github.com/smtplog/smtplog/reply"
)

// codesIn returns the first reply code and the first enhanced code that stand
// in text as a server would write them, which are those of the outermost
// reply. An enhanced code right after the reply code goes before others.
func codesIn(text string) (code reply.Code, enhanced reply.Enhanced) {
	code, enhanced, _ = findCodes(text)
	return code, enhanced
}

// findCodes is codesIn and also returns where the reply begins, -1 when there
// is no code.
func findCodes(text string) (code reply.Code, enhanced reply.Enhanced, at int) {
	at = -1
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c < '2' || c > '5' || i > 0 && (alnum(text[i-1]) || text[i-1] == '.' || text[i-1] == '-' && !afterCode(text, i)) {
			continue
		}
		if e, n := reply.ParseEnhanced(window(text, i)); n > 0 {
			if enhanced.IsZero() && e.Major != 3 && !strings.HasPrefix(text[i+n:], "-") && !versionBefore(text[:i]) {
				enhanced = e
			}
			i += n
			continue
		}
		found, ok := reply.ParseCode(window(text, i))
		if !ok || code != 0 || !codeContext(text, i) {
			continue
		}
		code, at = found, i
		after := strings.TrimLeft(text[i+3:min(len(text), i+24)], " -#\n")
		if e, n := reply.ParseEnhanced([]byte(after)); n > 0 {
			return code, e, at
		}
	}
	return code, enhanced, at
}

func window(text string, i int) []byte { return []byte(text[i:min(len(text), i+12)]) }

// afterCode tells whether the hyphen before text[i] follows a reply code, as in
// "550-5.1.1".
func afterCode(text string, i int) bool {
	if i < 4 {
		return false
	}
	_, ok := reply.ParseCode([]byte(text[i-4 : i-1]))
	return ok
}

// versionBefore tells whether the word before names a version.
func versionBefore(s string) bool {
	s = strings.TrimRight(s[max(0, len(s)-12):], " ")
	return strings.HasSuffix(strings.ToLower(s), "version") || strings.HasSuffix(s, " v") || strings.HasSuffix(s, "(v")
}

// codeContext tells whether the three digits at text[i] stand where a reply
// begins and not amid a sentence, as in "the message has 550 lines".
func codeContext(text string, i int) bool {
	after := text[i+3:]
	if after != "" && strings.IndexByte(" -\t\r\n,:.;'\")]", after[0]) < 0 {
		return false
	}
	// "553, sorry" and "550." count, "192.0.2.4" and "250.5" do not.
	if len(after) > 1 && (after[0] == '.' || after[0] == ',' || after[0] == ':') && alnum(after[1]) {
		return false
	}
	if len(after) > 1 && after[0] == '-' && !digit(after[1]) && after[1] != ' ' {
		return true // "550-User unknown"
	}
	before := strings.TrimRight(text[:i], " \t")
	if before == "" || len(before) < i && strings.HasSuffix(before, ")") {
		return true
	}
	if strings.IndexByte(":'\"#[(<>;\n,-=", before[len(before)-1]) >= 0 {
		return true
	}
	// Named as such: "error 550", "ResponseCode 421", "said 550", "554 554 5.7.1".
	word := strings.ToLower(before[strings.LastIndexAny(before[max(0, len(before)-16):], " \t\n:,")+1+max(0, len(before)-16):])
	switch word {
	case "error", "code", "responsecode", "said", "status", "reply", "smtp", "with", "returned", "was", "reason", "erreur", "fehler", "errore":
		return true
	}
	_, ok := reply.ParseCode([]byte(word))
	return ok && len(word) == 3
}
