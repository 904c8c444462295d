package query

import (
	"math"
	"math/big"
	"math/bits"
	"slices"
	"strings"
)

// What is held beside the bytes of a value itself: the entry of a map, the
// header of a string.
const heldEntry = 48

type counter struct{ n int64 }

func (c *counter) add(Value, *Run)    { c.n++ }
func (c *counter) result(out []Value) { out[0] = IntOf(c.n) }

type distinctCounter struct{ set map[string]struct{} }

func (c *distinctCounter) add(v Value, r *Run) {
	r.buf = appendKey(r.buf[:0], v, false)
	addTo(&c.set, r)
}

// addTo adds the key in r.buf to a set.
func addTo(set *map[string]struct{}, r *Run) {
	if _, ok := (*set)[string(r.buf)]; ok || !r.hold(len(r.buf)+heldEntry) {
		return
	}
	if *set == nil {
		*set = map[string]struct{}{}
	}
	(*set)[string(r.buf)] = struct{}{}
}

func (c *distinctCounter) result(out []Value) { out[0] = IntOf(int64(len(c.set))) }

// wholeSum adds in 128 bits, so that only the sum itself may be too large.
type wholeSum struct {
	kind Type
	avg  bool
	n    int64
	high int64
	low  uint64
}

func (c *wholeSum) add(v Value, _ *Run) {
	var carry uint64
	c.low, carry = bits.Add64(c.low, uint64(v.num), 0)
	c.high += v.num>>63 + int64(carry)
	c.n++
}

func (c *wholeSum) result(out []Value) {
	if c.n == 0 {
		out[0] = Null
		return
	}
	fits := c.high == int64(c.low)>>63
	switch {
	case !c.avg:
		out[0] = numberOf(c.kind, int64(c.low), fits)
	case c.kind == TimeSpan:
		out[0] = numberOf(TimeSpan, c.mean(), true)
	case fits:
		out[0] = RealOf(float64(int64(c.low)) / float64(c.n))
	default:
		out[0] = realOf((float64(c.high)*(1<<64) + float64(c.low)) / float64(c.n))
	}
}

// mean divides, towards zero.
func (c *wholeSum) mean() int64 {
	high, low := uint64(c.high), c.low
	if c.high < 0 {
		var borrow uint64
		low, borrow = bits.Sub64(0, low, 0)
		high, _ = bits.Sub64(0, high, borrow)
	}
	q, _ := bits.Div64(high, low, uint64(c.n))
	if c.high < 0 {
		return -int64(q)
	}
	return int64(q)
}

// realSum adds numbers without loss: parts do not overlap, and their sum, rounded
// once, is the same in whatever order the numbers came (Shewchuk 1997).
type realSum struct {
	avg   bool
	n     int64
	parts []float64
	large *big.Float // the sum of those that parts could overflow with
}

// Numbers from largeReal on are added in as many bits as any sum can need.
const (
	largeReal = 0x1p970
	largeBits = 2200
)

func (c *realSum) add(v Value, _ *Run) {
	x := v.Real()
	c.n++
	if math.Abs(x) >= largeReal {
		if c.large == nil {
			c.large = new(big.Float).SetPrec(largeBits)
		}
		c.large.Add(c.large, big.NewFloat(x))
		return
	}
	kept := c.parts[:0]
	for _, y := range c.parts {
		if math.Abs(x) < math.Abs(y) {
			x, y = y, x
		}
		high := x + y
		if low := y - (high - x); low != 0 {
			kept = append(kept, low)
		}
		x = high
	}
	c.parts = append(kept, x)
}

func (c *realSum) result(out []Value) {
	if c.n == 0 {
		out[0] = Null
		return
	}
	sum := 0.0
	if c.large != nil {
		total := new(big.Float).Copy(c.large)
		for _, p := range c.parts {
			total.Add(total, big.NewFloat(p))
		}
		sum, _ = total.Float64()
	} else {
		sum = roundedSum(c.parts)
	}
	if c.avg {
		sum /= float64(c.n)
	}
	out[0] = realOf(sum)
}

// roundedSum adds parts that do not overlap, the largest last, and rounds once.
func roundedSum(parts []float64) float64 {
	n := len(parts) - 1
	sum := parts[n]
	low := 0.0
	for n > 0 && low == 0 {
		n--
		x := sum
		sum = x + parts[n]
		low = parts[n] - (sum - x)
	}
	// A half that was rounded to even, though more follows on its side.
	if n > 0 && (low < 0 && parts[n-1] < 0 || low > 0 && parts[n-1] > 0) {
		if twice := low * 2; twice == (sum+twice)-sum {
			sum += twice
		}
	}
	return sum
}

