package session

import "math"

const (
	logBits  = 8 // of the mantissa that choose an entry of logTable
	logParts = 1 << logBits
)

// logTable holds the logarithms of 1 to 2, at equal distances.
var logTable = func() (t [logParts + 1]float64) {
	for i := range t {
		t[i] = math.Log1p(float64(i) / logParts)
	}
	return t
}()

// logOf returns the logarithm of a normal x > 0, to within 2e-6. Likelihoods are
// not known any better.
func logOf(x float64) float64 {
	const mantissa = 52
	bits := math.Float64bits(x)
	i := bits >> (mantissa - logBits) & (logParts - 1)
	part := float64(bits&(1<<(mantissa-logBits)-1)) / (1 << (mantissa - logBits))
	low := logTable[i]
	return float64(int(bits>>mantissa)-1023)*math.Ln2 + low + float64(part*(logTable[i+1]-low))
}
