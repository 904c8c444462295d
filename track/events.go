package track

// events are those that the rows of one cluster are unpacked to, used again
// for the next one.
type events struct {
	all  []*Event
	list []*Event
}

// keptEvents is how many events are kept to be used again.
const keptEvents = 256

// take returns n events. Those of the call before are no longer good.
func (p *events) take(n int) []*Event {
	if len(p.all) > keptEvents {
		clear(p.all[keptEvents:])
		p.all = p.all[:keptEvents]
	}
	if missing := n - len(p.all); missing > 0 {
		block := make([]Event, missing)
		for i := range block {
			p.all = append(p.all, &block[i])
		}
	}
	p.list = append(p.list[:0], p.all[:n]...)
	return p.list
}
