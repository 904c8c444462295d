package logparse

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

// recordMaker makes records of all shapes, those that logs have and others.
type recordMaker struct {
	*rand.Rand
	layouts [2]layout
	loose   [][]byte // what readers use again for the next row
}

// own returns b, which is not of the row.
func (m *recordMaker) own(b []byte) []byte {
	m.loose = append(m.loose, b)
	return b
}

// useAgain overwrites what is not of the row.
func (m *recordMaker) useAgain() {
	for _, b := range m.loose {
		clear(b)
	}
	m.loose = m.loose[:0]
}

func (m *recordMaker) oneIn(n int) bool { return m.IntN(n) == 0 }

func (m *recordMaker) text(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + m.IntN(26))
	}
	return b
}

// value returns nil, a part of the row, which may be empty, or bytes that are not
// in it.
func (m *recordMaker) value(row []byte) []byte {
	switch m.IntN(8) {
	case 0, 1, 2:
		return nil
	case 3:
		n := 1 + m.IntN(20)
		b := make([]byte, n, n+m.IntN(len(row)+40)) // what follows is as long as behind a part of the row, at times
		return m.own(append(b[:0], m.text(n)...))
	}
	from := m.IntN(len(row))
	if m.oneIn(40) {
		return row[from:from]
	}
	return row[from : from+1+m.IntN(len(row)-from)]
}

// fill fills in all of rec but its row and what it has in common with others.
func (m *recordMaker) fill(rec *Record, n int, offset int64) {
	row := rec.raw
	rec.Pos = outcome.Position{File: "x.log", Line: int64(n + 1), Offset: offset}
	rec.Lines = 1
	rec.Time = outcome.Unix(m.Int64N(1e18), m.IntN(10))
	rec.Kind, rec.Verb = Kind(m.IntN(int(kindCount))), Verb(m.IntN(5))
	rec.Code, rec.More = reply.Code(m.IntN(600)), m.oneIn(2)
	rec.Enhanced = reply.Enhanced{Major: uint8(m.IntN(6)), Subject: uint16(m.IntN(1000)), Detail: uint16(m.IntN(1000))}
	rec.Sequence = int64(m.IntN(100)) - 1
	rec.Data, rec.Context = m.value(row), m.value(row)
	rec.VerbText, rec.Arg = m.value(row), m.value(row)
	switch rec.Text = rec.Data; m.IntN(4) {
	case 0:
		rec.Text = m.value(row)
	case 1:
		rec.Text = nil
	}
	rec.Elapsed, rec.Win32, rec.BytesIn, rec.BytesOut = -1, -1, -1, -1
	if m.oneIn(3) {
		rec.Elapsed, rec.BytesIn = m.Int64()>>m.IntN(64), int64(m.IntN(9))-1
	}
	if m.oneIn(20) {
		switch m.IntN(6) {
		case 0:
			rec.Lines = 200 + m.IntN(100)
		case 1:
			rec.Sequence = m.Int64() >> m.IntN(64)
		case 2:
			rec.Pos.Line = m.Int64() >> m.IntN(62)
		case 3:
			rec.Pos.Offset = m.Int64() >> m.IntN(62)
		case 4:
			rec.Time = outcome.Time{}
		case 5:
			rec.Win32 = 0
		}
	}
}

// belong makes rec one of few conversations, known or not.
func (m *recordMaker) belong(rec *Record) {
	n := m.IntN(6)
	connector := n % 3
	name := func(s string, n int) []byte { return m.own(fmt.Append(nil, s, n)) }
	rec.Format, rec.Direction, rec.layout = Format(1+connector), outcome.Inbound, &m.layouts[connector%2]
	rec.Server, rec.Connector = name("EX", connector), name("Default", connector)
	rec.Session, rec.Local, rec.Remote, rec.Helo = name("S", n), name("10.0.0.", n), name("192.0.2.", n), nil
	rec.connector, rec.conversation = uint64(1+connector), 256*uint64(n)+7 // some have the same slot
	if m.oneIn(2) {
		return
	}
	rec.connector, rec.conversation = 0, 0
	rec.Session, rec.Helo = nil, name("mail", m.IntN(2))
	if m.oneIn(3) {
		rec.Direction, rec.Local, rec.Helo = outcome.Outbound, nil, nil
	}
}

// Records are handed over in a batch that was used before: what arrives is what
// was put.
func TestPacked(t *testing.T) {
	for seed := range uint64(200) {
		checkPacked(t, seed)
	}
}

