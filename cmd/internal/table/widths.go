package table

import "github.com/smtplog/smtplog/cmd/internal/term"

// widths returns the columns' widths, together no more than room where the
// minimums allow it.
func (t *Table) widths(room int) []int {
	widths := append([]int(nil), t.natural...)
	var capped, flex, others []int
	floor := make([]int, len(widths)) // by column: what it keeps in any case
	limit := make([]int, len(widths)) // by column: what it keeps while others can give
	for i, c := range t.columns {
		floor[i] = t.natural[i]
		if !c.Right {
			floor[i] = min(t.natural[i], max(c.Min, term.DisplayWidth(t.titles[i]), 1))
		}
		limit[i] = max(c.Max, floor[i])
		if c.Max > 0 {
			capped = append(capped, i)
		}
		if c.Flex {
			flex = append(flex, i)
		} else {
			others = append(others, i)
		}
	}
	shrink(widths, capped, limit, room)
	shrink(widths, flex, floor, room)
	shrink(widths, others, floor, room)
	return widths
}

// shrink makes some of the columns narrower, the widest first, none below its
// floor, until all columns together fit the room.
func shrink(widths, some, floor []int, room int) {
	excess := -room
	widest := 0
	for _, w := range widths {
		excess += w
	}
	for _, i := range some {
		widest = max(widest, widths[i])
	}
	if excess <= 0 {
		return
	}
	// saved is what is won when none of them is wider than level.
	saved := func(level int) (n int) {
		for _, i := range some {
			n += widths[i] - min(widths[i], max(floor[i], level))
		}
		return n
	}
	low, high := 0, widest // saved(low) may be enough; saved(high) is not
	for high-low > 1 {
		if mid := (low + high) / 2; saved(mid) >= excess {
			low = mid
		} else {
			high = mid
		}
	}
	spare := max(saved(low)-excess, 0)
	for _, i := range some {
		w := min(widths[i], max(floor[i], low))
		if w < widths[i] && w == low && spare > 0 {
			w++
			spare--
		}
		widths[i] = w
	}
}
