package reply

import (
	"os"
	"strings"
	"testing"
)

// TestWordings classifies replies in the wordings of many servers and years.
// A line of the file holds the reason, further ones behind "|" where the text
// leaves them open, a tab and the reply, in which "\n" parts lines.
func TestWordings(t *testing.T) {
	b, err := os.ReadFile("testdata/wordings.txt")
	if err != nil {
		t.Fatal(err)
	}
	family := ""
	lines, right := map[string]int{}, map[string]int{}
	check := func() {
		if n := lines[family]; n > 0 && right[family]*100 < n*95 {
			t.Errorf("%s: %d of %d right, want 95 %%", family, right[family], n)
		}
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		if name, ok := strings.CutPrefix(line, "# "); ok {
			check()
			family = name
			continue
		}
		reasons, text, ok := strings.Cut(line, "\t")
		if !ok {
			continue
		}
		lines[family]++
		got := Classify(strings.ReplaceAll(text, `\n`, "\n"), Outbound)
		found := false
		for name := range strings.SplitSeq(reasons, "|") {
			want, err := ParseReason(name)
			if err != nil || want == ReasonNone {
				t.Fatalf("%q: no reason: %v", line, err)
			}
			found = found || got.Reason == want
		}
		if found {
			right[family]++
		} else {
			t.Logf("%v by %s, want %s: %q", got.Reason, got.Rule, reasons, text)
		}
	}
	check()
	if len(lines) < 5 {
		t.Errorf("only %d families read", len(lines))
	}
}
