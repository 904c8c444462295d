package session

import "github.com/smtplog/smtplog/reply"

// A stage is how far a conversation has come.
type stage uint8

const (
	stageFresh   stage = iota // nothing yet
	stageNoHelo               // EHLO or what stood for it was refused
	stageReady                // greeted
	stageTLS                  // STARTTLS was accepted: HELO comes again
	stageMail                 // MAIL was accepted
	stageRcpt                 // and a recipient
	stageNoRcpt               // and no recipient
	stageDone                 // the message has been sent
	stageReset                // after RSET
	stageRefused              // MAIL was refused
	stageUnknown              // the log does not have the beginning
	stageQuit                 // QUIT was sent
	stages
)

// never is the likelihood of a command that makes no sense where it stands.
const never = 1e-5

// nextVerb is the likelihood of each command by the stage.
var nextVerb = func() (t [stages][matchVerbs]float64) {
	//                  other  helo   ehlo   mail   rcpt   data   reset  quit   auth   tls
	t[stageFresh] = [...]float64{0.1, 0.2, 0.6, 0.005, 0.001, 0.001, 0.01, 0.08, 0.005, 0.005}
	t[stageNoHelo] = [...]float64{0.03, 0.75, 0.02, 0.005, 0.001, 0.001, 0.01, 0.18, 0.005, 0.005}
	t[stageReady] = [...]float64{0.03, 0.002, 0.002, 0.78, never, never, 0.04, 0.06, 0.05, 0.05}
	t[stageTLS] = [...]float64{0.01, 0.01, 0.94, 0.01, never, never, 0.005, 0.02, 0.02, 0.001}
	t[stageMail] = [...]float64{0.01, 0.0005, 0.0005, never, 0.96, never, 0.015, 0.015, never, never}
	t[stageRcpt] = [...]float64{0.01, 0.0003, 0.0003, never, 0.38, 0.58, 0.01, 0.01, never, never}
	t[stageNoRcpt] = [...]float64{0.01, 0.001, 0.001, 0.02, 0.4, 0.03, 0.25, 0.3, never, never}
	t[stageDone] = [...]float64{0.01, 0.002, 0.002, 0.27, never, never, 0.09, 0.62, 0.001, 0.001}
	t[stageReset] = [...]float64{0.02, 0.005, 0.005, 0.55, never, never, 0.02, 0.38, 0.01, 0.01}
	t[stageRefused] = [...]float64{0.01, 0.005, 0.005, 0.25, 0.02, 0.005, 0.25, 0.45, 0.01, 0.01}
	t[stageUnknown] = [...]float64{0.05, 0.015, 0.015, 0.3, 0.3, 0.2, 0.1, 0.3, 0.05, 0.05}
	t[stageQuit] = [...]float64{never, never, never, never, never, never, never, never, never, never}
	return t
}()

// after returns the stage that follows once verb was answered with code; 0 is
// taken for success.
func (s stage) after(verb matchVerb, code reply.Code) stage {
	ok := code == 0 || code.Class() == reply.OK
	switch verb {
	case verbHelo, verbEhlo:
		if ok {
			return stageReady
		}
		return stageNoHelo
	case verbOther:
		if !ok && s == stageFresh {
			return stageNoHelo
		}
	case verbTLS:
		if ok {
			return stageTLS
		}
	case verbMail:
		if ok {
			return stageMail
		}
		return stageRefused
	case verbRcpt:
		switch {
		case ok:
			return stageRcpt
		case s == stageMail:
			return stageNoRcpt
		}
	case verbData, verbEOM:
		if code != 503 {
			return stageDone
		}
	case verbReset:
		if s > stageReady {
			return stageReset
		}
	case verbQuit:
		return stageQuit
	}
	return s
}
