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
	sum := func(object string, keys ...string) (n int64) {
		for _, key := range keys {
			n += number(v, object, key)
		}
		return n
	}
	equal := func(what string, got, want int64) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d, want %d\n%v", what, got, want, v)
		}
	}
	equal("lines", sum("input", "header_lines", "blank_lines", "records", "continuation_lines", "malformed_lines"), number(v, "input", "lines"))
	equal("problems", number(v, "input", "problems_total"), number(v, "input", "malformed_lines"))
	equal("transactions", sum("transactions", "accepted", "partial", "deferred", "rejected", "aborted", "unknown"), number(v, "transactions", "total"))
	equal("recipients", sum("recipients", "accepted", "deferred", "rejected", "unknown"), number(v, "recipients", "total"))
	equal("sessions by confidence", sum("sessions", "exact", "inferred", "ambiguous"), number(v, "sessions", "total"))

	input := v.(map[string]any)["input"].(map[string]any)
	var records int64
	for _, f := range input["formats"].([]any) {
		records += number(f, "records")
	}
	equal("records by format", records, number(v, "input", "records"))

	var ended int64
	sessions := v.(map[string]any)["sessions"].(map[string]any)
	for how := range sessions["ended"].(map[string]any) {
		ended += number(sessions, "ended", how)
	}
	equal("sessions by end", ended, number(v, "sessions", "total"))

	failures := v.(map[string]any)["failures"].(map[string]any)
	groups := failures["groups"].([]any)
	var replies, recipients int64
	for i, g := range groups {
		replies += number(g, "replies")
		recipients += number(g, "recipients")
		if i > 0 && number(g, "outcomes") > number(groups[i-1], "outcomes") {
			t.Errorf("group %d has more outcomes than the one before", i)
		}
		if number(g, "recipients") > number(g, "outcomes") || number(g, "replies") > number(g, "outcomes") || number(g, "sessions") > number(g, "outcomes") {
			t.Errorf("group %d has fewer outcomes than replies, recipients or sessions: %v", i, g)
		}
	}
	if len(groups) == int(number(failures, "groups_total")) {
		equal("recipients of the groups", recipients, number(failures, "recipients"))
		if replies < number(failures, "replies") {
			t.Errorf("the groups have %d replies of %d", replies, number(failures, "replies"))
		}
	}
	if got, most := number(failures, "recipients"), number(v, "recipients", "deferred")+number(v, "recipients", "rejected"); got > most {
		t.Errorf("%d recipients in failures, but only %d were deferred or rejected", got, most)
	}
}

