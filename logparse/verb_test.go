package logparse

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// slowSplit is SplitCommand with the means of package strings.
func slowSplit(line string) (verb Verb, name, arg string) {
	line = strings.TrimLeft(line, " \t")
	name = line
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		name, arg = line[:i], strings.TrimLeft(line[i:], " \t")
	}
	if name == "" {
		return VerbNone, name, arg
	}
	for v := VerbHELO; v < VerbOther; v++ {
		if v != VerbEOM && strings.ToUpper(name) == v.String() {
			return v, name, arg
		}
	}
	return VerbOther, name, arg
}

func TestSplitCommand(t *testing.T) {
	names := []string{"", " ", "\t", "MAILX", "MAI", "250", "x", "mAIL"}
	for v := VerbConnect; v < VerbOther; v++ {
		names = append(names, v.String(), strings.ToLower(v.String()))
	}
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SampledFrom([]string{"", "", "", " ", "\t "}).Draw(t, "front") + rapid.SampledFrom(names).Draw(t, "name") +
			rapid.SampledFrom([]string{"", " ", "  ", "\t", " FROM:<a@example.org>", ":", "\x00 b", " \t b ", "x y"}).Draw(t, "rest")
		verb, name, arg := SplitCommand([]byte(line))
		wantVerb, wantName, wantArg := slowSplit(line)
		if verb != wantVerb || string(name) != wantName || string(arg) != wantArg {
			t.Fatalf("%q: %v %q %q, want %v %q %q", line, verb, name, arg, wantVerb, wantName, wantArg)
		}
	})
}
