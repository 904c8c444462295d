package track

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/smtplog/smtplog/logparse"
)

// The short way of a row through a Builder. It is for rows in the columns of
// Exchange 2013 and later, as those servers write them: the time has
// milliseconds, the ids are plain. A row
// that is not so goes the long way, which is Event.split, clusters.find and
// cluster.add, and gives the same.

// The places of columns in such a row.
const (
	atTime = iota
	atClientIP
	atClientHostname
	atServerIP
	atServerHostname
	atSourceContext
	atConnector
	atSource
	atEventID
	atInternalID
	atMessageID
	atNetworkID
	atRecipients
	atStatus
	atBytes
	atRecipientCount
	atRelated
	atReference
	atSubject
	atSender
	atReturnPath
	atMessageInfo
	atDirectionality
	atTenant
	atOriginalClientIP
	atOriginalServerIP
	atCustom
	quickColumns
)

var quickNames = strings.Split("date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,"+
	"internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,"+
	"related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,"+
	"tenant-id,original-client-ip,original-server-ip,custom-data", ",")

// A quickRow is a row on the short way.
type quickRow struct {
	row  []byte
	ends [atDirectionality + 1]int // of the values

	columns []string // of the rows before
	usual   bool     // they are those of the short way

	file       string // of the row before
	fileNumber uint32
}

// span returns the values from one column to another as they stand in the row.
func (q *quickRow) span(from, to int) []byte { return q.row[q.ends[from-1]+1 : q.ends[to]] }

// value returns the value of a column.
func (q *quickRow) value(i int) []byte {
	v := q.span(i, i)
	if len(v) > 0 && v[0] == '"' {
		if v = v[1 : len(v)-1]; bytes.IndexByte(v, '"') >= 0 {
			v = bytes.ReplaceAll(v, []byte(`""`), []byte{'"'})
		}
	}
	return v
}

// cut takes the row apart, if it may go the short way.
func (q *quickRow) cut(rec *logparse.Record) bool {
	if rec.Format != logparse.Tracking || rec.Time.Digits() != 3 || rec.Time.IsZero() || uint64(rec.Pos.Line) >= quickMax || uint64(rec.Pos.Offset) >= quickMax {
		return false
	}
	columns := rec.Columns()
	if len(columns) != len(q.columns) || len(columns) == 0 || &columns[0] != &q.columns[0] {
		q.columns = columns
		q.usual = len(columns) >= quickColumns && slices.Equal(columns[:quickColumns], quickNames)
	}
	q.row = rec.Raw()
	return q.usual && rec.Ends(q.ends[:])
}

// proxied reports whether the row's custom-data names a front end's client.
func (q *quickRow) proxied(rec *logparse.Record) bool {
	if !bytes.Contains(q.row[q.ends[atDirectionality]:], proxiedClient) {
		return false
	}
	i, found := 0, false
	rec.Values(func(value []byte) bool {
		found = i == atCustom && bytes.Contains(value, proxiedClient)
		i++
		return i <= atCustom
	})
	return found
}

// untrimmed reports whether s has nothing around it that is trimmed from ids.
func untrimmed(s []byte) bool {
	return len(s) == 0 || s[0] > ' ' && s[0] < utf8.RuneSelf && s[len(s)-1] > ' ' && s[len(s)-1] < utf8.RuneSelf
}

// mailbox reports whether the source-context is that of a mailbox.
func (q *quickRow) mailbox() bool {
	s := q.value(atSourceContext)
	return len(s) > 0 && s[0] == 'M' && (bytes.HasPrefix(s, []byte("MDB:")) || bytes.HasPrefix(s, []byte("Mailbox:")))
}

// quick takes a row the short way. It reports false, and has done nothing,
// where the row does not go that way.
func (b *Builder) quick(rec *logparse.Record) bool {
	q := &b.row
	o, number := b.origin(rec)
	if o == nil {
		return false
	}
	if q.file != rec.Pos.File {
		n, ok := b.common.number(rec.Pos.File)
		if !ok {
			return false
		}
		q.file, q.fileNumber = b.common.texts[n], n
	}
	b.coverage.addFrom(o, rec.Time)
	if !o.noted {
		o.noted = true
		b.servers.note(o.head())
	}
	b.tick(rec)

	c := b.clusters.findQuick(q, o)
	b.clusters.packQuick(c, q, rec, number, b.verdictsOnly)
	b.clusters.hasten(c, later(rec.Time.UnixNano(), b.settled))
	return true
}

// origin takes a row apart and returns its origin, nil if it does not go the
// short way.
func (b *Builder) origin(rec *logparse.Record) (o *origin, number uint32) {
	q := &b.row
	if !q.cut(rec) || !plainID(q.span(atNetworkID, atNetworkID)) || !untrimmed(q.value(atMessageID)) {
		return nil, 0
	}
	if o, number = b.origins.find(q, b); o == nil || o.slow {
		return nil, 0
	}
	return o, number
}

// findQuick is find for a row on the short way.
func (c *clusters) findQuick(q *quickRow, o *origin) *cluster {
	network := q.span(atNetworkID, atNetworkID)
	if string(c.network) != string(network) {
		c.network = append(c.network[:0], network...)
		c.networkKey = maphash.Bytes(c.seeds[keyNetwork], network)
	}
	cl := c.last
	if cl == nil || cl.network != c.networkKey {
		cl = c.byID(c.networkKey)
	}
	// The keys of a row with the ids of one before, of the same server, are
	// known.
	mailbox := q.mailbox()
	if cl != nil && cl.wrote == o.place && !mailbox && is(c.begin(cl), cl.spans[spanIDs], q.span(atInternalID, atRecipients)) {
		cl.mixed = cl.mixed || cl.network != c.networkKey
		cl.network, c.last = c.networkKey, cl
		return cl
	}
	c.keys = append(c.keys[:0], c.networkKey)
	c.note(keyName, appendLower(c.scratch, bareName(q.value(atMessageID))))
	if id := q.value(atInternalID); len(id) > 0 {
		key := append(append(c.scratch, o.short...), 0)
		c.note(keyInternal, append(key, id...))
	}
	if mailbox {
		var e Event
		e.SourceContext = string(q.value(atSourceContext))
		e.readContext()
		c.note(keyMailbox, e.appendMailboxEvent(c.scratch))
	}
	cl = c.locate(true)
	cl.wrote = o.place
	return cl
}
