package query

import (
	"math"
	"strings"
	"time"
)

var timeFunctions = map[string]*function{
	"now":             {params: []Type{}, result: DateTime, build: func(c *call) *node { return constantOf(DateTime, c.moment()) }},
	"ago":             {params: []Type{TimeSpan}, result: DateTime, build: buildAgo},
	"todatetime":      {params: []Type{anything}, result: DateTime, build: buildToTime},
	"bin":             {params: []Type{anything, anything}, build: buildBin},
	"startofday":      {params: []Type{DateTime}, result: DateTime, build: calendar(func(t time.Time) time.Time { return day(t, 0) })},
	"startofweek":     {params: []Type{DateTime}, result: DateTime, build: calendar(func(t time.Time) time.Time { return day(t, -int(t.Weekday())) })},
	"startofmonth":    {params: []Type{DateTime}, result: DateTime, build: calendar(func(t time.Time) time.Time { return day(t, 1-t.Day()) })},
	"hourofday":       {params: []Type{DateTime}, result: Int, build: part(func(t time.Time) int { return t.Hour() })},
	"dayofweek":       {params: []Type{DateTime}, result: Int, build: part(func(t time.Time) int { return int(t.Weekday()) })},
	"dayofmonth":      {params: []Type{DateTime}, result: Int, build: part(func(t time.Time) int { return t.Day() })},
	"monthofyear":     {params: []Type{DateTime}, result: Int, build: part(func(t time.Time) int { return int(t.Month()) })},
	"getyear":         {params: []Type{DateTime}, result: Int, build: part(func(t time.Time) int { return t.Year() })},
	"format_datetime": {params: []Type{DateTime, String}, result: String, build: buildFormat},
}

// moment returns the time of the question.
func (c *call) moment() Value { return timeValue(c.now.UnixNano(), 0, true) }

func buildAgo(c *call) *node {
	span, now := c.args[0].eval, c.moment()
	return &node{eval: func(row any, s []Value) Value {
		d := span(row, s)
		if d.kind == 0 {
			return d
		}
		n, ok := minus(now.num, d.num)
		return timeValue(n, now.digits, ok)
	}}
}

func buildToTime(c *call) *node {
	switch a := c.args[0]; a.typ {
	case DateTime:
		return &node{eval: a.eval}
	case String:
		if a.constant && a.val.kind != 0 {
			if _, ok := parseTime(a.val.text, c.loc); !ok {
				c.fail(a, c.text(a)+" is no date", timeHint)
			}
		}
		return of1(func(c *call) func(Value) Value {
			loc := c.loc
			return func(v Value) Value { t, _ := parseTime(v.text, loc); return t }
		})(c)
	}
	c.fail(c.args[0], c.text(c.args[0])+" is "+c.args[0].typ.a()+" and cannot be converted", "")
	return nil
}

// at returns a DateTime where the question is asked.
func (v Value) at(loc *time.Location) time.Time { return time.Unix(0, v.num).In(loc) }

func day(t time.Time, after int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+after, 0, 0, 0, 0, t.Location())
}

func calendar(f func(time.Time) time.Time) func(*call) *node {
	return of1(func(c *call) func(Value) Value {
		loc := c.loc
		return func(v Value) Value { return timeInRange(f(v.at(loc))) }
	})
}

// timeInRange returns a time, null if nanoseconds since 1970 cannot hold it.
func timeInRange(t time.Time) Value {
	const edge = math.MaxInt64 / int64(time.Second)
	if sec := t.Unix(); sec <= -edge || sec >= edge {
		return Null
	}
	return timeValue(t.UnixNano(), 0, true)
}

func part(f func(time.Time) int) func(*call) *node {
	return of1(func(c *call) func(Value) Value {
		loc := c.loc
		return func(v Value) Value { return IntOf(int64(f(v.at(loc)))) }
	})
}

