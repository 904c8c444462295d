package main

import "testing"

// number returns the number at a path of keys, 0 where there is none.
func number(v any, path ...string) int64 {
	for _, key := range path {
		object, _ := v.(map[string]any)
		v = object[key]
	}
	n, _ := v.(float64)
	return int64(n)
}

// checkSums checks what must hold between the numbers of an analysis.
func checkSums(t testing.TB, v any) {
	t.Helper()
	s := sums{t, v.(map[string]any)}
	s.equal("lines", s.sum("input", "header_lines", "blank_lines", "records", "continuation_lines", "malformed_lines"), number(v, "input", "lines"))
	s.equal("problems", number(v, "input", "problems_total"), number(v, "input", "malformed_lines"))
	s.equal("transactions", s.sum("transactions", "accepted", "partial", "deferred", "rejected", "aborted", "unknown"), number(v, "transactions", "total"))
	s.equal("recipients", s.sum("recipients", "accepted", "deferred", "rejected", "unknown"), number(v, "recipients", "total"))
	s.equal("sessions by confidence", s.sum("sessions", "exact", "inferred", "ambiguous"), number(v, "sessions", "total"))
	s.equal("sessions by end", s.all("sessions", "ended"), number(v, "sessions", "total"))

	var records int64
	for _, f := range s.v["input"].(map[string]any)["formats"].([]any) {
		records += number(f, "records")
	}
	s.equal("records by format", records, number(v, "input", "records"))

	failures := s.v["failures"].(map[string]any)
	s.groups(failures)
	if got, most := number(failures, "recipients"), s.sum("recipients", "deferred", "rejected"); got > most {
		t.Errorf("%d recipients in failures, but only %d were deferred or rejected", got, most)
	}
	if messages, ok := s.v["messages"].(map[string]any); ok {
		s.equal("messages by status", s.all("messages", "status"), number(messages, "total"))
		s.groups(messages["failures"].(map[string]any))
	}
}

type sums struct {
	t testing.TB
	v map[string]any
}

func (s sums) equal(what string, got, want int64) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s: %d, want %d\n%v", what, got, want, s.v)
	}
}

// sum adds the named members of an object.
func (s sums) sum(object string, keys ...string) (n int64) {
	for _, key := range keys {
		n += number(s.v, object, key)
	}
	return n
}

// all adds all members of an object in an object.
func (s sums) all(object, inner string) (n int64) {
	for key := range s.v[object].(map[string]any)[inner].(map[string]any) {
		n += number(s.v, object, inner, key)
	}
	return n
}

// groups checks the order and the numbers of groups of failures.
func (s sums) groups(failures map[string]any) {
	s.t.Helper()
	groups := failures["groups"].([]any)
	var replies, recipients int64
	for i, g := range groups {
		replies += number(g, "replies")
		recipients += number(g, "recipients")
		outcomes := number(g, "outcomes")
		if i > 0 && outcomes > number(groups[i-1], "outcomes") {
			s.t.Errorf("group %d has more outcomes than the one before", i)
		}
		if outcomes < max(number(g, "recipients"), number(g, "replies"), number(g, "sessions")) {
			s.t.Errorf("group %d has fewer outcomes than replies, recipients or sessions: %v", i, g)
		}
	}
	if len(groups) < int(number(failures, "groups_total")) || number(failures, "dropped") > 0 {
		return
	}
	s.equal("recipients of the groups", recipients, number(failures, "recipients"))
	if replies < number(failures, "replies") {
		s.t.Errorf("the groups have %d replies of %d", replies, number(failures, "replies"))
	}
}
