package main

// texts keeps what is to be printed of records that wait, many of them in a block.
type texts struct {
	blocks  []textBlock
	current int     // that lines are added to
	unused  []int32 // blocks without lines
}

type textBlock struct {
	buf   []byte
	lines int // that were not released
}

// A keptText is a line in texts.
type keptText struct {
	block    int32
	from, to int32 // where in the block it is; the same where there is no line
}

func (k *keptText) size() int { return int(k.to - k.from) }

// textBlockSize is the size of a block, but for lines that are longer, and
// maxUnusedBlocks how many keep their memory while they hold no line: nearly all
// wait again soon.
const (
	textBlockSize   = 64 << 10
	maxUnusedBlocks = 512
)

// keep makes k a line.
func (t *texts) keep(k *keptText, line []byte) {
	if len(t.blocks) == 0 || cap(t.blocks[t.current].buf)-len(t.blocks[t.current].buf) < len(line) {
		t.begin(len(line))
	}
	b := &t.blocks[t.current]
	from := len(b.buf)
	b.buf = append(b.buf, line...)
	b.lines++
	*k = keptText{block: int32(t.current), from: int32(from), to: int32(len(b.buf))}
}

// begin begins a block with room for a line of that size.
func (t *texts) begin(size int) {
	if n := len(t.unused); len(t.blocks) > 0 && t.blocks[t.current].lines == 0 {
		// The line is longer than the block.
	} else if n > 0 {
		t.current, t.unused = int(t.unused[n-1]), t.unused[:n-1]
	} else {
		t.current = len(t.blocks)
		t.blocks = append(t.blocks, textBlock{})
	}
	if b := &t.blocks[t.current]; cap(b.buf) < size {
		b.buf = make([]byte, 0, max(size, textBlockSize))
	}
}

// share makes k the same line as of, whose memory is used again when both are
// released.
func (t *texts) share(k, of *keptText) {
	t.blocks[of.block].lines++
	*k = *of
}

func (t *texts) line(k *keptText) []byte { return t.blocks[k.block].buf[k.from:k.to] }

// release frees the line, if k is one.
func (t *texts) release(k *keptText) {
	if k.size() == 0 {
		return
	}
	b := &t.blocks[k.block]
	if b.lines--; b.lines == 0 {
		if b.buf = b.buf[:0]; int(k.block) != t.current {
			if len(t.unused) >= maxUnusedBlocks || cap(b.buf) > textBlockSize {
				b.buf = nil
			}
			t.unused = append(t.unused, k.block)
		}
	}
	*k = keptText{}
}
