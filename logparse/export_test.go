package logparse

// PoolOfChunks returns a Pool whose chunks have the sizes that size gives.
func PoolOfChunks(jobs int, size func() int) *Pool {
	p := NewPool(jobs)
	p.size = size
	return p
}
