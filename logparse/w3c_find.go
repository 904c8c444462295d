package logparse

import "github.com/smtplog/smtplog/reply/outcome"

// w3cFound is what there is in a row.
type w3cFound struct {
	at       int64     // when it was, in nanoseconds
	day, sec int64     // the same in logs without both, or with something between them
	front    *iisFront // nil where its columns are found one by one
	verb     Verb
	method   iisSpan
	query    int // where it begins
}

// find finds the columns of the row that b begins with and returns where the last
// one ends; less than 1 if they are not all there, or a date or a time is none.
func (w *w3cReader) find(b *iisWindow, found *w3cFound) int {
	s := &w.short
	i := 0
	for k, step := range s.steps {
		if k > 0 {
			if b[i] != ' ' {
				return -1
			}
			i++
		}
		switch step.reads {
		case w3cStamp:
			ns, ok := s.stamp.at((*[iisStampMax]byte)(b[i : i+iisStampMax]))
			if !ok {
				if ns, ok = s.newStamp(b, i, step.columns); !ok {
					return -1
				}
			}
			found.at = ns
			i += len("2006-10-09 05:00:15")
		case w3cFront:
			found.front, i = w.front(b, i, step.columns)
		case w3cMethod:
			found.method.begin = i
			found.verb, i = methodAt(b, i, ' ')
			found.method.end = i
		case w3cQuery:
			found.query = i
			i = valueEnd(b[:], i)
		case w3cCounts:
			i = countsAt(b, i, len(step.columns), (*[iisCounts]int64)(s.counts[step.first:]))
		case w3cOthers:
			i = step.others(b, i)
		case w3cParts:
			i = w.row.parts(b, i, step.columns)
		case w3cDate:
			var ok bool
			if found.day, ok = s.date.seconds(b[i : i+10]); !ok {
				return -1
			}
			i += len("2006-10-09")
		case w3cTime:
			var ok bool
			if found.sec, ok = s.clock.seconds(b[i : i+8]); !ok {
				return -1
			}
			i += len("05:00:15")
		}
		if uint(i) >= iisLongest {
			return -1
		}
	}
	return i
}

// newStamp returns the moment of the date and the time that begin at i, and keeps
// them.
func (s *w3cShort) newStamp(b *iisWindow, i int, columns []iisColumn) (ns int64, ok bool) {
	date, clock := i, i+len("2006-10-09 ")
	if columns[0] == iisTime {
		date, clock = i+len("05:00:15 "), i
	}
	day, ok1 := s.date.seconds(b[date : date+10])
	sec, ok2 := s.clock.seconds(b[clock : clock+8])
	if text := b[i : i+len("2006-10-09 05:00:15")]; ok1 && ok2 && text[max(date, clock)-i-1] == ' ' {
		at := outcome.Unix((day+sec)*1e9, 0)
		s.stamp.set(text, clock+len("05:00:")-i, at)
		return at.UnixNano(), true
	}
	return 0, false
}

// front returns the front that begins at i and where it ends: at the byte behind
// its last column, which is a blank or less. The front is nil if it is too long;
// its columns are found then. The end is -1 if it is none.
func (w *w3cReader) front(b *iisWindow, i int, columns []iisColumn) (*iisFront, int) {
	if f := w.short.fronts.at((*[iisFrontMax]byte)(b[i : i+iisFrontMax])); f != nil {
		return f, i + int(f.size) - 1
	}
	return w.newFront(b, i, columns)
}

// newFront is front for one that is not known.
func (w *w3cReader) newFront(b *iisWindow, i int, columns []iisColumn) (*iisFront, int) {
	end := w.row.parts(b, i, columns)
	if end < 0 || end >= i+iisFrontMax {
		return nil, end
	}
	f := w.short.fronts.add((*[iisFrontMax]byte)(b[i:i+iisFrontMax]), end+1-i, nil)
	var at [iisColumns]iisPart
	for _, c := range columns {
		span := w.row.spans[c]
		at[c] = iisPart{uint8(span.begin - i), uint8(span.end - i)}
	}
	f.fill(&at)
	return f, end
}

// parts finds the columns, of which the first begins at i, and returns where the
// last one ends, -1 if they are not all there.
func (r *iisRow) parts(b *iisWindow, i int, columns []iisColumn) int {
	for k, c := range columns {
		end := valueEnd(b[:], i)
		r.spans[c] = iisSpan{i, end}
		if k+1 == len(columns) {
			return end
		}
		if end >= iisLongest || b[end] != ' ' {
			return -1
		}
		i = end + len(" ")
	}
	return i
}

// others leaves out the step's columns, of which the first begins at i, and
// returns where the last one ends, -1 if they are not all there. It keeps them.
func (step *w3cStep) others(b *iisWindow, i int) int {
	if known := &step.known; known.size > 0 && (word(b[i:])^known.words[0])&known.masks[0] == 0 &&
		(known.size <= 8 || known.begins((*[knownMax]byte)(b[i:i+knownMax]))) {
		return i + int(known.size) - 1
	}
	begin := i
	for k := range step.columns {
		if k > 0 {
			if i >= iisLongest || b[i] != ' ' {
				return -1
			}
			i++
		}
		i = valueEnd(b[:], i)
	}
	if size := i + 1 - begin; size <= 32 && i < iisLongest {
		step.known.set(b[begin : i+1])
	}
	return i
}
