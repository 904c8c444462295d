package session

import (
	"bytes"
	"strings"
)

// pathArg takes the argument of MAIL or RCPT apart: the address without its
// <>, and the parameters behind it. keyword is "FROM:" or "TO:". ok is false
// when the argument does not begin with it.
func pathArg(arg []byte, keyword string) (address, params []byte, ok bool) {
	if len(arg) < len(keyword) || !bytes.EqualFold(arg[:len(keyword)], []byte(keyword)) {
		return nil, nil, false
	}
	arg = bytes.TrimLeft(arg[len(keyword):], " \t")
	if len(arg) > 0 && arg[0] == '<' {
		end := closingBracket(arg)
		if end < 0 {
			return stripRoute(bytes.TrimSpace(arg[1:])), nil, true
		}
		return stripRoute(arg[1:end]), bytes.TrimSpace(arg[end+1:]), true
	}
	// QUIRK: logs pasted from web pages keep the entities of HTML.
	if rest, found := bytes.CutPrefix(arg, []byte("&lt;")); found {
		if address, params, found := bytes.Cut(rest, []byte("&gt;")); found {
			return stripRoute(address), bytes.TrimSpace(params), true
		}
	}
	// Clients do send addresses without <>, and servers take them.
	if i := bytes.IndexByte(arg, ' '); i >= 0 {
		return arg[:i], bytes.TrimSpace(arg[i:]), true
	}
	return arg, nil, true
}

// addressOf returns the address in the argument of MAIL or RCPT, as far as it
// has one; else the argument.
func addressOf(arg []byte, keyword string) []byte {
	// Nearly all write it in upper case, and nothing between keyword and "<".
	if n := len(keyword); len(arg) > n && arg[n] == '<' && string(arg[:n]) == keyword {
		if end := closingBracket(arg[n:]); end > 0 {
			return stripRoute(arg[n+1 : n+end])
		}
	}
	if address, _, ok := pathArg(arg, keyword); ok {
		return address
	}
	return arg
}

// closingBracket returns the index of the ">" that closes the "<" at arg[0],
// -1 for none. A ">" inside a quoted local part does not count.
func closingBracket(arg []byte) int {
	first := bytes.IndexByte(arg, '>')
	if first < 0 || bytes.IndexByte(arg[:first], '"') < 0 {
		return first
	}
	quoted := false
	for i := 1; i < len(arg); i++ {
		switch c := arg[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			return i
		}
	}
	return first
}

// stripRoute drops a source route (RFC 5321 appendix F.2): "@a,@b:user@c".
func stripRoute(address []byte) []byte {
	if len(address) > 0 && address[0] == '@' {
		if i := bytes.IndexByte(address, ':'); i >= 0 {
			return address[i+1:]
		}
	}
	return address
}

// param returns the value of an ESMTP parameter, such as SIZE.
func param(params []byte, name string) []byte {
	for len(params) > 0 {
		word := params
		if i := bytes.IndexByte(params, ' '); i >= 0 {
			word, params = params[:i], params[i+1:]
		} else {
			params = nil
		}
		if len(word) > len(name) && word[len(name)] == '=' && bytes.EqualFold(word[:len(name)], []byte(name)) {
			return word[len(name)+1:]
		}
	}
	return nil
}

// Domain returns the domain of an address in lower case, "" when it has none.
// A trailing dot is dropped.
func Domain(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return ""
	}
	return strings.ToLower(strings.Trim(address[i+1:], ". >"))
}

// Host returns an endpoint without its port: "192.0.2.1" of "192.0.2.1:25" and
// "2001:db8::1" of "[2001:db8::1]:25". A bare IPv6 address stays as it is.
func Host(endpoint string) string {
	if strings.HasPrefix(endpoint, "[") {
		if i := strings.IndexByte(endpoint, ']'); i > 0 {
			return endpoint[1:i]
		}
		return endpoint
	}
	if i := strings.LastIndexByte(endpoint, ':'); i >= 0 && strings.IndexByte(endpoint, ':') == i {
		return endpoint[:i]
	}
	return endpoint
}