type extreme struct {
	order func(a, b Value) int
	sign  int
	v     Value
}

func (c *extreme) add(v Value, r *Run) {
	if c.v.kind != 0 {
		switch d := c.order(v, c.v) * c.sign; {
		case d < 0:
			return
		case d == 0:
			c.v.digits = max(c.v.digits, v.digits)
			return
		}
	}
	if v.kind == String {
		if !r.hold(len(v.text) - len(c.v.text)) {
			return
		}
		v.text = strings.Clone(v.text)
	}
	c.v = v
}

func (c *extreme) result(out []Value) { out[0] = c.v }

// ranking holds all values to find the one at a rank.
type ranking struct {
	typ    Type
	rank   float64
	digits uint8
	keys   []uint64
}

func (c *ranking) add(v Value, r *Run) {
	if !r.hold(16) {
		return
	}
	c.digits = max(c.digits, v.digits)
	if c.typ == Real {
		c.keys = append(c.keys, realKey(v.Real()))
	} else {
		c.keys = append(c.keys, countKey(v.num))
	}
}

func (c *ranking) result(out []Value) {
	n := len(c.keys)
	if n == 0 {
		out[0] = Null
		return
	}
	slices.Sort(c.keys)
	i := int(math.Ceil(c.rank*float64(n)/100)) - 1
	k := c.keys[min(max(i, 0), n-1)]
	if c.typ == Real {
		out[0] = realOfKey(k)
		return
	}
	out[0] = Value{kind: c.typ, num: int64(k ^ 1<<63), digits: c.digits}
}

type setCollector struct {
	typ    Type
	limit  int64
	digits uint8
	set    map[string]struct{}
}

func (c *setCollector) add(v Value, r *Run) {
	if v.kind == List {
		for _, e := range v.list {
			r.buf = appendKey(r.buf[:0], StringOf(e), false)
			addTo(&c.set, r)
		}
		return
	}
	c.digits = max(c.digits, v.digits)
	r.buf = appendKey(r.buf[:0], v, false)
	addTo(&c.set, r)
}

func (c *setCollector) result(out []Value) {
	keys := make([]string, 0, len(c.set))
	for k := range c.set {
		keys = append(keys, k)
	}
	out[0] = collected(keys, c.typ, c.limit, c.digits)
}

type listCollector struct {
	typ    Type
	limit  int64
	digits uint8
	keys   []string
}

func (c *listCollector) add(v Value, r *Run) {
	if v.kind == List {
		for _, e := range v.list {
			c.keep(StringOf(e), r)
		}
		return
	}
	c.digits = max(c.digits, v.digits)
	c.keep(v, r)
}

func (c *listCollector) keep(v Value, r *Run) {
	r.buf = appendKey(r.buf[:0], v, false)
	if r.hold(len(r.buf) + heldEntry) {
		c.keys = append(c.keys, string(r.buf))
	}
}

func (c *listCollector) result(out []Value) {
	out[0] = collected(slices.Clone(c.keys), c.typ, c.limit, c.digits)
}

// collected returns values as the elements of a list, in their order.
func collected(keys []string, typ Type, limit int64, digits uint8) Value {
	slices.Sort(keys)
	if limit >= 0 && int64(len(keys)) > limit {
		keys = keys[:limit]
	}
	if typ == List {
		typ = String
	}
	list := make([]string, 0, len(keys))
	for _, k := range keys {
		v, _ := readKey(k, typ, false)
		v.digits = digits
		list = append(list, toText(v).text)
	}
	return ListOf(list)
}

// chosenRow keeps the row with the largest or the smallest value; among those
// with the same, or if any will do, the one that sorts first.
type chosenRow struct {
	columns []variable
	sign    int
	has     bool
	key     string
	row     string
}

func (c *chosenRow) add(v Value, r *Run) {
	r.buf = r.buf[:0]
	if c.sign != 0 {
		r.buf = appendKey(r.buf, v, false)
	}
	if c.has {
		d := compareKey(r.buf, c.key) * c.sign
		if d < 0 || d == 0 && compareKey(r.beside, c.row) >= 0 {
			return
		}
	}
	if !r.hold(len(r.buf) + len(r.beside) - len(c.key) - len(c.row)) {
		return
	}
	c.has, c.key, c.row = true, string(r.buf), string(r.beside)
}

func (c *chosenRow) result(out []Value) {
	rest := c.row
	for i, v := range c.columns {
		out[i] = Null
		if c.has {
			out[i], rest = readKey(rest, v.cell.typ, true)
		}
	}
}
