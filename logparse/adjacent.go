package logparse

import "bytes"

func newConnectivity(lines *lineScanner, opt *Options, found Detection) rowReader {
	return newExchangeRows(lines, opt, found)
}

func newAgent(lines *lineScanner, opt *Options, found Detection) rowReader {
	return newExchangeRows(lines, opt, found)
}

// connectivity fills in what a row of a connectivity log says of itself. It
// returns what is wrong with the row, "" for nothing.
func (r *exchangeRows) connectivity(rec *Record, c *columnList) string {
	// What a row lost or has too many behind its direction is its description.
	direction := bytes.TrimSpace(r.value(c.at[atConnectivityDirection]))
	if !r.whole(c) && (len(direction) != 1 || bytes.IndexByte([]byte("+->*<"), direction[0]) < 0) {
		return r.wrongCount(c)
	}
	rec.Kind = KindTracking
	rec.Session = present(r.value(c.at[atConnectivitySession]))
	return ""
}

// agent fills in what a row of an agent log says of itself. It returns what is
// wrong with the row, "" for nothing.
func (r *exchangeRows) agent(rec *Record, c *columnList) string {
	if !r.whole(c) {
		return r.wrongCount(c)
	}
	rec.Kind = KindTracking
	rec.Session = present(r.value(c.at[atAgentSession]))
	rec.Local = present(r.value(c.at[atAgentLocal]))
	rec.Remote = present(r.value(c.at[atAgentRemote]))
	return ""
}
