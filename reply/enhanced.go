package reply

import "strconv"

// Enhanced is an enhanced status code class.subject.detail (RFC 3463).
// The zero Enhanced means that there was none.
type Enhanced struct {
	Major   uint8  // class: 2, 4 or 5
	Subject uint16 // 0 to 999
	Detail  uint16 // 0 to 999
}

// IsZero reports whether there is no enhanced code.
func (e Enhanced) IsZero() bool { return e == Enhanced{} }

// Class returns the class that the first number stands for.
func (e Enhanced) Class() Class { return (Code(e.Major) * 100).Class() }

// Append appends the code in the form "5.7.1" to b, nothing for the zero code.
func (e Enhanced) Append(b []byte) []byte {
	if e.IsZero() {
		return b
	}
	b = strconv.AppendUint(b, uint64(e.Major), 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, uint64(e.Subject), 10)
	b = append(b, '.')
	return strconv.AppendUint(b, uint64(e.Detail), 10)
}

// String returns "5.7.1", or "" for no code.
func (e Enhanced) String() string {
	if e.IsZero() {
		return ""
	}
	return string(e.Append(make([]byte, 0, 9)))
}

// ParseEnhanced reads the enhanced code that b begins with and returns the
// number of bytes it takes, 0 when there is none. What follows it must be the
// end, a blank or punctuation: "5.7.1.2" and "5.7.1x" are no codes.
func ParseEnhanced(b []byte) (e Enhanced, n int) {
	if len(b) < 5 || b[1] != '.' || b[0] != '2' && b[0] != '4' && b[0] != '5' {
		return Enhanced{}, 0
	}
	// Most have one digit each, and a blank behind them.
	if len(b) > 5 && b[3] == '.' && b[5] == ' ' && digit(b[2]) && digit(b[4]) {
		return Enhanced{b[0] - '0', uint16(b[2] - '0'), uint16(b[4] - '0')}, 5
	}
	subject, i := number(b, 2)
	if i == 2 || i >= len(b) || b[i] != '.' {
		return Enhanced{}, 0
	}
	detail, j := number(b, i+1)
	if j == i+1 || j < len(b) && (letterOrDigit(b[j]) || b[j] == '.' && j+1 < len(b) && digit(b[j+1])) {
		return Enhanced{}, 0
	}
	return Enhanced{b[0] - '0', subject, detail}, j
}

// number reads up to three digits of b from i on and returns where they end,
// i when there are none or more than three.
func number(b []byte, i int) (n uint16, end int) {
	for end = i; end < len(b) && digit(b[end]); end++ {
		if end == i+3 {
			return 0, i
		}
		n = n*10 + uint16(b[end]-'0')
	}
	return n, end
}

func letterOrDigit(c byte) bool {
	return digit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