// buildBin: bin(x, step), x rounded down to a multiple of step. Times are rounded
// by the clock of where the question is asked.
func buildBin(c *call) *node {
	x, step := c.args[0], c.args[1]
	if numeric(x.typ) && numeric(step.typ) && x.typ != step.typ {
		x, step = x.real(), step.real()
	}
	due := map[Type]Type{Int: Int, Real: Real, TimeSpan: TimeSpan, DateTime: TimeSpan}[x.typ]
	switch {
	case due == 0:
		c.fail(x, "`bin` rounds numbers, times and time spans, and "+c.text(x)+" is "+x.typ.a(), "")
	case step.typ != due:
		hint := "write `bin(duration_ms, 1000)`"
		if due == TimeSpan {
			hint = "write `bin(time, 1h)`"
		}
		c.fail(step, c.text(x)+" is "+x.typ.a()+" and cannot be rounded by "+c.text(step)+", which is "+step.typ.a(), hint)
	case !step.constant || step.val.kind == 0 || step.val.kind == Real && step.val.Real() <= 0 || step.val.kind != Real && step.val.num <= 0:
		c.fail(step, "the step of `bin` is a value above zero", "such as `1h` or `100`")
	}
	n := &node{typ: x.typ, name: x.name}
	eval, k := x.eval, step.val
	var f func(Value) Value
	switch x.typ {
	case Real:
		f = func(v Value) Value { return realOf(math.Floor(v.Real()/k.Real()) * k.Real()) }
	case DateTime:
		loc := c.loc
		f = func(v Value) Value { return binTime(v, k.num, loc) }
	default:
		f = func(v Value) Value {
			n, ok := floor(v.num, k.num)
			return numberOf(v.kind, n, ok)
		}
	}
	n.eval = func(row any, s []Value) Value {
		v := eval(row, s)
		if v.kind == 0 {
			return v
		}
		return f(v)
	}
	return n
}

// floor returns the multiple of step at or below n, and whether it fits.
func floor(n, step int64) (int64, bool) {
	m := n % step
	if m < 0 {
		m += step
	}
	return minus(n, m)
}

func binTime(v Value, step int64, loc *time.Location) Value {
	if loc == time.UTC {
		n, ok := floor(v.num, step)
		return timeValue(n, 0, ok)
	}
	t := v.at(loc)
	_, seconds := t.Zone()
	offset := int64(seconds) * int64(time.Second)
	local, ok := plus(v.num, offset)
	if !ok {
		return Null
	}
	n, ok := floor(local, step)
	if !ok {
		return Null
	}
	if step%int64(24*time.Hour) == 0 {
		// Midnight may have had another offset.
		wall := time.Unix(0, n).UTC()
		return timeInRange(time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, loc))
	}
	n, ok = minus(n, offset)
	return timeValue(n, 0, ok)
}

// layouts are the letters of format_datetime with those of package time.
var layouts = map[string]string{
	"yyyy": "2006", "yy": "06", "MM": "01", "M": "1", "dd": "02", "d": "2",
	"HH": "15", "hh": "03", "h": "3", "mm": "04", "m": "4", "ss": "05", "s": "5", "tt": "PM",
	"MMM": "Jan", "MMMM": "January", "ddd": "Mon", "dddd": "Monday",
}

// A formatPart writes one part of a time.
type formatPart func(b []byte, t time.Time) []byte

func buildFormat(c *call) *node {
	pattern := c.constantText(1, "the format")
	var parts []formatPart
	for i := 0; i < len(pattern); {
		n := 1
		for i+n < len(pattern) && pattern[i+n] == pattern[i] {
			n++
		}
		letters := pattern[i : i+n]
		p, ok := partOf(letters)
		if !ok {
			c.fail(c.args[1], quoted(letters)+" has no meaning in a format of time", "write for example `\"yyyy-MM-dd HH:mm:ss\"`; also `fff`, `hh`, `tt`, `ddd`, `MMM`")
		}
		parts = append(parts, p)
		i += n
	}
	loc, eval := c.loc, c.args[0].eval
	return &node{eval: func(row any, s []Value) Value {
		v := eval(row, s)
		if v.kind == 0 {
			return v
		}
		var b []byte
		t := v.at(loc)
		for _, p := range parts {
			b = p(b, t)
		}
		return StringOf(string(b))
	}}
}

func partOf(letters string) (formatPart, bool) {
	if layout := layouts[letters]; layout != "" {
		return func(b []byte, t time.Time) []byte { return t.AppendFormat(b, layout) }, true
	}
	switch c := letters[0]; {
	case letters == "H":
		return func(b []byte, t time.Time) []byte { return IntOf(int64(t.Hour())).Append(b) }, true
	case c == 'f' && len(letters) <= 9:
		layout := "." + strings.Repeat("0", len(letters))
		return func(b []byte, t time.Time) []byte { return append(b, t.Format(layout)[1:]...) }, true
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		if letters != "T" && letters != "Z" {
			return nil, false
		}
	}
	return func(b []byte, _ time.Time) []byte { return append(b, letters...) }, true
}
