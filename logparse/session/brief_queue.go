package session

import "github.com/smtplog/smtplog/logparse"

// waitingCommands are those of a brief that were not answered yet, a byte each,
// the first in the lowest. One byte may stand for several RCPT, one behind the
// other.
type waitingCommands struct {
	queue   uint64
	repeats uint16 // how many RCPT a byte with the bit repeated stands for, 0 or more than 1
	waiting uint8  // bytes
}

// Each byte of the queue is a verb and these.
const (
	ofTransaction = 0x80 // the command belongs to the transaction
	lastChunk     = 0x40 // of BDAT
	repeated      = 0x40 // of RCPT: there are several
	verbBits      = 0x3f

	allOfTransaction = 0x8080_8080_8080_8080
	maxBriefQueue    = 8
	waitingRCPT      = ofTransaction | uint8(logparse.VerbRCPT)
)

var _ [verbBits - logparse.VerbOther]struct{} // all verbs fit

// push has a command wait for its reply; it reports false if too many do.
func (q *waitingCommands) push(command uint8) bool {
	if q.waiting == maxBriefQueue {
		return false
	}
	q.queue |= uint64(command) << (8 * q.waiting)
	q.waiting++
	return true
}

// takesRCPT reports whether one more RCPT needs no byte of its own.
func (q *waitingCommands) takesRCPT() bool {
	if q.waiting == 0 {
		return false
	}
	last := uint8(q.queue >> (8 * (q.waiting - 1)))
	return last == waitingRCPT|repeated || last == waitingRCPT && q.repeats == 0
}

// pushRCPT is push for RCPT.
func (q *waitingCommands) pushRCPT() bool {
	if !q.takesRCPT() {
		return q.push(waitingRCPT)
	}
	if q.repeats == 0 {
		q.queue |= repeated << (8 * (q.waiting - 1))
		q.repeats = 1
	}
	q.repeats++
	return true
}

// pushFirst has a command wait before all others, in the place of one that was
// answered.
func (q *waitingCommands) pushFirst(command uint8) {
	q.queue = q.queue<<8 | uint64(command)
	q.waiting++
}

// drop drops the command in the i-th byte, which was answered, and those before
// it, which wait no longer either.
func (q *waitingCommands) drop(i uint8) {
	if q.repeats > 0 {
		q.dropRepeated(i)
		return
	}
	q.queue >>= 8 * (i + 1)
	q.waiting -= i + 1
}

// dropRepeated is drop where a byte stands for several commands.
func (q *waitingCommands) dropRepeated(i uint8) {
	for j := range i {
		if uint8(q.queue>>(8*j)) == waitingRCPT|repeated {
			q.repeats = 0 // it is dropped with all that it stands for
		}
	}
	q.queue >>= 8 * i
	q.waiting -= i
	if uint8(q.queue) != waitingRCPT|repeated {
		q.queue >>= 8
		q.waiting--
		return
	}
	if q.repeats--; q.repeats == 1 {
		q.queue &^= repeated
		q.repeats = 0
	}
}

// many returns how many commands the i-th byte stands for.
func (q *waitingCommands) many(i uint8) uint16 {
	if uint8(q.queue>>(8*i)) == waitingRCPT|repeated {
		return q.repeats
	}
	return 1
}

// answered is that of the state, for a code that accepts: which command a reply
// answers.
func (q *waitingCommands) answered(code uint16) uint8 {
	// Of one command that waits each reply is the answer. A connection whose
	// greeting was not logged is none.
	if q.waiting == 1 && uint8(q.queue) != uint8(logparse.VerbConnect) {
		return 0
	}
	return q.search(code)
}

// search is answered for any queue.
func (q *waitingCommands) search(code uint16) uint8 {
	first := uint8(0)
	if q.waiting > 0 && logparse.Verb(q.queue&verbBits) == logparse.VerbConnect && code != 220 {
		first = 1
	}
	switch code {
	case 354, 221, 235, 334:
	default:
		return first
	}
	for i := first; i < q.waiting; i++ {
		switch verb := logparse.Verb(q.queue >> (8 * i) & verbBits); {
		case code == 354 && verb == logparse.VerbDATA, code == 221 && verb == logparse.VerbQUIT,
			(code == 235 || code == 334) && (verb == logparse.VerbAUTH || verb == logparse.VerbXEXPS):
			return i
		}
	}
	return first
}

// refused is answered for a code that fails.
func (q *waitingCommands) refused(code uint16) uint8 {
	if code == 535 {
		for i := range q.waiting {
			if verb := logparse.Verb(q.queue >> (8 * i) & verbBits); verb == logparse.VerbAUTH || verb == logparse.VerbXEXPS {
				return i
			}
		}
	}
	return 0
}

// rcpts returns how many RCPT wait from the i-th byte on.
func (q *waitingCommands) rcpts(i uint8) (n int32) {
	for ; i < q.waiting; i++ {
		if logparse.Verb(q.queue>>(8*i)&verbBits) == logparse.VerbRCPT {
			n += int32(q.many(i))
		}
	}
	return n
}
