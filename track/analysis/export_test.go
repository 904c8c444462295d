package analysis

// SetChunk makes chunks of n bytes, 0 for the usual ones.
func SetChunk(n int) { poolChunk = n }
