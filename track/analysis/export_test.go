package analysis

// SetChunk makes chunks of n bytes, 0 for the usual ones.
func SetChunk(n int) { poolChunk = n }

// SetPart makes parts of n bytes, and has all logs shared out; 0 is as usual.
func SetPart(n int64) { partSize = n }
