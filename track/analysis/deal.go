package analysis

import (
	"bytes"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/session"
)

// A dealing gives each row of IIS to the builder whose share it is of. To the
// others it tells that such a row was there: of rows of the same time and the same
// server together.
type dealing struct {
	hosts *session.Shares
	to    []builder

	like logparse.Record // what the rows of which some were not told have in common
	peer uint64          // of one of them
}

// A builder takes rows, and what is told of others.
type builder struct {
	add    func(rec *logparse.Record)
	pass   func(rec *logparse.Record, count int)
	untold int // rows that were not told
}

// row deals a row out.
func (d *dealing) row(rec *logparse.Record) {
	if rec.Kind == logparse.KindNone || !rec.Format.IIS() {
		d.to[0].add(rec) // nobody else has to know
		return
	}
	of := d.hosts.Of(rec)
	if !d.isLike(rec) {
		d.tell()
		d.like.Format, d.like.Time, d.like.Pos.File = rec.Format, rec.Time, rec.Pos.File
		d.like.Server = append(d.like.Server[:0], rec.Server...)
		d.peer = rec.Peer()
	}
	for i := range d.to {
		b := &d.to[i]
		if i != of {
			b.untold++
			continue
		}
		if b.untold > 0 {
			b.pass(&d.like, b.untold)
			b.untold = 0
		}
		b.add(rec)
	}
}

// isLike reports whether what is told of the record is what is told of the rows
// before.
func (d *dealing) isLike(rec *logparse.Record) bool {
	l, peer := &d.like, rec.Peer()
	return l.Time == rec.Time && !rec.Time.IsZero() && l.Pos.File == rec.Pos.File && l.Format == rec.Format &&
		(peer != 0 && peer == d.peer || bytes.Equal(l.Server, rec.Server))
}

// tell tells each builder of all rows so far.
func (d *dealing) tell() {
	for i := range d.to {
		if b := &d.to[i]; b.untold > 0 {
			b.pass(&d.like, b.untold)
			b.untold = 0
		}
	}
}
