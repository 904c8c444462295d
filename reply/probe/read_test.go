package probe

import (
	"bufio"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

func FuzzReadReply(f *testing.F) {
	for _, s := range []string{"220 mx ESMTP\r\n", "250-a\r\n250-b\r\n250 c\r\n", "250-a\n", "", "\r\n", "220", "220-" + strings.Repeat("x", 100) + "\r\n220 y\r\n", "25x what\r\n", "250\x00a\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readReply(bufio.NewReader(strings.NewReader(text)))
		size := 0
		for _, l := range got.lines {
			size += len(l)
			if strings.Contains(l, "\n") {
				t.Fatalf("a line holds a line end: %q", l)
			}
		}
		if size > maxReplyText || len(got.lines) > maxReplyLines {
			t.Fatalf("%d octets in %d lines", size, len(got.lines))
		}
		if err == nil && (got.code < 200 || got.code > 599) {
			t.Fatalf("code %d without an error", got.code)
		}
		// The same when it comes octet by octet.
		again, err2 := readReply(bufio.NewReader(iotest.OneByteReader(strings.NewReader(text))))
		if again.text() != got.text() || again.code != got.code || !errors.Is(err, err2) && !errors.Is(err2, err) {
			t.Fatalf("%+v, %v and %+v, %v", got, err, again, err2)
		}
	})
}

func TestReadReplyBounds(t *testing.T) {
	for name, text := range map[string]string{
		"no line end":   strings.Repeat("2", 4<<20),
		"many lines":    strings.Repeat("250-x\n", 1<<20),
		"long lines":    strings.Repeat("250-"+strings.Repeat("y", 100<<10)+"\n", 100),
		"after a reply": "250-x\n" + strings.Repeat("z", 4<<20),
	} {
		r := strings.NewReader(text)
		got, err := readReply(bufio.NewReader(r))
		if !errors.Is(err, errReplyEndless) {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(got.text()); n > maxReplyText+maxReplyLines {
			t.Errorf("%s: kept %d octets", name, n)
		}
		if left := r.Len(); left < len(text)/4 {
			t.Errorf("%s: read all but %d octets", name, left)
		}
	}
}
