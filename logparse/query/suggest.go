package query

import (
	"slices"
	"strings"
)

// suggest returns a hint for a name that is not among those known: the nearest
// ones, or all of them where they are few.
func suggest(name string, known []string, what string) string {
	near := alike(known, func(words []string) bool { return slices.Contains(words, strings.ToLower(name)) })
	if len(near) == 0 {
		near = nearest(name, known)
	}
	if len(near) == 0 {
		near = alike(known, func(words []string) bool { return len(nearest(name, words)) > 0 })
	}
	if len(near) > 0 {
		for i := range near {
			near[i] = "`" + near[i] + "`"
		}
		return "did you mean " + strings.Join(near, " or ") + "?"
	}
	if len(known) == 0 {
		return ""
	}
	return what + ": " + strings.Join(known, ", ")
}

// synonyms are words that people use for one thing; a table may have any of
// them as the name of a column.
var synonyms = [][]string{
	{"recipient", "rcpt", "to", "address"},
	{"sender", "from", "mailfrom"},
	{"client", "ip", "peer", "remote"},
	{"timestamp", "date", "datetime", "time"},
	{"status", "verdict", "result"},
	{"reply", "response", "message_text", "text"},
	{"username", "login", "account", "user", "auth_user"},
	{"tls", "ssl", "encrypted", "tls_version"},
	{"auth", "authenticated", "auth_ok", "auth_user"},
	{"duration", "elapsed", "duration_ms"},
	{"latency", "latency_ms"},
	{"bytes", "length", "size"},
	{"msgid", "messageid", "message_id"},
	{"subject", "messagesubject"}, // as Exchange calls it in Get-MessageTrackingLog
	{"path", "filename", "file"},
	{"row", "lineno", "line"},
}

// alike returns the known names among the synonyms that about takes.
func alike(known []string, about func(words []string) bool) []string {
	var found []string
	for _, words := range synonyms {
		if !about(words) {
			continue
		}
		for _, word := range words {
			if slices.Contains(known, word) {
				found = append(found, word)
			}
		}
	}
	return found[:min(3, len(found))]
}

// nearest returns the names that name is most likely a slip of, at most three.
func nearest(name string, known []string) []string {
	lower := []rune(strings.ToLower(name))
	if len(lower) > 64 {
		return nil
	}
	best := max(1, (len(lower)+1)/3) + 1
	var near []string
	for _, k := range known {
		d := distance(lower, []rune(strings.ToLower(k)))
		switch {
		case d >= len(lower):
		case d < best:
			best, near = d, append(near[:0], k)
		case d == best && len(near) > 0:
			near = append(near, k)
		}
	}
	if len(near) == 0 && len(lower) >= 3 {
		for _, k := range known {
			if strings.HasPrefix(k, string(lower)) || strings.HasPrefix(string(lower), k) && len(k) >= 4 {
				near = append(near, k)
			}
		}
	}
	slices.Sort(near)
	return slices.Compact(near)[:min(3, len(slices.Compact(near)))]
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour that make b of a.
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
