package query

import (
	"math"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// Type is the type of a column or of an expression.
type Type uint8

// The types. Each also has the value null: what the log does not say.
const (
	String   Type = iota + 1
	Int           // 64 bits
	Real          // 64 bits
	Bool          //
	DateTime      // a moment in UTC with the precision of its log
	TimeSpan      // nanoseconds
	List          // of strings
	Object        // named strings: the columns of a log's own row
)

// A Value is one value of a type that its column or expression fixes. The zero
// Value is null.
type Value struct {
	kind   Type
	digits uint8 // of a DateTime's fraction of a second
	num    int64 // Int, Bool, DateTime and TimeSpan in nanoseconds; the bits of a Real
	text   string
	list   []string
	object Fields
}

// Fields finds one of the named strings of an Object.
type Fields interface {
	// Field returns the value with that name, in any case of ASCII letters.
	Field(name string) (string, bool)
	// Each yields all of them in their order.
	Each(yield func(name, value string) bool)
}

// Null is the value of what is not known.
var Null Value

// StringOf returns a String.
func StringOf(s string) Value { return Value{kind: String, text: s} }

// StringOr returns a String, null for an empty one.
func StringOr(s string) Value {
	if s == "" {
		return Null
	}
	return StringOf(s)
}

// IntOf returns an Int.
func IntOf(n int64) Value { return Value{kind: Int, num: n} }

// RealOf returns a Real.
func RealOf(f float64) Value { return Value{kind: Real, num: int64(math.Float64bits(f))} }

// BoolOf returns a Bool.
func BoolOf(v bool) Value {
	if v {
		return Value{kind: Bool, num: 1}
	}
	return Value{kind: Bool}
}

// TimeOf returns a DateTime, null for no time.
func TimeOf(t outcome.Time) Value {
	if t.IsZero() {
		return Null
	}
	return Value{kind: DateTime, num: t.UnixNano(), digits: uint8(t.Digits())}
}

// SpanOf returns a TimeSpan.
func SpanOf(d time.Duration) Value { return Value{kind: TimeSpan, num: int64(d)} }

// ListOf returns a List. The Value refers to the list.
func ListOf(list []string) Value { return Value{kind: List, list: list} }

// ObjectOf returns an Object.
func ObjectOf(f Fields) Value { return Value{kind: Object, object: f} }

// Type returns the type of the value, 0 for null.
func (v Value) Type() Type { return v.kind }

// IsNull reports whether the value is not known.
func (v Value) IsNull() bool { return v.kind == 0 }

// Text returns a String.
func (v Value) Text() string { return v.text }

// Int returns an Int.
func (v Value) Int() int64 { return v.num }

// Real returns a Real.
func (v Value) Real() float64 { return math.Float64frombits(uint64(v.num)) }

// Bool returns a Bool.
func (v Value) Bool() bool { return v.num != 0 }

// Time returns a DateTime.
func (v Value) Time() outcome.Time { return outcome.Unix(v.num, int(v.digits)) }

// Span returns a TimeSpan.
func (v Value) Span() time.Duration { return time.Duration(v.num) }

// List returns a List.
func (v Value) List() []string { return v.list }

// Object returns an Object.
func (v Value) Object() Fields { return v.object }
