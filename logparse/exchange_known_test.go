package logparse

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// TestQuickKnown reads rows of sessions that take turns, of which ids, endpoints and connectors
// change, and which end with texts that come again.
func TestQuickKnown(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	connectors := []string{`EX1\Default Frontend EX1`, `EX1\Client Proxy EX1`, "Outbound", `EX1\` + strings.Repeat("a", 50), `EX1\` + strings.Repeat("a", 49) + "b",
		`EX1\` + strings.Repeat("a", 70), "a", "-", "", `"EX1\a, b"`}
	texts := []string{"<,DATA,", "<,QUIT,", "<,EHLO mail.example.org,", "<, HELO  x,", "<, HELO  x,y ", `<,"EHLO a, b",`, `>,"354 go, ahead",x`, "<, NOOP,", "<,RCPT TO:<a@example.org>,", ">,250 2.1.0 Sender OK,", ">,250,", "+,,", "-,,", "-,,Local",
		">,221 2.0.0 Service closing transmission channel,", ">,221 2.0.0 Service closing transmission channel,x", ">,250-SIZE,", "<,,",
		`>,"354 go, ahead",`, ">,250 2.1.0 Sender OK", ">,250 2.1.0 Sender OK,,", "*,,Set Session Permissions", "*,a,receiving message  ", "x,a,",
		`>,"354 go ahead, end with "".""",`, `*,,"a ""b"", c"`, `*,"a, ""b""","c ""d"" "`, `<,"X-A ""b""",`, `>,"""250"" x",`, `>,"250 x`, `*,,"a`,
		"<,MAIL FROM:<a@example.org> SIZE=9,", "<,MAIL FROM:<a@example.org>,x", "<,MAIL FROM:<a,b@example.org>,", `<,"MAIL FROM:<a,b@example.org>",`, "<,RCPT TO:<a-b+c@example.org>",
		"<,RCPT TO:<" + strings.Repeat("a", 95) + ">,", "<,RCPT TO:<" + strings.Repeat("a", 98) + ">,", "<,RCPT TO:<" + strings.Repeat("a", 120) + ">,", "<,RCPT T,", "<,MAIL F\n,", "<,MAIL FROM:<a\x00>,",
		">,250 2.1.0 " + strings.Repeat("x", 40) + "1,", ">,250 2.1.0 " + strings.Repeat("x", 40) + "2,", `>,"250 2.1.0 ` + strings.Repeat("x", 40) + `, 1",`, `>,"250 2.1.0 ` + strings.Repeat("x", 40) + `, ""2""",`,
		"*,," + strings.Repeat("a", 600), "*,," + strings.Repeat("a", 450), "*," + strings.Repeat("a", 60) + "," + strings.Repeat("b", 70), "*," + strings.Repeat("a", 60) + "," + strings.Repeat("b", 70) + "c  ",
		"*," + strings.Repeat("a", 60) + "," + strings.Repeat("b", 70) + ",", "<,X-" + strings.Repeat("a", 150) + ",", "<,X-" + strings.Repeat("a", 80) + " b,",
		`>,"250 2.1.0 a"` + strings.Repeat(" ", 40) + "x,", `>,"250 2.1.0 a"` + strings.Repeat(" ", 40) + "  ,",
		">,354 " + strings.Repeat("x", 52) + ",", ">,354 " + strings.Repeat("x", 51) + ",", ">,354 " + strings.Repeat("x", 50) + ",", ">,250 \x00,", ">,250 \x00"}
	for at := 24; at < 34; at++ { // the codes are where texts are cut
		blanks := ">,250 " + strings.Repeat(" ", at)
		texts = append(texts, blanks+"2.1.0 a,", blanks+"2.1.5 a,", blanks+"2.1.05 a,", blanks+"2.1.0.1 a,", blanks+"2.x,", blanks+"2,1.0 a")
	}
	for i, a := range texts {
		for _, b := range texts[i+1:] {
			if len(a) > beginsMax && len(b) > beginsMax && a[:beginsMax] == b[:beginsMax] {
				a, b := receiveStart+a, receiveStart+b
				checkQuick(t, []byte(receiveHeader+rows(a, a, a, b, b, a, b, b, b, a)), Options{Format: ExchangeReceive})
				checkQuick(t, []byte(receiveHeader+rows(b, b, b, a, a, b)), Options{Format: ExchangeReceive})
			}
		}
	}
	for range 60 {
		var log strings.Builder
		log.WriteString(receiveHeader)
		few := []string{texts[random.IntN(len(texts))], texts[random.IntN(len(texts))], texts[random.IntN(len(texts))]}
		number := uint64(0x08DE000000000000) + uint64(random.IntN(1<<20))
		ends := []string{",10.0.0.1:25,192.0.2.7:51234,", ",10.0.0.1:25,192.0.2.71:51234,", ",a,b,", ",,192.0.2.7:25,", ",[2001:db8::1]:25,[2001:db8::7]:25,",
			",[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:25,[2001:db8::7]:251,", ",[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:25,[2001:db8::7]:252,",
			",[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:25,[2001:db8::8]:252,", ",[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:25,[2001:db8::7]:2512,",
			",[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:25,[2001:db8::7]:25123,", `,"10.0.0.1:25",192.0.2.7:51234,`, `,10.0.0.1:25,"192.0.2.7:51234",`, ",a+b,", ",a b,", ",a\nb,", `,a"b,`, ",10.0.0.1:25\n2026,192.0.2.7:51234,",
			",10.0.0.1:25,192.0.2.7\n2026,", ",,,", ",-,a,", ",a,-,", "," + strings.Repeat("a", 70) + ",192.0.2.7:51234,"}
		for row := range 400 {
			if random.IntN(50) == 0 {
				log.WriteString([]string{"#Log-type: SMTP Send Protocol Log\r\n", "#Log-type: SMTP Receive Protocol Log\r\n",
					"#Fields: " + protocolColumns + ",x\r\n", "#Fields: " + protocolColumns + "\r\n"}[random.IntN(4)])
			}
			session := random.IntN(6)
			id := fmt.Sprintf("%016X", number+uint64(session)<<(9*(session%2)))
			if random.IntN(60) == 0 {
				id = id[random.IntN(3):]
			}
			if random.IntN(40) == 0 {
				at := random.IntN(len(id))
				id = []string{id[:at] + "," + id[min(at+1, len(id)):], id[:at] + "\n" + id[min(at+1, len(id)):], `"` + id[1:], `"` + id[2:] + `"`}[random.IntN(4)]
			}
			end := ends[session]
			switch {
			case random.IntN(30) == 0:
				end = ends[random.IntN(len(ends))]
			case session == 5:
				end = ends[5+random.IntN(3)] // alike in their first 32 bytes
			}
			connector := connectors[random.IntN(2)+row/100]
			if random.IntN(20) == 0 {
				connector = connectors[random.IntN(len(connectors))]
			}
			text := texts[random.IntN(len(texts))]
			if random.IntN(3) > 0 {
				text = few[random.IntN(len(few))]
			}
			fmt.Fprintf(&log, "2026-11-01T09:3%d:%02d.%03dZ,%s,%s,%d%s%s%s", row/200, random.IntN(62), random.IntN(1000), connector, id,
				random.IntN(20)*random.IntN(20)*random.IntN(30), end, text, []string{"\r\n", "\r\n", "\n", "\r\r\n"}[max(0, random.IntN(40)-36)])
		}
		checkQuick(t, []byte(log.String()), Options{Format: ExchangeReceive})
		checkQuick(t, []byte(log.String()), Options{Format: ExchangeReceive, MaxLine: 115 + random.IntN(40)})
	}
}

