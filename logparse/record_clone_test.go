package logparse

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestCloneInto checks that copies are alike, share nothing with what they were
// made of, and that making one over another needs no memory.
func TestCloneInto(t *testing.T) {
	record := func(value string) *Record {
		r := &Record{Lines: 2, Format: IISW3C, raw: []byte("192.0.2.1 " + value)}
		r.Remote, r.Arg, r.Text, r.Helo = r.raw[:9], []byte(value), []byte("250 "+value), []byte{}
		r.Server = append(make([]byte, 0, cap(r.raw)), "mail"...) // ends like the row, elsewhere
		return r
	}
	var copied Record
	for _, value := range []string{"first", "", "a value that is longer", "short"} {
		r := record(value)
		r.CloneInto(&copied)
		if want := record(value); !reflect.DeepEqual(&copied, want) || copied.Connector != nil || copied.Helo == nil {
			t.Errorf("%q: got %+v", value, copied)
		}
		if c := r.Clone(); !reflect.DeepEqual(c, r) {
			t.Errorf("%q: Clone gave %+v", value, c)
		}
		for _, b := range [][]byte{r.raw, r.Arg, r.Text, r.Server} {
			for i := range b {
				b[i] = 'X'
			}
		}
		if bytes.ContainsRune(copied.raw, 'X') || bytes.ContainsRune(copied.Arg, 'X') || bytes.ContainsRune(copied.Text, 'X') ||
			bytes.ContainsRune(copied.Remote, 'X') || bytes.ContainsRune(copied.Server, 'X') {
			t.Errorf("%q: the copy shares memory: %+v", value, copied)
		}
	}
	r := record("anything")
	if n := testing.AllocsPerRun(100, func() { r.CloneInto(&copied) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Values and Column say what Fields says.
func TestValues(t *testing.T) {
	log := "#Software: Microsoft Exchange Server\n#Version: 15.0.0.0\n#Log-type: SMTP Receive Protocol Log\n" +
		"#Date: 2026-11-01T00:00:00.000Z\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n" +
		"2026-11-01T00:00:00.000Z,EX\\D,08DF,0,10.0.0.1:25,192.0.2.7:5,>,\"250 a, \"\"b\"\"\",-\n"
	for rec, err := range NewReader(strings.NewReader(log), "a.log", nil).Records() {
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for name, value := range rec.Fields() {
			want = append(want, name+"="+string(value))
		}
		rec.Values(func(value []byte) bool {
			got = append(got, rec.Column(len(got))+"="+string(value))
			return true
		})
		if !slices.Equal(got, want) || len(got) != 9 {
			t.Errorf("%q, want %q", got, want)
		}
		if n := testing.AllocsPerRun(10, func() { rec.Values(func([]byte) bool { return true }) }); n > 2 { // the value with quotes inside
			t.Errorf("%v allocations", n)
		}
	}
	var none Record
	none.Values(func([]byte) bool { t.Error("a value"); return true })
	if none.Column(0) != "" {
		t.Error("a column")
	}
}
