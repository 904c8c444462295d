package logparse

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestIMSStamps(t *testing.T) {
	const wanted = "2001-04-02T11:44:31Z"
	for _, test := range []struct {
		line  string
		order DateOrder
		at    string // "" for a line without a stamp
	}{
		{"4/2/01 11:44:31 AM : text", MDY, wanted},
		{"4/2/2001 11:44:31 AM : text", MDY, wanted},
		{"04/02/01 11:44:31 : text", MDY, wanted},
		{"04/02/01  11:44:31  :  text", MDY, wanted},
		{"2.4.01 11:44:31 : text", DMY, wanted},
		{"02.04.2001 11:44:31 : text", DMY, wanted},
		{"02/04/01 11.44.31 : text", DMY, wanted},
		{"02-04-2001 11:44:31 : text", DMY, wanted},
		{"01/04/02 11:44:31 : text", YMD, wanted},
		{"2001/04/02 11:44:31 : text", YMD, wanted},
		{"2001/04/02 11:44:31 : text", MDY, wanted},
		{"2001-04-02 11:44:31 : text", DMY, wanted},
		{"2001.04.02. 11:44:31 : text", YMD, wanted},
		{"2001. 04. 02. 11:44:31 : text", YMD, wanted},
		{"\"4/2/01 11:44:31 AM : text\"", MDY, wanted},
		{"  4/2/01 11:44:31 AM : text", MDY, wanted},
		{"4/2/01 11:44:31 AM :", MDY, wanted},
		{"4/2/01 11:44:31 am : text", MDY, wanted},
		{"4/2/01 11:44:31 a.m. : text", MDY, wanted},
		{"4/2/01 11:44:31am : text", MDY, wanted},
		{"4/2/01 12:44:31 AM : text", MDY, "2001-04-02T00:44:31Z"},
		{"4/2/01 12:44:31 PM : text", MDY, "2001-04-02T12:44:31Z"},
		{"4/2/01 1:44:31 p.m. : text", MDY, "2001-04-02T13:44:31Z"},
		{"4/2/01 13:44:31 PM : text", MDY, "2001-04-02T13:44:31Z"},
		{"12/31/99 11:59:59 PM : text", MDY, "1999-12-31T23:59:59Z"},
		// Dates that the order does not allow.
		{"31/12/99 23:59:59 : text", MDY, "1999-12-31T23:59:59Z"},
		{"12/31/99 11:59:59 PM : text", DMY, "1999-12-31T23:59:59Z"},
		{"12/31/99 11:59:59 PM : text", YMD, "1999-12-31T23:59:59Z"},
		// No stamps.
		{"", MDY, ""},
		{"4/2/01", MDY, ""},
		{"4/2/01 ", MDY, ""},
		{"4/2/01 11:44 AM : text", MDY, ""},
		{"4/2/01 11:44:31 AM", MDY, ""},
		{"4/2/01 11:44:31 AM: text", MDY, ""},
		{"4/2/01 11:44:31 AM :text", MDY, ""},
		{"4/2/01 11:44:31 XM : text", MDY, ""},
		{"4/2/01 24:44:31 : text", MDY, ""},
		{"4/2/01 11:60:31 : text", MDY, ""},
		{"4/2/01 11:44:61 : text", MDY, ""},
		{"4/2-01 11:44:31 : text", MDY, ""},
		{"4/2/01T11:44:31 : text", MDY, ""},
		{"13/13/01 11:44:31 : text", MDY, ""},
		{"0/0/0 11:44:31 : text", MDY, ""},
		{"2/30/2001 11:44:31 : text", MDY, ""},
		{"99999/2/01 11:44:31 : text", MDY, ""},
		{"text 4/2/01 11:44:31 AM : text", MDY, ""},
		{"250-4/2/01 11:44:31 AM : text", MDY, ""},
	} {
		clock := imsClockReader{order: test.order, loc: time.UTC}
		for range 2 { // parsed, and from the last stamp
			at, text := clock.read([]byte(test.line))
			if at.String() != test.at || (text > 0) != (test.at != "") {
				t.Errorf("%q in order %d: %q and text at %d, want %q", test.line, test.order, at, text, test.at)
			}
			if rest := test.line[text:]; text > 0 && rest != "" && rest != "text" && rest != "text\"" && rest != " text" {
				t.Errorf("%q: the text is %q", test.line, rest)
			}
		}
	}
}