// A line that is too long is none, whatever is known of it.
func TestQuickKnownLong(t *testing.T) {
	const text = ">,221 2.0.0 Service closing transmission channel,"
	longer := strings.Replace(receiveStart, `EX1\Default`, `EX1\DefaultDefault`, 1)
	log := strings.Repeat(receiveStart+text+"\r\n", 4) + strings.Repeat(longer+"+,,\r\n", 3) + strings.Repeat(longer+text+"\r\n", 4)
	for size := len(receiveStart + text); size < len(longer+text)+3; size++ {
		checkQuick(t, []byte(log), Options{Format: ExchangeReceive, MaxLine: size})
	}
}

// A shortReader gives so many bytes at a time.
type shortReader struct {
	r io.Reader
	n int
}

func (s shortReader) Read(b []byte) (int, error) { return s.r.Read(b[:min(len(b), s.n)]) }

// Behind what was read of a row stands what was read before, which may be what
// the row is about to say.
func TestQuickKnownCut(t *testing.T) {
	log := []byte(receiveHeader + strings.Repeat(receiveStart+"*,,"+strings.Repeat("a", 450)+"\r\n", 2*detectLines))
	want, wantCounts := readAll(t, bytes.NewReader(log), Options{Format: ExchangeReceive}, false)
	for n := 440; n < 640; n += 7 {
		got, counts := readAll(t, shortReader{bytes.NewReader(log), n}, Options{Format: ExchangeReceive}, true)
		if counts != wantCounts || !reflect.DeepEqual(got, want) {
			t.Fatalf("%d bytes at a time: %d steps, %+v; want %d, %+v", n, len(got), counts, len(want), wantCounts)
		}
	}
}
