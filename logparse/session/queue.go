package session

import "github.com/smtplog/smtplog/logparse"

// A pending command waits for its reply.
type pending struct {
	verb        logparse.Verb
	name        text  // of a verb that is not known
	transaction int32 // -1 for none
	recipient   int32
	last        bool // of BDAT: the last chunk; of DATA: with the message (IIS); of XEXCH50: with what it announced
}

// commands are those of a session that were not answered yet, in order.
type commands struct {
	list []pending
	head int32 // index of the first that waits
}

func (q *commands) waiting() []pending { return q.list[q.head:] }

func (q *commands) clear() { q.list, q.head = q.list[:0], 0 }

func (q *commands) add(p pending) {
	if len(q.list) == cap(q.list) && int(q.head) > len(q.list)/2 {
		q.list, q.head = q.list[:copy(q.list, q.list[q.head:])], 0
	}
	q.list = append(q.list, p)
}

// addFirst has p wait before all others.
func (q *commands) addFirst(p pending) {
	if q.head == 0 {
		q.list = append(q.list, pending{})
		copy(q.list[1:], q.list)
	} else {
		q.head--
	}
	q.list[q.head] = p
}

// take removes the i-th that waits and returns it. Those before it wait no
// longer either.
func (q *commands) take(i int) pending {
	p := q.list[int(q.head)+i]
	if q.head += int32(i) + 1; int(q.head) == len(q.list) {
		q.clear()
	}
	return p
}
