package logparse

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse/jsontext"
)

// slowJSON is AppendJSON written member by member.
func slowJSON(r *Record, session string, redact func([]byte) []byte) []byte {
	var w jsontext.Writer
	show := func(value []byte) []byte {
		if redact != nil {
			return redact(value)
		}
		return value
	}
	w.Open('{')
	w.Key("file")
	w.String(r.Pos.File)
	w.Key("line")
	w.Int(r.Pos.Line)
	w.StringMember("time", r.Time.String())
	w.StringMember("format", r.Format.String())
	w.StringMember("direction", r.Direction.String())
	w.StringMember("session", session)
	w.StringMember("kind", r.Kind.String())
	w.BytesMember("local", r.Local)
	w.BytesMember("remote", r.Remote)
	verb := r.Verb.String()
	if w.StringMember("verb", verb); verb == "" && r.VerbText != nil {
		w.Key("verb")
		w.Bytes(show(r.VerbText))
	}
	if r.Arg != nil {
		w.Key("arg")
		switch {
		case redact != nil && verb != "":
			line := redact([]byte(verb + " " + string(r.Arg)))
			w.Bytes(bytes.TrimPrefix(line[len(verb):], []byte(" ")))
		default:
			w.Bytes(show(r.Arg))
		}
	}
	w.IntMember("code", int64(r.Code))
	w.StringMember("enhanced", r.Enhanced.String())
	if r.Text != nil {
		w.Key("text")
		w.Bytes(show(r.Text))
	}
	w.Key("fields")
	w.Open('{')
	for name, value := range r.Fields() {
		w.EncodedKey(jsontext.EncodeKey(name))
		if secret := r.secretPart(); redact != nil && len(secret) > 0 && (bytes.Contains(value, secret) || bytes.Contains(plain(value), secret)) {
			value = redact(value)
		}
		w.Bytes(value)
	}
	w.Close('}')
	w.Close('}')
	return w.Buf
}

// checkJSON reads a log and compares what is written of its records. It returns
// how many there were.
func checkJSON(t *testing.T, format Format, log []byte) (records int) {
	t.Helper()
	hide := func(value []byte) []byte { return append([]byte("AUTH "), bytes.Repeat([]byte("x"), len(value)%7)...) }
	name := []string{"a.log", "a\"b.log"}[len(log)%2]
	r := NewReader(bytes.NewReader(log), name, &Options{Format: format})
	buf := []byte("before")
	var w JSONWriter
	for {
		rec, err := r.Next()
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			continue
		}
		if err != nil {
			return records
		}
		records++
		session := []string{"", "08D06729BA48D0CA", name + ":1", name + ":\"", name, "b" + name[1:] + ":2", name + ":98765432", name + ":987654321", name + "x1", name + ":/"}[records%10]
		want := slowJSON(rec, session, nil)
		if buf = rec.AppendJSON(buf[:6], session, nil); string(buf[6:]) != string(want) {
			t.Fatalf("record %d of %s\n got %s\nwant %s", records, format, buf[6:], want)
		}
		if !json.Valid(want) {
			t.Fatalf("not valid: %s", want)
		}
		first, named := FirstLineOf(session, name), w.AppendSession(nil, session)
		if first != 0 {
			named = nil
		}
		kept := w.Keep([]byte("before"), rec)[len("before"):]
		if buf = w.AppendKept(buf[:6], w.Log(rec), rec.Pos.Line, kept, first, named); string(buf[6:]) != string(want) {
			t.Fatalf("record %d of %s, kept\n got %s\nwant %s", records, format, buf[6:], want)
		}
		want = slowJSON(rec, session, hide)
		if got := rec.AppendJSON(nil, session, hide); string(got) != string(want) {
			t.Fatalf("record %d of %s with a secret\n got %s\nwant %s", records, format, got, want)
		}
	}
}