func checkPacked(t *testing.T, seed uint64) {
	m := &recordMaker{Rand: rand.New(rand.NewPCG(seed, 2))}
	m.layouts[0].names, m.layouts[1].names = []string{"a"}, []string{"b"}
	a := newAhead(&Reader{name: "x.log", opt: Options{Sparse: seed%2 == 1}}, &Pool{jobs: 2}, nil)
	b := &batch{}
	packed := 0
	for range 3 {
		b.reset(a)
		sizes := make([]int, 40)
		total := 0
		for i := range sizes {
			if sizes[i] = 1 + m.IntN(60); m.oneIn(200) {
				sizes[i] = 65_530 + m.IntN(10)
			}
			total += sizes[i]
		}
		b.data, b.offset = m.text(total), m.Int64N(2000)
		var want []*Record
		rec := new(Record)
		at := 0
		for i, size := range sizes {
			window := b.data[at:min(at+size+m.IntN(10), total):total] // rows may be cut out of less than the chunk
			if rec.raw = window[:size:len(window)]; m.oneIn(10) {
				rec.raw = m.own(m.text(size)) // joined from several lines
			}
			m.belong(rec)
			m.fill(rec, i, b.offset+int64(at))
			at += size
			want = append(want, rec.Clone())
			b.put(rec)
			m.useAgain()
		}
		packed += len(b.packed) - len(b.records)
		a.begins(b)
		for i, w := range want {
			got, err := a.next()
			if err != nil {
				t.Fatal(err)
			}
			if p := promised(got); !reflect.DeepEqual(p, promised(w)) {
				t.Fatalf("seed %d, record %d: before Fill %s\nwant %s", seed, i, show(p), show(promised(w)))
			}
			if i%3 == 0 {
				continue // Fill is called for some
			}
			if c := got.Clone(); !reflect.DeepEqual(w, c) {
				t.Fatalf("seed %d, record %d: -put +taken:\n%s", seed, i, cmp.Diff(w, c, cmp.AllowUnexported(Record{}, outcome.Time{}, layout{})))
			}
		}
	}
	if packed < 20 {
		t.Errorf("seed %d: %d records packed", seed, packed)
	}
}

// Rows as logs usually have them need no copy, whatever way they were read.
func TestPackedUsually(t *testing.T) {
	log := "#Log-type: SMTP Receive Protocol Log\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n"
	for i := range 200 {
		second := fmt.Sprint(10 + i%50)
		log += "2026-03-02T08:00:" + second + ".273Z,GATE\\Default,08DE42C8FF2362E" + fmt.Sprint(i%3) + "," + fmt.Sprint(i) +
			",10.1.0.25:25,192.0.2.104:1745," + []string{"<,RCPT TO:<a@example.com>,", "+,,", `>,"250 2.1.5 Recipient OK",`, "*,,Set Session Permissions"}[i%4] + "\r\n"
	}
	pool := &Pool{jobs: 2}
	a := newAhead(&Reader{name: "x.log", opt: Options{Location: time.UTC}}, pool, nil)
	a.max, a.found = DefaultMaxLine, detect([]byte(log), &a.r.opt)
	state := a.behindHeader([]byte(log))
	a.assumed.Store(&state)
	b := pool.batch()
	b.reset(a)
	b.data, b.offset = append([]byte(log), make([]byte, 512)...)[:len(log)], 7
	b.parse()
	if len(b.packed) != 200 || len(b.records) > 0 {
		t.Errorf("%v: %d rows, %d copied", a.found.Format, len(b.packed), len(b.records))
	}
}

// A packed record is as long as a cache line and holds no pointers.
func TestPackedShape(t *testing.T) {
	if size := reflect.TypeFor[packedRecord]().Size(); size != 64 {
		t.Errorf("%d bytes", size)
	}
	var pointers func(typ reflect.Type) bool
	pointers = func(typ reflect.Type) bool {
		switch typ.Kind() {
		case reflect.Struct:
			for i := range typ.NumField() {
				if pointers(typ.Field(i).Type) {
					return true
				}
			}
			return false
		case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Int32, reflect.Int64, reflect.Bool:
			return false
		}
		return true
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[packedRecord](), reflect.TypeFor[extra]()} {
		if pointers(typ) {
			t.Errorf("%v holds pointers", typ)
		}
	}
}

// A Pool knows which rows it parses for every format.
func TestPoolParses(t *testing.T) {
	p := &Pool{jobs: 2}
	var got []Format
	for _, f := range Formats() {
		if p.Parses(f) {
			got = append(got, f)
		}
	}
	want := []Format{ExchangeReceive, ExchangeSend, Tracking, Connectivity, Agent}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
