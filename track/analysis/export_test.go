package analysis

// SetChunk makes chunks of n bytes, 0 for the usual ones.
func SetChunk(n int) { poolChunk = n }

// SetPart makes parts of n bytes, 0 for the usual ones.
func SetPart(n int64) {
	partSize, minSharedWork = n, minShared
	if n > 0 {
		minSharedWork = 1
	}
}
