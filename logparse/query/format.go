package query

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/smtplog/smtplog/logparse/jsontext"
)

// Append appends the value as tostring() writes it: a time in RFC 3339 and UTC, a
// time span as d.hh:mm:ss, a list and fields as JSON. Null appends nothing.
func (v Value) Append(b []byte) []byte {
	switch v.kind {
	case String:
		return append(b, v.text...)
	case Int:
		return strconv.AppendInt(b, v.num, 10)
	case Real:
		return appendReal(b, v.Real())
	case Bool:
		return strconv.AppendBool(b, v.num != 0)
	case DateTime:
		return v.Time().Append(b)
	case TimeSpan:
		return appendSpan(b, v.num)
	case List:
		b = append(b, '[')
		for i, e := range v.list {
			if i > 0 {
				b = append(b, ',')
			}
			b = jsontext.AppendString(b, e)
		}
		return append(b, ']')
	case Object:
		return appendFields(b, v.object)
	}
	return b
}

// appendReal appends the shortest form that reads back as f.
func appendReal(b []byte, f float64) []byte {
	form := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		form = 'e'
	}
	return strconv.AppendFloat(b, f, form, -1, 64)
}

// appendSpan appends [-][d.]hh:mm:ss[.fraction].
func appendSpan(b []byte, ns int64) []byte {
	n := uint64(ns)
	if ns < 0 {
		b = append(b, '-')
		n = -n
	}
	const dayLength = uint64(24 * time.Hour)
	if days := n / dayLength; days > 0 {
		b = append(strconv.AppendUint(b, days, 10), '.')
	}
	n %= dayLength
	b = fmt.Appendf(b, "%02d:%02d:%02d", n/uint64(time.Hour), n/uint64(time.Minute)%60, n/uint64(time.Second)%60)
	if fraction := n % uint64(time.Second); fraction > 0 {
		b = fmt.Appendf(b, ".%09d", fraction)
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return b
}

func appendFields(b []byte, f Fields) []byte {
	b = append(b, '{')
	first := true
	if f != nil {
		f.Each(func(name, value string) bool {
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(jsontext.AppendString(b, name), ':')
			b = jsontext.AppendString(b, value)
			return true
		})
	}
	return append(b, '}')
}
