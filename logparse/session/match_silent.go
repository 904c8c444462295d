package session

import "math"

// What a connection's next row is.
const (
	awaitCommand  = iota // at the client's pace
	awaitPrompt          // our own next command
	awaitTransfer        // the reply to a message that is on its way
)

// expect sets what c's next row is to be.
func (c *conn) expect(outbound bool) {
	switch {
	case !outbound && c.stage == stageRcpt, c.waiting > 0 && c.wait[0].verb == verbEOM:
		c.awaits = awaitTransfer
	case outbound && c.waiting == 0:
		c.awaits = awaitPrompt
	default:
		c.awaits = awaitCommand
		c.usual = 0
	}
}

// logUsual returns the logarithm of the time in which c's next row is to be
// expected, in milliseconds.
func (c *conn) logUsual() float64 {
	switch c.awaits {
	case awaitTransfer:
		return logTransfer
	case awaitPrompt:
		return logPrompt
	}
	if c.usual == 0 {
		c.catchUp()
		sum, total := 0.0, 0.0
		for i, w := range &c.pace.weights {
			sum += float64(w) * logMedians[i]
			total += float64(w)
		}
		c.usual = sum / total
	}
	return c.usual
}

// vanished is how likely a connection ends without a word.
var vanished = math.Exp(logVanished)

// logSilent returns the logarithm of how likely c is without a row until now, a
// logged time.
func (c *conn) logSilent(now int64) float64 {
	d := now - c.at - resolution
	if !c.timed || d <= 0 || c.stage == stageQuit {
		return 0
	}
	spread := silentSpread
	if c.awaits == awaitTransfer {
		spread = 2 * silentSpread
	}
	z := (logOf(float64(d)) - c.logUsual()) / spread
	switch {
	case z < silentFrom:
		return 0
	case z > silentTo:
		return logVanished
	}
	at := (z - silentFrom) * silentSteps
	i := int(at)
	return silentTable[i] + (at-float64(i))*(silentTable[i+1]-silentTable[i])
}

const (
	silentFrom, silentTo = -1, 3 // σ
	silentSteps          = 64    // in each σ
)

// silentTable holds the logarithm of how likely a connection is silent so many
// σ longer than usual.
var silentTable = func() (t [(silentTo-silentFrom)*silentSteps + 2]float64) {
	for i := range t {
		z := silentFrom + float64(i)/silentSteps
		t[i] = math.Log(vanished + (1-vanished)*0.5*math.Erfc(z/math.Sqrt2))
	}
	return t
}()

// longTransfer is how long a message may be on its way without a sign of it
// until the connection is given up, in milliseconds.
const longTransfer = 30_000

// overdue reports whether c's next row, by the logged time now, should have come
// so long ago that c is given up: it stays open and takes a row that fits no
// other connection, but hypotheses about how it stands are not told apart.
func (c *conn) overdue(now int64) bool {
	if c.awaits == awaitTransfer {
		return c.timed && now-c.at-resolution > longTransfer
	}
	return c.silent <= logVanished
}
