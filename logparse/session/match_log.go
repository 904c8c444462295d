package session

import "math"

const (
	logBits  = 7 // of the mantissa that choose an entry of logTable
	logParts = 1 << logBits
)

// A logPart is the inverse of a number between 1 and 2, and its logarithm.
type logPart struct{ inverse, log float64 }

// logTable holds the middles of equal parts of the numbers from 1 to 2.
var logTable = func() (t [logParts]logPart) {
	for i := range t {
		middle := 1 + (float64(i)+0.5)/logParts
		t[i] = logPart{1 / middle, math.Log(middle)}
	}
	return t
}()

// logOf returns the logarithm of a normal x > 0, to within 1e-10.
func logOf(x float64) float64 {
	const mantissa, bias = 52, 1023
	bits := math.Float64bits(x)
	part := &logTable[bits>>(mantissa-logBits)&(logParts-1)]
	off := math.Float64frombits(bits&(1<<mantissa-1)|bias<<mantissa)*part.inverse - 1
	return float64(int(bits>>mantissa)-bias)*math.Ln2 + part.log + off*(1-off*(0.5-off*(1.0/3-off*0.25)))
}
