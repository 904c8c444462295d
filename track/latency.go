package track

import (
	"strconv"
	"strings"
	"time"

	"github.com/smtplog/smtplog/reply/outcome"
)

// Bounds of the latency trees that are read.
const (
	maxLatencyDepth = 16
	maxLatencyParts = 1000
	maxLatency      = 1000 * 24 * time.Hour
)

// originationOf returns the time that message-info begins with, in rows of what
// was sent or delivered: when the message came into the organisation.
func originationOf(info string) outcome.Time {
	if !mayOriginate(info) {
		return outcome.Time{}
	}
	s, _, _ := strings.Cut(info, ";")
	t, digits, ok := isoTime(strings.TrimSpace(s))
	if !ok || t.Year() < 1980 || t.Year() > 2200 {
		return outcome.Time{}
	}
	return outcome.At(t, digits)
}

// mayOriginate reports whether a message-info looks as if it began with a time.
func mayOriginate[T string | []byte](info T) bool {
	return len(info) >= len("2006-01-02T15:04:05Z") && info[4] == '-' && info[10] == 'T'
}

// parseLatency reads the latency tree of message-info, times in seconds:
// "2026-11-01T09:30:00.250Z;SRV=EX1.example.com:TOTAL-SUB=0.013|SA=0.013;LSRV=EX2.example.com:TOTAL-HUB=0.5|CAT=0.2(CATRS=0.1)|QDM=0.1".
func parseLatency(info string) []LatencyPart {
	if !strings.Contains(info, "SRV=") {
		return nil
	}
	budget := maxLatencyParts
	var servers []LatencyPart
	for part := range strings.SplitSeq(info, ";") {
		kind, rest, _ := strings.Cut(part, "=")
		if kind != "SRV" && kind != "LSRV" || budget == 0 {
			continue
		}
		name, tree, _ := strings.Cut(rest, ":")
		s := LatencyPart{Name: name, Local: kind == "LSRV"}
		s.Parts, _ = latencyParts(tree, 0, &budget)
		for _, p := range s.Parts {
			if strings.HasPrefix(p.Name, "TOTAL") {
				s.Total, s.Pending = p.Total, p.Pending
			}
		}
		servers = append(servers, s)
	}
	return servers
}

// latencyParts reads "NAME=seconds|NAME=seconds(…)|…" up to its end or the
// closing parenthesis, and returns what follows it.
func latencyParts(s string, depth int, budget *int) (parts []LatencyPart, rest string) {
	for *budget > 0 {
		end := latencyEnd(s)
		text := s
		if end >= 0 {
			text = s[:end]
		}
		if name, value, ok := strings.Cut(text, "="); ok {
			*budget--
			if parts == nil {
				parts = make([]LatencyPart, 0, 4)
			}
			p := LatencyPart{Name: name, Total: seconds(value)}
			p.Name, p.Pending = strings.CutSuffix(p.Name, "-PEN")
			parts = append(parts, p)
		}
		if end < 0 {
			return parts, ""
		}
		mark := s[end]
		s = s[end+1:]
		switch {
		case mark == ')':
			return parts, s
		case mark == '(' && depth < maxLatencyDepth:
			var inner []LatencyPart
			inner, s = latencyParts(s, depth+1, budget)
			if n := len(parts); n > 0 {
				parts[n-1].Parts = inner
			}
		}
	}
	return parts, ""
}

// latencyEnd returns the place of the first mark in s, -1 if there is none.
func latencyEnd(s string) int {
	for i := range len(s) {
		if c := s[i]; c == '|' || c == '(' || c == ')' {
			return i
		}
	}
	return -1
}

func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(f >= 0) || f > maxLatency.Seconds() {
		return 0
	}
	return time.Duration(f*1e6+0.5) * time.Microsecond
}
