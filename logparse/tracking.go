package logparse

import "bytes"

func newTracking(lines *lineScanner, opt *Options, found Detection) rowReader {
	return newExchangeRows(lines, opt, found)
}

// tracking fills in what a row of a message tracking log says of itself. It
// returns what is wrong with the row, "" for nothing.
func (r *exchangeRows) tracking(rec *Record, c *columnList) string {
	if !r.whole(c) {
		return r.wrongCount(c)
	}
	rec.Kind = KindTracking
	rec.Server = trackingServer(r.value(c.at[atEventID]), r.value(c.at[atClientHostname]), r.value(c.at[atServerHostname]))
	return ""
}

// trackingServer returns the server that wrote a tracking event: client is the
// side that opened the connection and server the one that accepted it, so that
// it is the server that receives and the client that does all else. Events
// that no connection brought about name one of the two.
func trackingServer(event, client, server []byte) []byte {
	received := bytes.HasPrefix(event, []byte("RECEIVE")) || bytes.HasPrefix(event, []byte("HARECEIVE"))
	if server != nil && (received || client == nil) {
		return server
	}
	return client
}
