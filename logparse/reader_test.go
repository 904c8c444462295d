package logparse

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/smtplog/smtplog/reply/outcome"
)

// scripted is a rowReader that says of each line what the line itself says:
// "record", "record 3" for one of three lines, "header", "blank", "bad …",
// "more" for a line that goes on with a record before.
type scripted struct{ lines *lineScanner }

func (s scripted) next(rec *Record) (lineClass, string) {
	line, ok := s.lines.next()
	if !ok {
		return lineEnd, ""
	}
	word, rest, _ := strings.Cut(string(line), " ")
	switch word {
	case "record":
		rec.raw = []byte(line)
		for range strings.Count(rest, "+") {
			s.lines.next()
		}
		return lineRecord, ""
	case "header":
		return lineHeader, ""
	case "":
		return lineBlank, ""
	case "more":
		return lineContinuation, ""
	}
	return lineMalformed, rest
}

func scriptedReader(r io.Reader) *Reader {
	reader := NewReader(r, "a.log", nil)
	reader.rows = scripted{reader.lines}
	return reader
}

func TestReaderAccounts(t *testing.T) {
	const log = "header\r\n\r\nrecord\r\nrecord ++\r\nx\r\ny\r\nbad it is\r\nmore\r\nmore\r\n\x00\x00record"
	reader := scriptedReader(strings.NewReader(log))
	type step struct {
		pos   outcome.Position
		lines int
		bad   string
	}
	var got []step
	for rec, err := range reader.Records() {
		var syntax *SyntaxError
		switch {
		case errors.As(err, &syntax):
			got = append(got, step{syntax.Pos, 0, syntax.Msg})
		case err != nil:
			t.Fatal(err)
		default:
			got = append(got, step{rec.Pos, rec.Lines, ""})
		}
	}
	want := []step{
		{outcome.Position{File: "a.log", Line: 3, Offset: 10}, 1, ""},
		{outcome.Position{File: "a.log", Line: 4, Offset: 18}, 3, ""},
		{outcome.Position{File: "a.log", Line: 7, Offset: 35}, 0, "it is"},
		{outcome.Position{File: "a.log", Line: 10, Offset: 60}, 1, ""},
	}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("step %d: %v, want %v", i, got[i], want[i])
		}
	}
	counts := Counts{Lines: 10, Header: 1, Blank: 1, Records: 3, Continuation: 4, Malformed: 1}
	if reader.Counts() != counts {
		t.Errorf("counts %+v, want %+v", reader.Counts(), counts)
	}
	if _, err := reader.Next(); err != io.EOF {
		t.Errorf("behind the end: %v", err)
	}
	if reader.Counts() != counts {
		t.Errorf("counts behind the end %+v, want %+v", reader.Counts(), counts)
	}
	var sum Counts
	sum.Add(counts)
	sum.Add(counts)
	if want := (Counts{20, 2, 2, 6, 8, 2}); sum != want {
		t.Errorf("sum %+v, want %+v", sum, want)
	}
}

func TestReaderResetsTheRecord(t *testing.T) {
	reader := scriptedReader(strings.NewReader("record\nrecord\n"))
	rec, err := reader.Next()
	if err != nil {
		t.Fatal(err)
	}
	rec.Verb, rec.Remote, rec.Elapsed, rec.Code = VerbMAIL, []byte("x"), 7, 250
	if rec, err = reader.Next(); err != nil {
		t.Fatal(err)
	}
	if rec.Verb != VerbNone || rec.Remote != nil || rec.Elapsed != -1 || rec.Sequence != -1 || rec.Code != 0 {
		t.Errorf("the record before is still in %+v", rec)
	}
}

func TestReaderEndsWithReadError(t *testing.T) {
	broken := errors.New("disk broken")
	reader := scriptedReader(io.MultiReader(strings.NewReader("record\nrec"), iotest.ErrReader(broken)))
	var errs []error
	for _, err := range reader.Records() {
		errs = append(errs, err)
	}
	// What stands before the fault is read; the torn line is bad.
	if len(errs) != 3 || errs[0] != nil || errs[1] == nil || errs[2] != broken {
		t.Errorf("errors %v", errs)
	}
	if want := (Counts{Lines: 2, Records: 1, Malformed: 1}); reader.Counts() != want {
		t.Errorf("counts %+v, want %+v", reader.Counts(), want)
	}
}