// jsonLogs are logs of each kind of row, with what has to be escaped.
var jsonLogs = []struct {
	format Format
	log    string
}{
	{ExchangeReceive, "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n" +
		"\"2026-11-01T00:00:02.123Z\",\"EX1\",08D06729BA48D0CA,0,\"\" ,\"\"x,+,,\n" +
		"\"2026-11-01T00:00:02.123Z\",\"EX1\\Default EX1\",08D06729BA48D0CA,0,,\"192.0.2.7:51234\",+,\"a\\b \"\"c\"\"\",\"EX1\\Default EX1\"\n" +
		"\"2026-11-01T00:00:02.123Z\",\"EX1\\Default EX1\",08D06729BA48D0CA,0,,\"192.0.2.7:51234\",+,\"EX1\\\",\"\\\"\n"},
	{ExchangeReceive, "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n" +
		"2026-11-01T00:00:02.123Z,EX1\\Default EX1,08D06729BA48D0CA,0,10.0.0.1:25,192.0.2.7:51234,+,,\n" +
		"2026-11-01T00:00:02.123Z,EX1\\Default EX1,08D06729BA48D0CA,1,10.0.0.1:25,192.0.2.7:51234,>,\"220 ex1.example.com, \"\"ready\"\"\",\n" +
		"2026-11-01T00:00:02.124Z,EX1\\Default EX1,08D06729BA48D0CA,2,10.0.0.1:25,192.0.2.7:51234,<,AUTH LOGIN c2VjcmV0,x\xfcy\n" +
		"2026-11-01T00:00:02.124Z,EX1\\Default EX1,08D06729BA48D0CA,2,10.0.0.1:25,192.0.2.7:51234,<,Gr\u00fc\u00dfe\n" +
		"2026-11-01T00:00:02.124Z,EX1\\Default EX1,08D06729BA48D0CA,3,10.0.0.1:25,192.0.2.7:51234,>,334 c2VjcmV0,\u202e\n" +
		"2026-11-01T00:00:02.124Z,EX1\\Default EX1,08D06729BA48D0CA,4,10.0.0.1:25,192.0.2.7:51234,<,XYZ\ta \\b,\"x\" ,more,\n"},
	{IISW3C, "#Fields: date time c-ip cs-method cs-uri-query sc-status\n" +
		"2026-11-01 00:00:02 192.0.2.7 MAIL +FROM:<a@example.org> 250\n" +
		"2026-11-01 00:00:02 192.0.2.7 XY\x01 +\"\\\xe9 250  \n" +
		"2026-11-01 00:00:02 - - - 0\n"},
	{IISW3C, "#Fields: date time s-ip c-ip cs-method sc-status\n2026-11-01 00:00:02 10.0.0.1 192.0.2.7 RSET 250\n2026-11-01 00:00:02 10.0.0.1 192.0.2.8 RSET 250\n" +
		"2026-11-01 00:00:02 - 192.0.2.8 RSET 250\n2026-11-01 00:00:02 - - RSET 250\n2026-11-01 00:00:03 10.0.0.1 - RSET 250\n- - 10.0.0.1 - RSET 250\n"},
	{IISW3C, "#Fields: date time c-ip cs-method sc-status\n2026-11-01 00:00:02 192.0.2.7 MAIL 250\n" +
		"#Fields: date time cs-method c-ip sc-status\n2026-11-01 00:00:02 MAIL 192.0.2.7 250\n"},
	{IISNCSA, "192.0.2.7 - mail.example.org [11/Oct/2026:13:16:41 -0600] \"MAIL -?+FROM:<a@example.org> SMTP\" 250 46\n"},
	{IISMSIIS, "192.0.2.7, mail.example.org, 11/1/26, 0:00:02, SMTPSVC1, EX1, 10.0.0.1, 0, 27, 28, 250, 0, EHLO, -, +mail.example.org,\n"},
	{IMS, "11/1/26 0:00:02 AM : >>> RSET\n11/1/26 0:00:02 AM : A connection was accepted from a.example.org.\n11/1/26 0:00:02 AM : <<< RSET\n" +
		"11/1/26 0:00:03 AM : >>> 250 \"ok\"\n11/1/26 0:00:02 AM :\tx\n11/1/26 0:00:02 AM : A connection to b.example.org was established.\n" +
		"11/1/26 0:00:02 AM : A connection was accepted from .\n11/1/26 0:00:02 AM :\n11/1/26 0:00:02 AM : <<< RSET\n\"11/1/26 0:00:02 AM : <<< a\"\n"},
	{IMS, "11/1/26 0:00:02 AM : <<< 250-mx.example.org\n250 SIZE \"1\"\n11/1/26 0:00:02 AM : >>> MAIL FROM:<a@example.org>\n"},
	{ExchangeSend, "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n" +
		"\"2026-11-01T00:00:02.123Z\",\"EX1\\Default EX1\",\"08D06729BA48D0CA\",\"0\",\"10.0.0.1:25\",\"192.0.2.7:51234\",\">\",\"RCPT TO:<a@example.org>\",\"\"\n" +
		"\"2026-11-01T00:00:02.123Z\",\"EX1\",\"08D06729BA48D0CA\" ,\"0\"x,\"10.0.0.1:25\",\"192.0.2.7:51234\",\">\",\"Gr\u00fc\u00dfe\",\"a\"\"\"\n" +
		"\"2026-11-01T00:00:02.123Z\",\"EX1\",\"08D06729BA48D0CA\",\"0\",\"10.0.0.1:25\",\"192.0.2.7:51234\",\">\",\"RSET\n"},
	{Tracking, "#Fields: date-time,client-ip,event-id,message-subject,message-id\n" +
		"2026-11-01T00:00:02.123Z,192.0.2.7,RECEIVE,\"a, \"\"b\"\"\",<1@example.org>\n2026-11-01T00:00:02.123Z,,SEND,Gr\u00fc\u00dfe \u2028,,,\n"},
	{Tracking, "#Fields: date-time,client-ip,event-id\n2026-11-01T00:00:02.123Z,192.0.2.7,RECEIVE,,\n"},
	{Tracking, "#Fields: date-time,a-name-of-more-than-thirty-two-bytes,event-id,message-subject,message-id\n2026-11-01T00:00:02.123Z,x,RECEIVE,Gr\u00fc\u00dfe\n" +
		"2026-11-01T00:00:02.123Z," + strings.Repeat("\x01", 300) + ",RECEIVE," + strings.Repeat("\x02", 200) + ",x\n"},
	{Tracking2000, "# Date\tTime\tclient-ip\tEvent-ID\tMSGID\n2026-11-1\t0:0:2 GMT\t192.0.2.7\t1019\t\"a\"\\b\n2026-11-1\t0:0:2 GMT\t\x7f\t1019\t\n"},
}

