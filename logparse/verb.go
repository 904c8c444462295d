package logparse

// Verb is an SMTP command, or one of the steps of a conversation that are no
// commands of their own.
type Verb uint8

// The verbs. VerbOther is a command that is not in this list; its name is in
// [Event.VerbText].
const (
	VerbNone    Verb = iota
	VerbConnect      // the opening of the connection, answered by the greeting
	VerbHELO
	VerbEHLO
	VerbLHLO
	VerbSTARTTLS
	VerbAnonymousTLS // X-ANONYMOUSTLS (Exchange 2007 and later)
	VerbAUTH
	VerbXEXPS // X-EXPS: Exchange's own AUTH
	VerbMAIL
	VerbSEND
	VerbSOML
	VerbSAML
	VerbRCPT
	VerbDATA // answered by the go-ahead, 354
	VerbEOM  // the end of the data, answered by the verdict about the message
	VerbBDAT
	VerbXEXCH50
	VerbRSET
	VerbQUIT
	VerbNOOP
	VerbVRFY
	VerbEXPN
	VerbHELP
	VerbTURN
	VerbETRN
	VerbATRN
	VerbLinkState // X-LINK2STATE (Exchange 2000/2003)
	VerbXPROXY
	VerbXPROXYFROM
	VerbXPROXYTO
	VerbXSHADOW
	VerbXSHADOWREQUEST
	VerbXQDISCARD
	VerbXSESSIONPARAMS
	VerbXMESSAGECONTEXT
	VerbOther
	verbCount
)

var verbNames = [verbCount]string{
	"", "CONNECT", "HELO", "EHLO", "LHLO", "STARTTLS", "X-ANONYMOUSTLS", "AUTH", "X-EXPS", "MAIL", "SEND",
	"SOML", "SAML", "RCPT", "DATA", "EOM", "BDAT", "XEXCH50", "RSET", "QUIT", "NOOP", "VRFY", "EXPN", "HELP",
	"TURN", "ETRN", "ATRN", "X-LINK2STATE", "XPROXY", "XPROXYFROM", "XPROXYTO", "XSHADOW", "XSHADOWREQUEST",
	"XQDISCARD", "XSESSIONPARAMS", "XMESSAGECONTEXT", "",
}

// String returns the command's name in upper case, "" for VerbNone and
// VerbOther.
func (v Verb) String() string {
	if v < verbCount {
		return verbNames[v]
	}
	return ""
}

// ParseVerb returns the verb that name is, in any case: VerbOther for a name
// that is not known, VerbNone for an empty one. CONNECT and EOM are no
// commands and come back as VerbOther.
func ParseVerb(name []byte) Verb {
	if len(name) == 0 {
		return VerbNone
	}
	for _, v := range verbsByFirst[name[0]|0x20] {
		if equalFoldASCII(name, verbNames[v]) {
			return v
		}
	}
	return VerbOther
}

// verbsByFirst lists the verbs by the lower-case first letter of their names.
var verbsByFirst = func() (t [256][]Verb) {
	for v := VerbHELO; v < VerbOther; v++ {
		if v != VerbEOM {
			c := verbNames[v][0] | 0x20
			t[c] = append(t[c], v)
		}
	}
	return t
}()

// equalFoldASCII reports whether b is upper, an ASCII name in upper case, in
// any case.
func equalFoldASCII(b []byte, upper string) bool {
	if len(b) != len(upper) {
		return false
	}
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}

// SplitCommand splits a command line as it went over the wire into its verb
// and the rest behind the blank. "MAIL FROM:<a@b>" gives MAIL and
// "FROM:<a@b>". name is the verb as written.
func SplitCommand(line []byte) (verb Verb, name, arg []byte) {
	if len(line) > 4 && line[4] == ' ' || len(line) == 4 {
		if verb := verbOfFour(line); verb != VerbNone {
			return verb, line[:4], skipSpace(line[4:])
		}
	}
	line = skipSpace(line)
	end := 0
	for end < len(line) && line[end] != ' ' && line[end] != '\t' {
		end++
	}
	name = line[:end]
	return ParseVerb(name), name, skipSpace(line[end:])
}

// verbOfFour returns the verb that the first four bytes of line are in upper
// case, as nearly all are that a mail server logs: VerbNone if it is none of
// the common ones.
func verbOfFour(line []byte) Verb {
	switch string(line[:4]) {
	case "MAIL":
		return VerbMAIL
	case "RCPT":
		return VerbRCPT
	case "DATA":
		return VerbDATA
	case "BDAT":
		return VerbBDAT
	case "EHLO":
		return VerbEHLO
	case "HELO":
		return VerbHELO
	case "QUIT":
		return VerbQUIT
	case "RSET":
		return VerbRSET
	case "AUTH":
		return VerbAUTH
	case "NOOP":
		return VerbNOOP
	}
	return VerbNone
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}
