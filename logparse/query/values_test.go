package query

import "testing"

// TestValues checks that a text which a column never has is a mistake, and only
// where it is compared with the column itself.
func TestValues(t *testing.T) {
	get := func(any) Value { return StringOf("rejected") }
	many := []string{"a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8", "i9", "j0", "k1"}
	table := Table{Name: "recipients", Columns: []Column{
		{Name: "result", Type: String, Get: get, Values: []string{"accepted", "deferred", "rejected", "unknown"}},
		{Name: "reason", Type: String, Get: get, Values: many, Doc: "a1, b2, … (the list)"},
		{Name: "text", Type: String, Get: get},
	}}
	for condition, want := range map[string][2]string{
		`result == "Rejected"`:            {"`result` is never `\"Rejected\"`", "did you mean `\"rejected\"`? it is accepted, deferred, rejected or unknown"},
		`"bounced" != result`:             {"`result` is never `\"bounced\"`", "it is accepted, deferred, rejected or unknown"},
		`result in ("accepted", "x")`:     {"`result` is never `\"x\"`", "it is accepted, deferred, rejected or unknown"},
		`text == "a" or result !in ("x")`: {"`result` is never `\"x\"`", "it is accepted, deferred, rejected or unknown"},
		`reason == "b22"`:                 {"`reason` is never `\"b22\"`", "did you mean `\"b2\"`? `reason`: a1, b2, … (the list)"},
		`result == rejected`:              {"no column `rejected` in `recipients`", "text stands in quotation marks; if it did, the shell took them: write `'rejected'`"},
		`text endswith example.com`:       {"no column `example.com` in `recipients`", "text stands in quotation marks; if it did, the shell took them: write `'example.com'`"},
	} {
		_, err := ParseCondition(condition, &table, nil)
		if e, ok := err.(*Error); !ok || e.Msg != want[0] || e.Hint != want[1] {
			t.Errorf("%s: %v", condition, err)
		}
	}
	for _, condition := range []string{
		`result == "rejected" and result != "unknown"`, `result in ("accepted", "rejected")`, `result =~ "Rejected"`,
		`result in~ ("REJECTED")`, `toupper(result) == "REJECTED"`, `text == "bounced" or result == text`, `result startswith "rej"`,
		`result > "a"`, `iff(result == "rejected", result, "none") == "rejected"`,
	} {
		if _, err := ParseCondition(condition, &table, nil); err != nil {
			t.Errorf("%s: %v", condition, err)
		}
	}
}