func TestRecordJSON(t *testing.T) {
	for _, test := range jsonLogs {
		if n := checkJSON(t, test.format, []byte(test.log)); n == 0 {
			t.Errorf("%s: no record", test.format)
		}
	}
}

// The ends of a connection are those of its number, though others share its place.
func TestRecordJSONEnds(t *testing.T) {
	var w JSONWriter
	for i := range 6 {
		rec := &Record{Format: IISMSIIS, connector: 1 + uint64(i/2%2*len(w.ends))}
		rec.Remote = []byte{'a' + byte(rec.connector%100)}
		if got, want := w.Append(nil, rec, "", nil), slowJSON(rec, "", nil); string(got) != string(want) {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

// spoiledJSONLogs are rows of few peers, of which TestRecordJSONOfSpoiledRows makes
// others.
var spoiledJSONLogs = []struct {
	format       Format
	header, rows string
}{
	{IISW3C, "#Fields: " + strings.Join(w3cUsual, " ") + " \n",
		"2026-11-01 00:00:02 192.0.2.7 mx.example.org SMTPSVC1 EX1 10.0.0.1 0 MAIL - +FROM:<a@example.org> 250 0 28 27 1 SMTP - - - -\n" +
			"2026-11-01 00:00:02 192.0.2.7 mx.example.org SMTPSVC1 EX1 10.0.0.1 0 QUIT - - 250 0 28 27 1 SMTP - - - -\n" +
			"2026-11-01 00:00:02 192.0.2.7 " + strings.Repeat("\x01", 80) + " SMTPSVC1 EX1 10.0.0.1 0 QUIT - - 250 0 28 27 1 SMTP - - - -\n" +
			"2026-11-01 00:00:03 192.0.2.8 OutboundConnectionCommand SMTPSVC1 EX1 - 25 RCPT - TO:<b@example.net> 0 0 28 27 1 SMTP - - - -\n" +
			"2026-11-01 00:00:03 192.0.2.8 OutboundConnectionResponse SMTPSVC1 EX1 - 25 - - 250+\"ok\" 0 0 28 27 1 SMTP - - - -\n"},
	{IISW3C, "#Fields: sc-status cs-uri-query cs-method time date c-ip s-ip s-port cs-username s-sitename cs-host cs-version\n",
		"250 +FROM:<a@example.org> MAIL 00:00:02 2026-11-01 192.0.2.7 10.0.0.1 0 mx.example.org SMTPSVC1 - SMTP\n" +
			"250 +TO:<b@example.net> RCPT 00:00:02 2026-11-01 192.0.2.7 10.0.0.1 0 mx.example.org SMTPSVC1 - SMTP\n" +
			"0 - QUIT 00:00:03 2026-11-01 192.0.2.8 - 25 OutboundConnectionCommand SMTPSVC1 - SMTP\n"},
	{IISNCSA, "",
		"192.0.2.7 - mx.mail.example.org [11/Oct/2026:13:16:41 -0600] \"MAIL -?+FROM:<a@example.org> SMTP\" 250 46\n" +
			"192.0.2.7 - mx.mail.example.org [11/Oct/2026:13:16:41 -0600] \"EHLO -?+[192.0.2.7] SMTP\" 250 46\n" +
			"192.0.2.7 - a [b] \"c\" [11/Oct/2026:13:16:41 -0600] \"QUIT - SMTP\" 240 46\n" +
			"192.0.2.7 - x [11/Oct/2026:13:16:41 -0600] \" [11/Oct/2026:13:16:42 -0600] \"QUIT - SMTP\" 240 46\n" +
			"192.0.2.8 - OutboundConnectionResponse [11/Oct/2026:13:16:41 -0600] \"- -?250+\"ok\" SMTP\" 0 9\n"},
	{IISMSIIS, "",
		"192.0.2.7, mx.mail.example.org, 11/1/26, 0:00:02, SMTPSVC1, EX1, 10.0.0.1, 0, 27, 28, 250, 0, MAIL, -, +FROM:<a@example.org>,\n" +
			"192.0.2.7, mx.mail.example.org, 11/1/26, 0:00:02, SMTPSVC1, EX1, 10.0.0.1, 0, 27, 28, 250, 0, QUIT, -, -,\n" +
			"192.0.2.7,  mx.mail.example.org, 11/1/26, 0:00:02, SMTPSVC1, EX1, 10.0.0.1 , 0, 27, 28, 250, 0, RSET, -,\n" +
			"192.0.2.8, OutboundConnectionResponse, 11/1/26, 0:00:03, SMTPSVC1, EX1, -, 0, 27, 28, 0, 0, -, -, 220 mx, ready,,\n"},
	{ExchangeReceive, "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n",
		"2026-11-01T00:00:02.123Z,EX1\\Default EX1,08D06729BA48D0CA,1,10.0.0.1:25,192.0.2.7:51234,>,\"220 ex1.example.com, \"\"ready\"\"\",\n" +
			"2026-11-01T00:00:02.124Z,EX1\\Default EX1,08D06729BA48D0CA,2,10.0.0.1:25,192.0.2.7:51234,<,EHLO mx.example.org,\n" +
			"2026-11-01T00:00:02.124Z,EX1\\Default EX1,08D06729BA48D0CB,2,10.0.0.1:25,192.0.2.8:51234,<,QUIT,\n"},
}

// Rows that differ by a few bytes from those that columns were kept of are written
// as others are.
func TestRecordJSONOfSpoiledRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	bytesOf := []string{" ", "  ", ",", ", ", "\"", "[", " [", "]", "-", "\t", "\\", "+", "\x01", "\xe9", "\u00e9", "\u202e", "1", "x", "\r", " [11/Oct/2026:13:16:40 -0600] \"", "SMTP - - - -"}
	for _, test := range spoiledJSONLogs {
		rows := strings.SplitAfter(strings.TrimSuffix(test.rows, "\n"), "\n")
		records := 0
		for range 40 {
			log := test.header
			for range 60 {
				row := strings.TrimSuffix(rows[rng.IntN(len(rows))], "\n")
				for rng.IntN(3) == 0 {
					at := rng.IntN(len(row) + 1)
					end := min(len(row), at+rng.IntN(3)*rng.IntN(10))
					row = row[:at] + bytesOf[rng.IntN(len(bytesOf))] + row[end:]
				}
				if log += row + "\n"; rng.IntN(20) == 0 {
					log += test.header
				}
			}
			records += checkJSON(t, test.format, []byte(log))
		}
		if records < 40*30 {
			t.Errorf("%s: %d records", test.format, records)
		}
	}
}

// FuzzRecordJSON compares the JSON of records with what is written member by
// member.
func FuzzRecordJSON(f *testing.F) {
	for _, test := range jsonLogs {
		f.Add(uint8(test.format), []byte(test.log))
	}
	for _, test := range spoiledJSONLogs {
		f.Add(uint8(test.format), []byte(test.header+test.rows+test.rows))
	}
	f.Fuzz(func(t *testing.T, format uint8, log []byte) {
		checkJSON(t, Format(format%uint8(formatCount)), log)
	})
}

// What is left of a row is the same whatever stands behind it, and if nothing does.
func TestLastWord(t *testing.T) {
	text := []byte("a \x00\xff,\"z0123456789")
	for n := range 8 {
		for _, rest := range [][]byte{text[:n], text[:n:n]} {
			got := lastWord(rest, ','*each)
			if want := word(append(bytes.Clone(text[:n]), ",,,,,,,,"...)); got != want {
				t.Errorf("%q: %x, want %x", rest, got, want)
			}
		}
	}
}
