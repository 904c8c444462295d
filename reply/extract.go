package reply

import (
	"strings"
	"time"
)

// The longest delay that is believed.
const maxRetryAfter = 7 * 24 * time.Hour

// Words that make a span of time in a reply a delay before the next attempt.
var retryWords = []string{
	"try", "retr", "again", "wait", "come back", "later", "greylist", "graylist", "grey list",
	"delayed", "resend", "reconnect", "postgrey", "in ", "deferred for", "blocked for", "until",
}

// retryAfter returns the delay that a reply of a transient kind asks for:
// "try again in 5 minutes", "retry in 00:15:00", "greylisted for 300 seconds".
// It returns 0 when there is none.
func retryAfter(text string) time.Duration {
	for i := 0; i < len(text); i++ {
		if !digit(text[i]) || i > 0 && (letterOrDigit(text[i-1]) || text[i-1] == '.' || text[i-1] == ':') {
			continue
		}
		end := i
		n := time.Duration(0)
		for end < len(text) && digit(text[end]) && end-i < 8 {
			n = n*10 + time.Duration(text[end]-'0')
			end++
		}
		d := clockTime(text[i:])
		if d == 0 {
			d = n * unit(text[end:])
		}
		if d > 0 && d <= maxRetryAfter && asksToWait(text, i) {
			return d
		}
		i = end
	}
	return 0
}

// clockTime reads "00:15:00" or "15:00" (minutes and seconds).
func clockTime(s string) time.Duration {
	var part [3]time.Duration
	n, i := 0, 0
	for n < 3 {
		if i+1 >= len(s) || !digit(s[i]) {
			return 0
		}
		part[n] = time.Duration(s[i] - '0')
		i++
		if digit(s[i]) {
			part[n] = part[n]*10 + time.Duration(s[i]-'0')
			i++
		}
		n++
		if i >= len(s) || s[i] != ':' {
			break
		}
		i++
	}
	if i < len(s) && letterOrDigit(s[i]) {
		return 0
	}
	switch n {
	case 3:
		return part[0]*time.Hour + part[1]*time.Minute + part[2]*time.Second
	case 2:
		return part[0]*time.Minute + part[1]*time.Second
	}
	return 0
}

// unit reads the unit of time that s begins with.
func unit(s string) time.Duration {
	s = strings.TrimLeft(s, " ")
	n := 0
	var word [8]byte
	for n < len(s) && n < len(word) && byteKinds[s[n]] == hasLetter {
		word[n] = lower(s[n])
		n++
	}
	switch string(word[:n]) {
	case "s", "sec", "secs", "second", "seconds", "sekunde", "sekunden":
		return time.Second
	case "m", "min", "mins", "minute", "minutes", "minuten", "minuti", "minutos":
		return time.Minute
	case "h", "hr", "hrs", "hour", "hours", "stunde", "stunden", "heure", "heures", "ore", "horas":
		return time.Hour
	}
	// The word may go on behind eight letters: "second(s)" and "minuten" do not.
	return 0
}

// asksToWait reports whether the words around text[i] make a span of time that
// begins there a delay. The words before it count for 48 bytes, or back to the
// end of the sentence.
func asksToWait(text string, i int) bool {
	from := max(0, i-48)
	before := text[from:i]
	if p := strings.LastIndex(before, ". "); p >= 0 {
		before = before[p+2:]
	}
	for _, no := range [...]string{"deliver in", "in the last", "within", "per ", "every"} {
		if containsFold(before, no) {
			return false
		}
	}
	for _, w := range retryWords {
		if containsFold(before, w) {
			return true
		}
	}
	return false
}

// containsFold reports whether s contains sub, which is in lower case.
func containsFold(s, sub string) bool {
	for i := 0; i+len(sub) <= len(s); i++ {
		j := 0
		for j < len(sub) && lower(s[i+j]) == sub[j] {
			j++
		}
		if j == len(sub) {
			return true
		}
	}
	return false
}

