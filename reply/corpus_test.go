package reply

import (
	"hash/fnv"
	"slices"
	"strings"
	"testing"
)

// A corpusLine is one labelled reply of the reference corpus.
type corpusLine struct {
	text, class, code, reason string
	alternatives              []string
	report                    bool // in the half that the rules were not tuned on
}

// corpus reads the reference corpus, which lies beside the module.
func corpus(t testing.TB) []corpusLine {
	t.Helper()
	var lines []corpusLine
	for _, row := range reference(t, "corpus.csv") {
		lines = append(lines, corpusLine{
			text: row["text"], class: row["expected_class"], code: row["code"], reason: row["reason"],
			alternatives: strings.Split(row["alt"], "|"), report: reportHalf(row["source"]),
		})
	}
	return lines
}

// reportHalf splits the corpus by where a line comes from, so that lines of
// one origin, which resemble each other, fall into one half.
func reportHalf(source string) bool {
	h := fnv.New32a()
	h.Write([]byte(source))
	return h.Sum32()>>16&1 == 1
}

type score struct{ lines, strict, lenient int }

func (s *score) add(strict, lenient bool) {
	s.lines++
	if strict {
		s.strict++
	}
	if strict || lenient {
		s.lenient++
	}
}

func (s score) percent() (strict, lenient float64) {
	return 100 * float64(s.strict) / float64(s.lines), 100 * float64(s.lenient) / float64(s.lines)
}

func TestCorpus(t *testing.T) {
	var tune, report, all score
	for _, l := range corpus(t) {
		got := Classify(l.text, Outbound)
		if l.code != "" && got.Class.String() != l.class {
			t.Errorf("class %v, want %s: %q", got.Class, l.class, l.text)
		}
		name := got.Reason.String()
		strict, lenient := name == l.reason, slices.Contains(l.alternatives, name)
		all.add(strict, lenient)
		if l.report {
			report.add(strict, lenient)
			continue
		}
		tune.add(strict, lenient)
		if !strict {
			t.Logf("%s by %s, want %s or %v: %.300q", name, got.Rule, l.reason, l.alternatives, l.text)
		}
	}
	for _, s := range []struct {
		name string
		score
	}{{"tuned half", tune}, {"report half", report}, {"whole corpus", all}} {
		strict, lenient := s.percent()
		t.Logf("%-12s %d lines: strict %.1f %%, lenient %.1f %%", s.name, s.lines, strict, lenient)
	}
	if strict, lenient := all.percent(); strict < 94 || lenient < 97 {
		t.Errorf("strict %.1f %%, want 94; lenient %.1f %%, want 97", strict, lenient)
	}
}