// A line that ends where a stamp does is no beginning of other stamps.
func TestIMSStampOfShortLine(t *testing.T) {
	clock := imsClockReader{order: MDY, loc: time.UTC}
	if _, text := clock.read([]byte("4/2/01 11:44:31 AM :")); text == 0 {
		t.Error("no stamp")
	}
	if _, text := clock.read([]byte("4/2/01 11:44:31 AM :text")); text != 0 {
		t.Error("a stamp")
	}
}

func TestIMSStampZone(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip(err)
	}
	clock := imsClockReader{order: MDY, loc: zone}
	for line, want := range map[string]string{
		"1/2/01 11:00:00 PM : x": "2001-01-03T04:00:00Z",
		"7/2/01 11:00:00 PM : x": "2001-07-03T03:00:00Z",
	} {
		if at, _ := clock.read([]byte(line)); at.String() != want {
			t.Errorf("%s: %s, want %s", line, at, want)
		}
	}
}

// Every stamp that a locale writes comes back, the same with and without the
// memory of the last one.
func TestIMSStampsOfLocales(t *testing.T) {
	for _, locale := range []struct {
		layout string
		order  DateOrder
	}{
		{"1/2/06 3:04:05 PM", MDY}, {"1/2/2006 3:04:05 PM", MDY}, {"02.01.06 15:04:05", DMY}, {"2.1.2006 15:04:05", DMY},
		{"02/01/2006 15:04:05", DMY}, {"02-01-06 15.04.05", DMY}, {"06/01/02 15:04:05", YMD}, {"2006-01-02 15:04:05", YMD},
	} {
		random := rand.New(rand.NewPCG(5, 6))
		reader := imsClockReader{order: locale.order, loc: time.UTC}
		at := time.Date(1996, 1, 1, 0, 0, 0, 0, time.UTC)
		for range 3000 {
			at = at.Add(time.Duration(random.IntN(3)*random.IntN(2*86400)) * time.Second)
			line := at.Format(locale.layout) + " : text"
			got, text := reader.read([]byte(line))
			if !got.Time().Equal(at) || line[text:] != "text" {
				t.Fatalf("%q in order %d: %v, want %v; text at %d", line, locale.order, got, at, text)
			}
		}
	}
}

func TestDateOrder(t *testing.T) {
	for _, test := range []struct {
		dates string // each with a time behind it
		want  DateOrder
	}{
		{"4/2/01", AnyOrder},
		{"4/2/01 4/2/01", AnyOrder},
		{"4/13/01", MDY},
		{"13/4/01", DMY},
		{"2001/4/2", YMD},
		{"2001-04-02", YMD},
		{"99/04/02", YMD},
		{"02.04.01", DMY},
		{"2001.04.02", YMD},
		{"4/2/01 4/3/01", MDY},     // days rather than months
		{"2/4/01 3/4/01", DMY},     //
		{"01/04/02 01/04/03", YMD}, //
		{"4/30/01 5/1/01", MDY},
		{"1/12/01 2/1/01", MDY},   // 20 days rather than backwards
		{"12/11/01 1/12/01", DMY}, // else it runs backwards
		{"2/1/01 1/2/01", DMY},    // else it runs backwards
		{"31/12/00 1/1/01", DMY},
		{"12/31/00 1/1/01", MDY},
		{"4/13/01 13/4/01 4/14/01 4/15/01", MDY}, // a stray one
		{"45/45/45", AnyOrder},
		{"", AnyOrder},
	} {
		var lines, rows [][]byte
		for date := range strings.FieldsSeq(test.dates) {
			lines = append(lines, []byte(date+" 10:00:00 : text"), []byte("no date"))
			rows = append(rows, fmt.Appendf(nil, "192.0.2.7, host, %s, 10:00:00, SMTPSVC1, X, 10.0.0.1, 0, 0, 0, 250, 0, MAIL, -, -,", date))
		}
		if got := dateOrderOf(lines, IMS); got != test.want {
			t.Errorf("%s: order %d, want %d", test.dates, got, test.want)
		}
		if got := dateOrderOf(rows, IISMSIIS); got != test.want {
			t.Errorf("%s in rows: order %d, want %d", test.dates, got, test.want)
		}
	}
}