// The web sites of blocklists, and their names in running text, with the zone
// that stands for them.
var listNames = []struct{ name, list string }{
	{"zen.spamhaus.org", "zen.spamhaus.org"},
	{"spamhaus.org/sbl", "sbl.spamhaus.org"}, {"spamhaus.org/pbl", "pbl.spamhaus.org"},
	{"spamhaus.org/xbl", "xbl.spamhaus.org"}, {"spamhaus.org/css", "sbl.spamhaus.org"},
	{"spamhaus.org/dbl", "dbl.spamhaus.org"}, {"spamhaus.org/query/sbl", "sbl.spamhaus.org"},
	{"spamhaus sbl", "sbl.spamhaus.org"}, {"spamhaus pbl", "pbl.spamhaus.org"},
	{"spamhaus xbl", "xbl.spamhaus.org"}, {"spamhaus dbl", "dbl.spamhaus.org"},
	{"spamhaus zen", "zen.spamhaus.org"}, {"spamhaus", "spamhaus.org"},
	{"spamcop", "bl.spamcop.net"}, {"barracudacentral", "b.barracudacentral.org"},
	{"barracuda reputation", "b.barracudacentral.org"},
	{"sorbs", "dnsbl.sorbs.net"}, {"uceprotect", "dnsbl.uceprotect.net"},
	{"abuseat", "cbl.abuseat.org"}, {"invaluement", "invaluement.com"},
	{"mailspike", "bl.mailspike.net"}, {"senderscore", "bl.score.senderscore.com"},
	{"surriel", "psbl.surriel.com"}, {"surbl", "multi.surbl.org"}, {"uribl", "uribl.com"},
	{"spfbl", "dnsbl.spfbl.net"}, {"dnsbl.proofpoint", "dnsbl.proofpoint.com"},
	{"ipcheck.proofpoint", "dnsbl.proofpoint.com"}, {"manitu", "ix.dnsbl.manitu.net"},
	{"cloudmark", "cloudmark.com"}, {"s5h.net", "all.s5h.net"}, {"junkemailfilter", "hostkarma.junkemailfilter.com"},
}

// blocklist returns the blocklist that a text names: the zone where one is
// written out, else the zone behind a list's name or web site, else "".
func blocklist(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	for i := 0; i < len(text); {
		if !wordByte(text[i]) {
			i++
			continue
		}
		end, kind := wordEnd(text, i)
		if kind&(hasDot|hasAt|hasHigh) == hasDot && listZone(text[i:end]) && (end == len(text) || text[end] != '/') {
			return strings.ToLower(text[i:end])
		}
		i = end
	}
	for i := range listNames {
		if containsFold(text, listNames[i].name) {
			return listNames[i].list
		}
	}
	return ""
}

// Labels that the zones of blocklists have at their start or further on.
var listLabels = map[string]bool{
	"dnsbl": true, "rbl": true, "dnsrbl": true, "dnsbls": true, "rbls": true, "bl": true, "sbl": true,
	"xbl": true, "pbl": true, "zen": true, "dbl": true, "dul": true, "cbl": true, "psbl": true,
	"blacklist": true, "blocklist": true, "blackholes": true,
	"uribl": true, "rhsbl": true, "hostkarma": true, "ubl": true, "iprep": true,
}

// listZone reports whether a host name looks like the zone of a blocklist:
// three labels or more, one of which says so.
func listZone(name string) bool {
	if strings.Count(name, ".") < 2 {
		return false
	}
	labels := 0
	for label := range strings.SplitSeq(name, ".") {
		labels++
		var low [16]byte
		if len(label) == 0 || len(label) > len(low) {
			continue
		}
		for i := range len(label) {
			low[i] = lower(label[i])
		}
		if l := string(low[:len(label)]); listLabels[l] || labels <= 2 && (strings.HasSuffix(l, "dnsbl") ||
			strings.HasPrefix(l, "dnsbl") || strings.HasSuffix(l, "rbl") && len(l) > 3 || strings.HasPrefix(l, "bl-")) {
			return true
		}
	}
	return false
}
