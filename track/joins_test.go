package track

import (
	"fmt"
	"testing"
	"time"

	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Of more transactions than there is room for, those near the messages are held,
// wherever they stand; only of these it counts what is left out.
func TestTooManyTransactions(t *testing.T) {
	begin := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	at := func(i int) outcome.Time { return outcome.Unix(begin.Add(time.Duration(i)*time.Minute).UnixNano(), 0) }
	const count = 100
	sessions := make([]*session.Session, count)
	for i := range sessions {
		sessions[i] = &session.Session{ID: fmt.Sprint("s", i), Start: at(i), End: at(i), Transactions: []session.Transaction{{MessageID: fmt.Sprint("<m", i, "@example.com>")}}}
	}
	for _, test := range []struct {
		room        int
		near        []int // minutes, from and to
		first, held int   // the first that is held, and how many are
		unjoined    int64
	}{
		{room: count, first: 0, held: count},
		{room: count, near: []int{50, 60}, first: 0, held: count},
		{room: 20, first: 0, held: 20, unjoined: 80},
		{room: 20, near: []int{50, 60}, first: 50, held: 10},
		{room: 20, near: []int{5, 10}, first: 5, held: 5},
		{room: 20, near: []int{0, 100}, first: 0, held: 20, unjoined: 80},
		{room: 20, near: []int{10, 90}, first: 10, held: 20, unjoined: 60},
	} {
		opt := &Options{}
		if test.near != nil {
			opt.Near = func(when outcome.Time) bool {
				return when.Compare(at(test.near[0])) >= 0 && when.Compare(at(test.near[1])) < 0
			}
		}
		b := NewBuilder(opt, func(*Message) {})
		b.joins.max = test.room
		for _, s := range sessions {
			b.AddSession(s)
		}
		held := b.joins.all
		if len(held) != test.held || held[0].session != fmt.Sprint("s", test.first) || b.Unjoined() != test.unjoined || b.Capped() != 0 {
			t.Errorf("%+v: %d held from %s on, %d not joined", test, len(held), held[0].session, b.Unjoined())
		}
		found := 0
		for i := range count {
			found += len(b.joins.byKey[joinKey{joinSession, "", fmt.Sprint("s", i)}])
		}
		if found != test.held {
			t.Errorf("%+v: %d are found", test, found)
		}
	}
}
