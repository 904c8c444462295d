package jsontext

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/smtplog/smtplog/logparse/input"
)

func TestAppendString(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", `""`},
		{"plain", "550 5.1.1 <x@example.com>: a&b", `"550 5.1.1 <x@example.com>: a&b"`},
		{"quotes", `a"b\c/`, `"a\"b\\c/"`},
		{"controls", "\x00\x1b[31m\t\r\n\x7f", `"\u0000\u001b[31m\t\r\n\u007f"`},
		{"UTF-8", "Grüße 连接器 \U0001F600", `"Grüße 连接器 ` + "\U0001F600" + `"`},
		{"U+FFFD itself", "a\ufffdb", "\"a\ufffdb\""},
		{"C1", "a\u0085b\u009bc\u00a0", `"a\u0085b\u009bc` + "\u00a0" + `"`},
		{"line and paragraph separators", "a\u2028b\u2029c\u2027", `"a\u2028b\u2029c` + "\u2027" + `"`},
		{"bidi", "a\u202eb\u2066c\u200fd\u061c", `"a\u202eb\u2066c\u200fd\u061c"`},
		{"Windows-1252", "Gr\xfc\xdfe \x80", `"Grüße €"`},
		{"Windows-1252 as a whole", "\xc3\xbc\n\xfc", `"Ã¼\nü"`},
		{"not defined there", "a\x81", "\"a\ufffd\""},
		{"cut in a character", "Gr\xc3", `"GrÃ"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := string(AppendString([]byte("x"), test.text)); got != "x"+test.want {
				t.Errorf("got %s, want x%s", got, test.want)
			}
			if got := string(AppendString(nil, []byte(test.text))); got != test.want {
				t.Errorf("bytes: got %s, want %s", got, test.want)
			}
		})
	}
}

func TestAppendValue(t *testing.T) {
	value := map[string]string{"a\u202e": "<b>\x7f\x1b[2J\u0085\u2028é\U0001F600\"\\"}
	got, err := AppendValue([]byte("x"), value)
	if want := `x{"a\u202e":"<b>\u007f\u001b[2J\u0085\u2028é` + "\U0001F600" + `\"\\"}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	var back map[string]string
	if err := json.Unmarshal(got[1:], &back); err != nil || back["a\u202e"] != value["a\u202e"] {
		t.Errorf("read back: %q, %v", back, err)
	}
	if got, err := AppendValue([]byte("x"), func() {}); err == nil || string(got) != "x" {
		t.Errorf("a function: %s, %v", got, err)
	}
}

func TestWriter(t *testing.T) {
	var w Writer
	w.Open('{')
	w.Key("a")
	w.Int(-1)
	w.StringMember("none", "")
	w.BytesMember("none", nil)
	w.IntMember("none", 0)
	w.WordMember("none", "")
	w.WordMember("word", "inbound")
	w.BytesMember("empty", []byte{})
	w.Key("list")
	w.Open('[')
	w.Open('{')
	w.Close('}')
	w.Bool(true)
	w.String("x")
	w.Bytes([]byte("y"))
	w.Open('[')
	w.Close(']')
	w.Close(']')
	w.EncodedKey(EncodeKey("c\"s"))
	w.Value()
	w.Buf = append(w.Buf, `"5.1.1"`...)
	w.IntMember("n", 2)
	w.StringMember("s", "t")
	w.Close('}')
	const want = `{"a":-1,"word":"inbound","empty":"","list":[{},true,"x","y",[]],"c\"s":"5.1.1","n":2,"s":"t"}`
	if string(w.Buf) != want || !json.Valid(w.Buf) {
		t.Errorf("got %s, want %s", w.Buf, want)
	}
}

func TestAllocations(t *testing.T) {
	text := []byte("Grüße an <x@example.com>\t\"\u2028\"")
	b := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { b = AppendString(b[:0], text) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// slowString is AppendString, character by character.
func slowString(s []byte) string {
	var b strings.Builder
	for _, r := range input.Text(s) {
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsControl(r) || strings.ContainsRune("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

// Every byte at every place of strings of any length around whole words.
func TestEachByte(t *testing.T) {
	for size := range 40 {
		for at := range size {
			text := bytes.Repeat([]byte{'~'}, size)
			for c := range 256 {
				text[at] = byte(c)
				if got, want := string(AppendString(nil, text)), slowString(text); got != want {
					t.Fatalf("%q: got %s, want %s", text, got, want)
				}
				checkPlain(t, text)
			}
		}
	}
}

// checkPlain compares AppendPlain with going byte by byte.
func checkPlain(t *testing.T, text []byte) {
	t.Helper()
	want := 0
	for want < len(text) && text[want] >= ' ' && text[want] < 0x7f && text[want] != '"' && text[want] != '\\' {
		want++
	}
	if got, n := AppendPlain([]byte("x"), text); n != want || string(got) != "x"+string(text[:want]) {
		t.Fatalf("%q: %q, %d, want %d", text, got, n, want)
	}
}

// FuzzAppendString reads back what was written: valid text comes back as it was,
// other bytes as input.Text has them.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a\"b\\", "\x00\x1f\x7f", "\u2028\u202e\u0085", "\xff\xfe", "ü\xfc", strings.Repeat("\U0001F600", 9), "\xed\xa0\x80", "\xf0\x9f"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		b := AppendString(nil, text)
		if !json.Valid(b) || !utf8.Valid(b) {
			t.Fatalf("not valid: %q", b)
		}
		if !bytes.Equal(b, AppendString(nil, string(text))) {
			t.Error("string and bytes differ")
		}
		var got string
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if want := input.Text(text); got != want {
			t.Errorf("%q came back as %q, want %q", text, got, want)
		}
		if slow := slowString(text); string(b) != slow {
			t.Errorf("got %s, want %s", b, slow)
		}
		checkPlain(t, text)
		if bytes.ContainsAny(b, "\u2028\u2029\u0085\n\r") {
			t.Errorf("ends lines: %q", b)
		}
	})
}
