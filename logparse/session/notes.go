package session

import (
	"bytes"
	"strings"
)

// authRow reads the mechanism of AUTH; an answer may stand behind it.
func (n *notes) authRow(b *Builder, arg []byte) {
	a := n.login()
	n.loggedIn = a.OK
	for word := range bytes.FieldsSeq(arg) {
		if !a.OK {
			a.Mechanism = strings.ToUpper(b.text.string(word))
		}
		break
	}
}

// login returns what is known of the login, of which there is some now.
func (n *notes) login() *Auth {
	if n.auth == nil {
		n.auth = &Auth{}
	}
	return n.auth
}

// loginAnswered takes in whether the server accepted the login. A refusal of one
// more AUTH does not undo a login.
func (n *notes) loginAnswered(ok bool) {
	a := n.login()
	if a.OK = ok || n.loggedIn; ok {
		a.Error = ""
	}
}

// inboundFailed reads "Inbound AUTH LOGIN failed because of LogonDenied". Exchange
// writes it once for each attempt and more: first tells the first. noted is
// false where the note says something else.
func (n *notes) inboundFailed(b *Builder, note []byte) (noted, first bool) {
	mechanism, cause, noted := bytes.Cut(note[len("Inbound AUTH "):], []byte(" failed because of "))
	if !noted {
		return false, false
	}
	n.loginAnswered(false)
	a := n.auth
	if a.Mechanism == "" {
		a.Mechanism = strings.ToUpper(b.text.string(mechanism))
	}
	first = a.Error == ""
	a.Error = b.text.string(cause)
	return true, first
}

// outboundFailed reads "Outbound Authentication failed with LogonDenied".
func (n *notes) outboundFailed(b *Builder, note []byte) {
	n.loginAnswered(false)
	n.auth.Error = b.text.string(note[len("Outbound Authentication failed with "):])
}

// tarpit adds a row that says that Exchange made the peer wait.
func (n *notes) tarpit(data, note []byte) {
	if d, ok := parseTarpit(data, note); ok {
		n.tarpits++
		n.tarpitted = min(n.tarpitted+d, maxTarpitted)
	}
}

// login is that of the notes. A client that logs in has not only greeted.
func (st *state) login() *Auth {
	st.used = true
	return st.notes.login()
}

// loginAnswered is that of the notes.
func (st *state) loginAnswered(ok bool) {
	st.used = true
	st.notes.loginAnswered(ok)
}
