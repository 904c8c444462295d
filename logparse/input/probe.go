package input

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// A prober finds the sources in one file on disk or pipe.
type prober struct {
	*finder
	*reached
	failed  bool
	limited bool // the limit has been reported
}

// An item is a stream of bytes that may be a log, compressed, or an archive.
type item struct {
	node   node
	suffix string // what its name has after that of the file
	depth  int    // layers around it
	size   int64  // bytes on disk it accounts for; -1 unknown
	length int64  // bytes its size stands for
	once   bool   // it comes from a pipe, not from an archive that was
}

func (p *prober) fail(it item, err error) {
	p.failed = true
	var limit *LimitError
	if errors.As(err, &limit) {
		if p.limited {
			return
		}
		p.limited = true
	}
	p.finder.fail(p.reached.name+it.suffix, err)
}

// finish reports an archive that was named outright and holds nothing.
func (p *prober) finish() {
	if len(p.reached.sources) == 0 && !p.failed && p.explicit {
		p.fail(item{}, errors.New("the archive holds no files"))
	}
}

// probe reads the first bytes of an item and goes on from what they show.
func (p *prober) probe(it item) {
	c, err := it.node.open(p.ctx, nil)
	if err != nil {
		p.fail(it, err)
		return
	}
	n, err := io.ReadFull(c, p.head)
	c.close()
	// An error after the first bytes comes up again when the source is read.
	if n == 0 && err != io.EOF {
		p.fail(it, err)
		return
	}
	p.classify(it, p.head[:n])
}

func (p *prober) classify(it item, head []byte) {
	codec := codecOf(head)
	zip, tar := isZip(head), isTar(head)
	if codec == nil && !zip && !tar {
		enc := sniffEncoding(head)
		_, onDisk := it.node.(*fileNode)
		p.reached.sources = append(p.reached.sources, &Source{
			Name:   it.suffix,
			Plain:  onDisk && enc != utf16LE && enc != utf16BE,
			Piped:  it.once,
			node:   it.node,
			enc:    enc,
			size:   it.size,
			length: it.length,
		})
		return
	}
	if it.depth == MaxDepth {
		p.fail(it, fmt.Errorf("archives and compression are nested more than %d deep", MaxDepth))
		return
	}
	it.depth++
	switch {
	case codec != nil:
		it.node = &codecNode{parent: it.node, codec: codec, tally: tally{budget: p.budget}}
		p.probe(it)
	case zip:
		p.archive(it, p.zip)
	case tar:
		p.archive(it, p.tar)
	}
}

// archive opens an item as a container while list goes through its members.
func (p *prober) archive(it item, list func(item, *container)) {
	c := &container{node: it.node, spools: p.spools, once: it.once}
	if err := c.retain(p.ctx); err != nil {
		p.fail(it, err)
		return
	}
	defer c.release()
	list(it, c)
}

// member probes one member of an archive that accounts for the given part of
// the archive's bytes on disk. It returns false when there are too many.
func (p *prober) member(archive item, n node, name string, length int64, part float64) bool {
	if p.ctx.Err() != nil {
		return false
	}
	if p.budget.members--; p.budget.members < 0 {
		p.fail(archive, fmt.Errorf("more than %d members; the rest is not read", maxMembers))
		return false
	}
	it := item{node: n, suffix: memberName(archive, name), depth: archive.depth, size: archive.size, length: length}
	if it.size > 0 {
		it.size = int64(float64(it.size) * min(part, 1))
	}
	p.probe(it)
	return true
}

// memberName names a member after its archive, with slashes.
func memberName(archive item, name string) string {
	return archive.suffix + "!" + strings.ReplaceAll(name, `\`, "/")
}
