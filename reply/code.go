package reply

import "strconv"

// Code is a three-digit SMTP reply code (RFC 5321 section 4.2).
// The zero Code means that there was none.
type Code uint16

// Class sorts a reply by what a client does about it (RFC 5321 section 4.2.1).
type Class uint8

// The classes. Intermediate 3xx replies are OK: they ask the client to go on.
const (
	ClassNone Class = iota // nothing is known
	OK                     // 2xx and 3xx
	Transient              // 4xx: may be tried again
	Permanent              // 5xx: refused for good
)

var classNames = [...]string{"", "ok", "transient", "permanent"}

// String returns "ok", "transient", "permanent", or "" for ClassNone.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return ""
}

// Failed reports whether the class is Transient or Permanent.
func (c Class) Failed() bool { return c == Transient || c == Permanent }

// Class returns the class that the first digit of the code stands for,
// ClassNone for 0, for 1xx and for what is no SMTP code.
func (c Code) Class() Class {
	switch c / 100 {
	case 2, 3:
		return OK
	case 4:
		return Transient
	case 5:
		return Permanent
	}
	return ClassNone
}

// String returns the three digits, or "" for no code.
func (c Code) String() string {
	if c == 0 {
		return ""
	}
	return strconv.Itoa(int(c))
}

// ParseCode reads the three digits that b begins with. The digit after the
// third must not be a digit too; ok is false when b does not begin with a code
// from 200 to 599.
func ParseCode(b []byte) (code Code, ok bool) {
	if len(b) < 3 || b[0] < '2' || b[0] > '5' || !digit(b[1]) || !digit(b[2]) {
		return 0, false
	}
	if len(b) > 3 && digit(b[3]) {
		return 0, false
	}
	return Code(b[0]-'0')*100 + Code(b[1]-'0')*10 + Code(b[2]-'0'), true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
