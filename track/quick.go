package track

import (
	"bytes"
	"hash/maphash"
	"strings"
	"unicode/utf8"

	"github.com/smtplog/smtplog/logparse"
)

// The short way of a row through a Builder. It is for rows in the columns of
// Exchange 2013 and later, as those servers write them: the time has
// milliseconds, the network message id is in lower case, nothing is around the
// Message-ID, and what is in quotes ends with its quote. All other rows go the
// long way, which is Event.split, clusters.find and clusters.pack; whatever the
// short way does, the long one does too.

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

// proxied reports whether the row's custom-data names a front end's client.
func (q *quickRow) proxied() bool {
	if v := q.span(atCustom, atCustom); len(v) > 2 && bytes.HasPrefix(v[2:], proxiedClient) {
		return true // "S:ProxiedClientIPAddress=", as usual
	}
	return bytes.Contains(q.span(atCustom, atCustom), proxiedClient) && bytes.Contains(q.value(atCustom), proxiedClient)
}

// untrimmed reports whether s has nothing around it that is trimmed from ids.
func untrimmed(s []byte) bool {
	return len(s) == 0 || s[0] > ' ' && s[0] < utf8.RuneSelf && s[len(s)-1] > ' ' && s[len(s)-1] < utf8.RuneSelf
}

// mailbox reports whether the source-context is that of a mailbox.
func (q *quickRow) mailbox() bool {
	context := q.row[q.ends[atSourceContext-1]+1 : q.ends[atSourceContext]]
	if len(context) > 0 && context[0] == '"' {
		context = context[1:]
	}
	return len(context) > 0 && context[0] == 'M' && isMailbox(context)
}

// quick takes a row the short way. It reports false, and has done nothing,
// where the row does not go that way.
func (b *Builder) quick(rec *logparse.Record) bool {
	q, c := &b.row, b.clusters
	o := b.origin(rec)
	if o == nil {
		return false
	}
	if q.brief {
		q.hash(c.lateRows, &b.packing)
	}
	cl := c.known(q, o)
	if cl == nil && !(plainID(q.span(atNetworkID, atNetworkID)) && untrimmed(q.value(atMessageID))) {
		return false
	}
	if !q.number(rec, b.common) {
		return false
	}
	b.coverage.addFrom(o, rec.Time)
	if !o.noted {
		o.noted = true
		b.servers.note(o.head())
	}
	before := b.swept
	b.tick(rec)
	if b.swept != before {
		cl = c.known(q, o)
	}
	if cl == nil {
		cl = c.findQuick(o)
	}
	c.last = cl.number + 1
	if q.brief {
		c.lateRows.keep(q, cl)
		c.packBrief(cl, q, o, rec, &b.packing)
	} else {
		c.packQuick(cl, q, o, rec)
	}
	c.hasten(cl, later(rec.Time.UnixNano(), b.settled))
	return true
}

// origin takes a row apart, as far as it is asked for, and returns its origin,
// nil if it does not go the short way.
func (b *Builder) origin(rec *logparse.Record) *origin {
	q := &b.row
	if uint64(rec.Pos.Line) >= maxBriefLine || uint64(rec.Pos.Offset) >= quickMax {
		return nil
	}
	var o *origin
	step := rec.Step()
	known := b.origins.step(step)
	if known.step == step && step != 0 {
		if o, q.origin = b.origins.list[known.origin], known.origin; !q.follow(rec, o) {
			return nil
		}
	} else {
		if !q.cut(rec) {
			return nil
		}
		if o, q.origin = b.origins.find(q, b); o == nil || o.slow {
			return nil
		}
		*known = knownStep{step, q.origin}
	}
	last := atDirectionality
	switch {
	case o.receive:
		last = atCustom
	case q.brief && b.opt.OneLog:
		last = atMessageInfo
	}
	if q.brief && !q.compare(b.clusters.lateRows) || !q.find(last) {
		return nil
	}
	return o
}

// number notes the numbers of the texts that the row shares with many others.
func (q *quickRow) number(rec *logparse.Record, common *common) (ok bool) {
	if q.file != rec.Pos.File || q.fileNumber == 0 {
		if q.fileNumber, ok = common.number(rec.Pos.File); !ok {
			return false
		}
		q.file = rec.Pos.File // which is compared faster than a copy of it
	}
	if q.brief {
		return true
	}
	if way := q.value(atDirectionality); string(way) != q.way {
		// Most logs have two of them.
		q.way, q.otherWay, q.wayNumber, q.otherNumber = q.otherWay, q.way, q.otherNumber, q.wayNumber
		if string(way) == q.way {
			return true
		}
		if q.wayNumber, ok = common.number(string(way)); !ok {
			q.way, q.wayNumber = "", 0
			return false
		}
		q.way = common.texts[q.wayNumber]
	}
	return true
}

// known returns the cluster of the row where a row before had its ids on the
// same server, so that its keys need not be looked up; else nil, and the keys are
// noted.
func (c *clusters) known(q *quickRow, o *origin) *cluster {
	if q.brief {
		if cl := c.lately(q, o); cl != nil {
			return cl
		}
	}
	network := maphash.Bytes(c.seeds[keyNetwork], q.span(atNetworkID, atNetworkID))
	cl := c.latest()
	if cl == nil || !cl.has(network) {
		// Most are new, and all keys of them are looked up.
		c.identifyQuick(network, q, o)
		cl = c.byID(network)
	} else {
		c.keys = c.keys[:0]
	}
	if cl != nil && c.latestOf(cl).wrote == o.place && c.sameIDs(cl, q) && !q.mailbox() {
		return cl
	}
	if len(c.keys) == 0 {
		c.identifyQuick(network, q, o)
	}
	return nil
}

// sameIDs reports whether the latest row of the cluster has the row's ids.
func (c *clusters) sameIDs(cl *cluster, q *quickRow) bool {
	if q.brief {
		return c.latestOf(cl).spans[spanIDs] == q.idsHash
	}
	return is(c.begin(cl), c.latestOf(cl).spans[spanIDs], q.span(atInternalID, atRecipients))
}

// identifyQuick is identify for a row on the short way.
func (c *clusters) identifyQuick(network uint64, q *quickRow, o *origin) {
	c.keys = append(c.keys[:0], network)
	c.note(keyName, appendLower(c.scratch, bareName(q.value(atMessageID))))
	if id := q.value(atInternalID); len(id) > 0 {
		key := append(append(c.scratch, o.short...), 0)
		c.note(keyInternal, append(key, id...))
	}
	if q.mailbox() {
		var e Event
		e.SourceContext = string(q.value(atSourceContext))
		e.readContext()
		c.note(keyMailbox, e.appendMailboxEvent(c.scratch))
	}
	c.fetchKeys(c.keys)
}

// findQuick is find for a row that known does not know the cluster of.
func (c *clusters) findQuick(o *origin) *cluster {
	cl := c.locate(true)
	c.latestOf(cl).wrote = o.place
	return cl
}
