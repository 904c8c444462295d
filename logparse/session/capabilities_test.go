package session

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/reply"
)

// slowCapabilities is Capabilities with a string for everything.
func slowCapabilities(ehlo string) (list []string) {
	lines := strings.Split(ehlo, "\n")
	for i, line := range lines {
		l, ok := reply.ParseLine([]byte(line))
		text := string(l.Text)
		if !ok {
			text = line
		}
		if i > 0 {
			list = append(list, text)
			continue
		}
		_, folded, found := strings.Cut(text, "] ")
		if !found || len(lines) > 1 || l.More {
			continue
		}
		takes := false
		for _, w := range strings.Fields(folded) {
			parameters := []string{"GSSAPI", "NTLM", "LOGIN", "PLAIN", "CRAM-MD5", "EXCHANGEAUTH", "SHA256", "0"}
			if takes && (slices.Contains(parameters, w) || number([]byte(w)) > 0) {
				list[len(list)-1] += " " + w
				continue
			}
			list = append(list, w)
			takes = w == "SIZE" || w == "AUTH" || w == "X-EXPS"
		}
	}
	return list
}

func TestCapabilities(t *testing.T) {
	words := []string{"250 ", "250-", "250  mx.example.org Hello [192.0.2.7] ", "] ", "\n", "SIZE", "37748736", "0", "AUTH", "LOGIN", "NTLM",
		"X-EXPS", "GSSAPI", "PIPELINING", " ", "\t", "\u00a0", "2.0.0 ", "x", "\xff"}
	rng := rand.New(rand.NewPCG(8, 9))
	folded, several := 0, 0
	for range 20_000 {
		var text strings.Builder
		for range rng.IntN(12) {
			text.WriteString(words[rng.IntN(len(words))])
			if rng.IntN(3) == 0 {
				text.WriteByte(' ')
			}
		}
		s := Session{ehlo: text.String()}
		got, want := s.Capabilities(), slowCapabilities(s.ehlo)
		if !slices.Equal(got, want) {
			t.Fatalf("%q: %q, want %q", s.ehlo, got, want)
		}
		var written []string
		s.capabilities([]byte("before"), func(c []byte) { written = append(written, string(c)) })
		if !slices.Equal(written, want) {
			t.Fatalf("%q: %q written, want %q", s.ehlo, written, want)
		}
		if len(want) > 0 {
			if strings.Contains(s.ehlo, "\n") {
				several++
			} else {
				folded++
			}
		}
	}
	if folded < 500 || several < 500 {
		t.Errorf("%d folded, %d of several lines", folded, several)
	}
}
