package probe

import (
	"bufio"
	"crypto/tls"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// A mailServer says how a go-smtp server behaves; the zero value accepts all.
type mailServer struct {
	tls  *tls.Config
	mail func(from string) error
	rcpt func(to string) error
	data func(message string) error
	utf8 bool

	mu       sync.Mutex
	messages []string
	from     []string
}

func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return mailSession{m}, nil }

type mailSession struct{ m *mailServer }

func (s mailSession) Reset()        {}
func (s mailSession) Logout() error { return nil }

func (s mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.m.mu.Lock()
	s.m.from = append(s.m.from, from)
	s.m.mu.Unlock()
	if s.m.mail != nil {
		return s.m.mail(from)
	}
	return nil
}

func (s mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.m.rcpt != nil {
		return s.m.rcpt(to)
	}
	return nil
}

func (s mailSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.m.mu.Lock()
	s.m.messages = append(s.m.messages, string(b))
	s.m.mu.Unlock()
	if s.m.data != nil {
		return s.m.data(string(b))
	}
	return nil
}

// refuse returns the reply as go-smtp wants it.
func refuse(code int, enhanced smtp.EnhancedCode, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

// smtp starts a go-smtp server under the address.
func (w *world) smtp(address string, m *mailServer) *mailServer {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	s := smtp.NewServer(m)
	s.Domain = "mx1.example.net"
	s.TLSConfig = m.tls
	s.EnableSMTPUTF8 = m.utf8
	s.ErrorLog = log.New(io.Discard, "", 0)
	go s.Serve(l)
	w.t.Cleanup(func() { s.Close() })
	w.route(tcp, address, l.Addr().String())
	return m
}

// raw starts a server that does what talk does, and then closes.
func (w *world) raw(address string, talk func(net.Conn)) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(20 * time.Second))
				talk(conn)
			}()
		}
	}()
	w.route(tcp, address, l.Addr().String())
}

// script is a server that answers line by line: the first reply is the banner.
// "hang" says nothing, "drop" closes.
func script(replies map[string]string) func(net.Conn) {
	return func(c net.Conn) {
		answer := func(verb, standard string) bool {
			text, ok := replies[verb]
			if !ok {
				text = standard
			}
			switch text {
			case "hang":
				io.Copy(io.Discard, c)
				return false
			case "drop":
				return false
			}
			_, err := io.WriteString(c, text+"\r\n")
			return err == nil
		}
		if !answer("banner", "220 mx1.example.net ESMTP") {
			return
		}
		r := bufio.NewScanner(c)
		for r.Scan() {
			verb, _, _ := strings.Cut(strings.ToUpper(r.Text()), " ")
			standard := map[string]string{
				"EHLO": "250-mx1.example.net Hello [198.51.100.7]\r\n250 SIZE 1000", "HELO": "250 hello", "QUIT": "221 bye", "DATA": "354 go on", ".": "250 taken",
				"STARTTLS": "220 go ahead",
			}[verb]
			if standard == "" {
				standard = "250 ok"
			}
			if _, known := replies[verb]; !known && strings.Contains(r.Text(), ":") && verb != "MAIL" && verb != "RCPT" || len(verb) == 0 || strings.HasSuffix(verb, "THIS") || strings.HasPrefix(verb, "NOTHING") {
				continue // a line of the message
			}
			if !answer(verb, standard) || verb == "QUIT" {
				return
			}
		}
	}
}
