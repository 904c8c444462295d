package track

import "slices"

// batchSize is how many clusters are finished together; fewer in tests.
var batchSize = 64

// A batch is some clusters that are finished beside others.
type batch struct {
	clusters []*cluster
	over     []*Message
	rest     []remainder // of each cluster; good where nothing or all of it is left
	spare    []*Message  // to be used again
	done     chan struct{}
}

// finishAll takes the messages of clusters that are over at mark, and calls each
// with those of a batch of them after the other; the rows of the others stay.
func (b *Builder) finishAll(list []*cluster, mark int64, ended Ended, each func(over []*Message)) {
	if b.opt.Jobs > 1 && b.opt.VerdictsOnly && len(list) > 2*batchSize {
		b.finishBeside(list, mark, ended, each)
		return
	}
	for clusters := range slices.Chunk(list, batchSize) {
		b.room = b.room[:0]
		b.clusters.fetch(clusters)
		for _, c := range clusters {
			b.room = b.finish(c, mark, ended, b.room)
		}
		each(b.room)
	}
	clear(b.room)
}

// finishBeside is finishAll by several goroutines. They only look at clusters;
// what becomes of these is done here, in the order of the list.
func (b *Builder) finishBeside(list []*cluster, mark int64, ended Ended, each func(over []*Message)) {
	ahead := 2 * b.opt.Jobs
	todo := make(chan *batch, ahead)
	defer close(todo)
	for len(b.others) < b.opt.Jobs {
		p := &packing{common: b.common, origins: b.origins, seed: b.seed, verdictsOnly: true}
		b.others = append(b.others, newAssembler(b, p, new(shortNames)))
	}
	for _, a := range b.others {
		go func() {
			for w := range todo {
				a.finishBatch(w, mark, ended)
			}
		}()
	}
	var begun []*batch // in their order
	var parted []*cluster
	begin := func(w *batch) {
		n := min(batchSize, len(list))
		w.clusters, list = list[:n], list[n:]
		n = max(0, len(b.own.spare)-batchSize)
		w.spare = append(w.spare, b.own.spare[n:]...)
		b.own.spare = b.own.spare[:n]
		w.done = make(chan struct{})
		begun = append(begun, w)
		todo <- w
	}
	for range ahead {
		if len(list) > 0 {
			begin(new(batch))
		}
	}
	for len(begun) > 0 {
		w := begun[0]
		begun = append(begun[:0], begun[1:]...)
		<-w.done
		b.clusters.fetch(w.clusters)
		for i, c := range w.clusters {
			if r := w.rest[i]; len(r.groups) > 0 && !r.whole {
				parted = append(parted, c)
			} else {
				b.keep(c, r)
			}
		}
		each(w.over)
		for _, m := range w.spare {
			b.own.reuse(m)
		}
		clear(w.over)
		w.over, w.rest, w.spare = w.over[:0], w.rest[:0], w.spare[:0]
		if len(list) > 0 {
			begin(w)
		}
	}
	// Rows that stay are packed once nobody looks at packed rows any more. The
	// messages of these clusters that are over have been handed on.
	for _, c := range parted {
		b.room = b.finish(c, mark, ended, b.room[:0])
		for _, m := range b.room {
			b.own.reuse(m)
		}
		clear(b.room)
	}
}

// finishBatch finishes clusters.
func (a *assembler) finishBatch(w *batch, mark int64, ended Ended) {
	defer close(w.done)
	a.spare = append(a.spare[:0], w.spare...)
	for _, c := range w.clusters {
		over, r := a.finish(c, mark, ended, w.over)
		w.over, w.rest = over, append(w.rest, r)
	}
	w.spare = append(w.spare[:0], a.spare...)
}
