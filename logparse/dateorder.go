package logparse

// dateOrderOf infers the order of day, month and year from the dates of a
// log's first lines: from a number that can only be a day or a year, and from
// the dates' not running backwards. AnyOrder when they do not tell.
func dateOrderOf(lines [][]byte, format Format) DateOrder {
	var dates []imsStamp
	for _, line := range lines {
		stamp, ok := dateOf(line, format)
		if ok && (len(dates) == 0 || dates[len(dates)-1].date != stamp.date) {
			dates = append(dates, stamp)
		}
	}
	if len(dates) == 0 {
		return AnyOrder
	}
	best, tie := AnyOrder, false
	var least orderFaults
	for _, order := range []DateOrder{MDY, DMY, YMD} {
		f := faultsOf(dates, order)
		switch {
		case best == AnyOrder || f.less(least):
			best, least, tie = order, f, false
		case !least.less(f):
			tie = true
		}
	}
	if tie || least.impossible == len(dates) {
		return AnyOrder
	}
	return best
}

// dateOf returns the date of a line of the given format.
func dateOf(line []byte, format Format) (imsStamp, bool) {
	if format == IISMSIIS {
		var buf [4][]byte
		c := columns(buf[:0], line, ',')
		if len(c) < 4 {
			return imsStamp{}, false
		}
		line = []byte(string(unquoted(c[2])) + " 0:00:00 : ")
	}
	stamp, text := parseIMSStamp(line)
	return stamp, text > 0
}

// orderFaults is what speaks against an order of the dates.
type orderFaults struct {
	impossible int // dates that there are not
	unusual    int // dates whose separator no locale with that order has
	backwards  int // dates before the one above
	days       int // from the first to the last: a log covers neighbouring days rather than months
	short      int // years of two digits in front, which few locales have
}

func (f orderFaults) less(g orderFaults) bool {
	switch {
	case f.impossible != g.impossible:
		return f.impossible < g.impossible
	case f.unusual != g.unusual:
		return f.unusual < g.unusual
	case f.backwards != g.backwards:
		return f.backwards < g.backwards
	}
	if f.days != g.days {
		return f.days < g.days
	}
	return f.short < g.short
}

func faultsOf(dates []imsStamp, order DateOrder) (f orderFaults) {
	var first, last int64
	for i := range dates {
		s := &dates[i]
		sec, ok := s.dayIn(order)
		if !ok {
			f.impossible++
			continue
		}
		// Windows writes dots with the day first, or with a year of four digits.
		if s.sep == '.' && s.width < 4 && order != DMY || s.sep == '-' && order == MDY {
			f.unusual++
		}
		if order == YMD && s.width < 4 {
			f.short++
		}
		if first == 0 {
			first, last = sec, sec
		}
		if sec < last {
			f.backwards++
		}
		f.days = max(f.days, int((max(sec, last)-min(sec, first))/86400))
		last = sec
	}
	return f
}
