package session

import "math"

// expect sets how long c's next row is to be waited for.
func (c *conn) expect(outbound bool) {
	switch {
	case !outbound && c.stage == stageRcpt, c.waiting > 0 && c.wait[0].verb == verbEOM:
		c.usual = logTransfer // the message is on its way
		return
	case outbound && c.waiting == 0:
		c.usual = logPrompt
		return
	}
	sum, total := 0.0, 0.0
	for i, l := range c.pace {
		w := math.Exp(float64(l))
		sum += w * logMedians[i]
		total += w
	}
	c.usual = sum / total
}

// logSilent returns the logarithm of how likely c is without a row until now, a
// logged time.
func (c *conn) logSilent(now int64) float64 {
	d := now - c.at - resolution
	if !c.timed || d <= 0 || c.stage == stageQuit {
		return 0
	}
	spread := silentSpread
	if c.usual == logTransfer {
		spread = 2 * silentSpread
	}
	z := (math.Log(float64(d)) - c.usual) / spread
	switch {
	case z < -1:
		return 0
	case z > 3:
		return logVanished
	}
	vanished := math.Exp(logVanished)
	return math.Log(vanished + (1-vanished)*0.5*math.Erfc(z/math.Sqrt2))
}
