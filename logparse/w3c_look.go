package logparse

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
)

// w3cNames names the columns of a row by their look, nil when it does not look
// like one of the SMTP service. The service keeps to the order of w3cUsual,
// whichever columns are chosen. Columns that could be one or the other are
// named by their number.
func w3cNames(values [][]byte) []string {
	names := make([]string, len(values))
	for i := range names {
		names[i] = strconv.Itoa(i + 1)
	}
	i := 0
	if _, _, _, ok := isoDate(values[i]); ok && len(values) > 1 {
		names[i] = "date"
		i++
	}
	if _, ok := clockSeconds(values[i]); ok && len(values) > i+1 {
		names[i] = "time"
		i++
	}
	if !looksLikeIP(values[i]) {
		return nil
	}
	if i == 2 && len(values) == len(w3cUsual) {
		return w3cUsual
	}
	names[i] = "c-ip"
	i++
	n := slices.IndexFunc(values[i:], func(v []byte) bool {
		verb := iisVerb(v)
		return verb != VerbNone && verb != VerbOther
	})
	if n < 0 {
		return nil
	}
	names[i+n] = "cs-method"
	nameBefore(names[i:i+n], values[i:i+n])
	nameBehind(names[i+n+1:], values[i+n+1:])
	return names
}

// nameBefore names the columns between c-ip and cs-method.
func nameBefore(names []string, values [][]byte) {
	end := len(values)
	if end > 0 && iisNumber(values[end-1]) >= 0 {
		end--
		names[end] = "s-port"
	}
	if end > 0 && looksLikeIP(values[end-1]) {
		end--
		names[end] = "s-ip"
	}
	site := slices.IndexFunc(values[:end], looksLikeSite)
	switch {
	case site >= 0:
		names[site] = "s-sitename"
		if site > 0 {
			names[site-1] = "cs-username"
		}
		if site+1 < end {
			names[site+1] = "s-computername"
		}
	case end > 0:
		names[0] = "cs-username"
	}
}

// nameBehind names the columns behind cs-method.
func nameBehind(names []string, values [][]byte) {
	i := 0
	if len(values) > 0 && string(values[0]) == "-" {
		names[0] = "cs-uri-stem"
		i++
	}
	if i < len(values) && iisNumber(values[i]) < 0 {
		names[i] = "cs-uri-query"
		i++
	}
	end := i
	for end < len(values) && iisNumber(values[end]) >= 0 {
		end++
	}
	counters := []string{"sc-status", "sc-win32-status", "sc-bytes", "cs-bytes", "time-taken"}
	if end-i == len(counters) {
		copy(names[i:end], counters)
	} else if i < end && len(values[i]) == 3 {
		names[i] = "sc-status"
	}
	if end < len(values) && string(values[end]) == "SMTP" {
		names[end] = "cs-version"
	}
}

func looksLikeIP(v []byte) bool {
	_, err := netip.ParseAddr(string(v))
	return err == nil
}

// looksLikeSite reports whether v names a virtual server of the SMTP service.
func looksLikeSite(v []byte) bool {
	n, ok := bytes.CutPrefix(v, []byte("SMTPSVC"))
	return ok && iisNumber(n) >= 0
}
