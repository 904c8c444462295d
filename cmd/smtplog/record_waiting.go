package main

import "github.com/smtplog/smtplog/logparse"

// waitingRecords are the records that wait, by consecutive numbers from first on.
// They lie in pages that are used again: there may be very many or next to none.
type waitingRecords struct {
	first, next int            // number of the first that waits, and of the next that will
	pages       []*waitingPage // of which each number has its one, in a circle of a power of two
	free        []*waitingPage
}

type waitingPage [waitingPageSize]waitingRecord

const waitingPageSize = 512

// A waitingRecord holds no pointer: nobody has to look for any, however many wait.
type waitingRecord struct {
	kept keptRecord
	line int64
	done bool // its session is known
	skip bool
}

// A keptRecord is what an output keeps of a record that waits.
type keptRecord struct {
	size int32 // bytes that it takes elsewhere

	copied int32 // number of the copy, from 1 on; 0 for none

	text    keptText
	log     uint32             // number of the JSONLog of the text, unless that is a line
	line    bool               // the text is one
	drop    bool               // it is not to be handed out
	first   logparse.FirstLine // of its session
	session keptText           // as JSON, where there is no such line
}

func (r *waitingRecords) len() int { return r.next - r.first }

// at returns the record with that number.
func (r *waitingRecords) at(number int) *waitingRecord {
	return &r.pages[number/waitingPageSize&(len(r.pages)-1)][number%waitingPageSize]
}

// add adds a record.
func (r *waitingRecords) add(w waitingRecord) *waitingRecord {
	if r.next%waitingPageSize == 0 || len(r.pages) == 0 {
		r.begin(r.next / waitingPageSize)
	}
	to := r.at(r.next)
	*to = w
	r.next++
	return to
}

// begin makes a page of that number.
func (r *waitingRecords) begin(page int) {
	first := r.first / waitingPageSize
	if n := len(r.pages); page-first >= n {
		larger := make([]*waitingPage, max(4, 2*n))
		for i := first; i < page; i++ {
			larger[i&(len(larger)-1)] = r.pages[i&(n-1)]
		}
		r.pages = larger
	}
	p := takePage(&r.free)
	r.pages[page&(len(r.pages)-1)] = p
}

func takePage(free *[]*waitingPage) *waitingPage {
	n := len(*free) - 1
	if n < 0 {
		return new(waitingPage)
	}
	p := (*free)[n]
	*free = (*free)[:n]
	return p
}

// removeFirst removes the first record.
func (r *waitingRecords) removeFirst() {
	page := r.first / waitingPageSize
	r.first++
	if r.first%waitingPageSize == 0 {
		i := page & (len(r.pages) - 1)
		r.free = append(r.free, r.pages[i])
		r.pages[i] = nil
	}
}
