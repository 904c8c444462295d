package logparse

import (
	"bytes"
	"reflect"
	"testing"
)

// TestCloneInto checks that copies are alike, share nothing with what they were
// made of, and that making one over another needs no memory.
func TestCloneInto(t *testing.T) {
	record := func(value string) *Record {
		r := &Record{Lines: 2, Format: IISW3C, raw: []byte("192.0.2.1 " + value)}
		r.Remote, r.Arg, r.Text, r.Helo = r.raw[:9], []byte(value), []byte("250 "+value), []byte{}
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
		for _, b := range [][]byte{r.raw, r.Arg, r.Text} {
			for i := range b {
				b[i] = 'X'
			}
		}
		if bytes.ContainsRune(copied.raw, 'X') || bytes.ContainsRune(copied.Arg, 'X') || bytes.ContainsRune(copied.Text, 'X') {
			t.Errorf("%q: the copy shares memory: %+v", value, copied)
		}
	}
	r := record("anything")
	if n := testing.AllocsPerRun(100, func() { r.CloneInto(&copied) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