func TestReaderRecordsStops(t *testing.T) {
	reader := scriptedReader(strings.NewReader("record\nrecord\nrecord\n"))
	for range reader.Records() {
		break
	}
	rec, err := reader.Next()
	if err != nil || rec.Pos.Line != 2 {
		t.Errorf("after a break the next record is at %v, %v", rec.Pos, err)
	}
}

const oneIMSLine = "1/31/00 2:36:27 PM : <<< EHLO client.example.com\r\n"

func TestReaderRefuses(t *testing.T) {
	broken := errors.New("disk broken")
	for _, test := range []struct {
		log  io.Reader
		want string
	}{
		{strings.NewReader("10.0.0.1 - - [01/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 10\n"),
			"a.log: not an SMTP log: HTTP (NCSA common)"},
		{strings.NewReader("Dear colleague,\nsee you tomorrow.\n"),
			"a.log: not a log that smtplog reads (--format and --fields can say what it is)"},
		{iotest.ErrReader(broken), "disk broken"},
	} {
		reader := NewReader(test.log, "a.log", nil)
		for range 2 {
			if _, err := reader.Detection(); err == nil || err.Error() != test.want {
				t.Errorf("detection: %v, want %s", err, test.want)
			}
			if _, err := reader.Next(); err == nil || err.Error() != test.want {
				t.Errorf("next: %v, want %s", err, test.want)
			}
		}
		if reader.Counts() != (Counts{}) {
			t.Errorf("%s: counts %+v", test.want, reader.Counts())
		}
	}
}

func TestReaderErrorTypes(t *testing.T) {
	_, err := NewReader(strings.NewReader("POP3: 10:00:00 [rx] +OK ready\n"), "a.log", nil).Next()
	var other *NotSMTPError
	if !errors.As(err, &other) || other.File != "a.log" || other.Service != servicePOP3Client {
		t.Errorf("%#v", err)
	}
	_, err = NewReader(strings.NewReader("nothing known\n"), "a.log", nil).Next()
	var unknown *UnknownFormatError
	if !errors.As(err, &unknown) || unknown.File != "a.log" {
		t.Errorf("%#v", err)
	}
}

func TestReaderDetection(t *testing.T) {
	reader := NewReader(strings.NewReader("\ufeff"+oneIMSLine), "a.log", nil)
	for range 3 { // before the first record, behind it and behind the end
		found, err := reader.Detection()
		if err != nil || found.Format != IMS || found.Order != MDY {
			t.Errorf("%+v, %v", found, err)
		}
		reader.Next()
	}
	if rec, err := reader.Next(); err != io.EOF {
		t.Errorf("%v, %v", rec, err)
	}
	if want := (Counts{Lines: 1, Records: 1}); reader.Counts() != want {
		t.Errorf("counts %+v, want %+v", reader.Counts(), want)
	}
}

func TestReaderEmpty(t *testing.T) {
	for _, test := range []struct {
		log  string
		want Counts
	}{
		{"", Counts{}},
		{"\ufeff", Counts{}},
		{"\x00\x00\x00", Counts{}},
		{"\r\n\n\n", Counts{Lines: 3, Blank: 3}},
	} {
		reader := NewReader(strings.NewReader(test.log), "a.log", nil)
		if _, err := reader.Next(); err != io.EOF {
			t.Errorf("%q: %v", test.log, err)
		}
		if found, err := reader.Detection(); !found.Empty || err != nil {
			t.Errorf("%q: %+v, %v", test.log, found, err)
		}
		if reader.Counts() != test.want {
			t.Errorf("%q: counts %+v, want %+v", test.log, reader.Counts(), test.want)
		}
	}
}

// The caller's format holds, whatever the content looks like.
func TestReaderGivenFormat(t *testing.T) {
	reader := NewReader(strings.NewReader("Dear colleague,\n"), "a.log", &Options{Format: IMS})
	_, err := reader.Next()
	var syntax *SyntaxError
	if !errors.As(err, &syntax) {
		t.Errorf("%v", err)
	}
	if found, err := reader.Detection(); found.Format != IMS || err != nil {
		t.Errorf("%+v, %v", found, err)
	}
}
