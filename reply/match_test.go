package reply

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// slowHolds is the meaning of a term, written down without regard to speed.
func slowHolds(text string, stages [][]string) bool {
	ends := []int{-1} // -1: anywhere
	for _, st := range stages {
		var next []int
		for _, p := range st {
			for at := 0; at+len(p) <= len(text); at++ {
				if text[at:at+len(p)] != p {
					continue
				}
				if slices.ContainsFunc(ends, func(end int) bool {
					return end < 0 || at >= end-1 && at-end <= maxGap
				}) {
					next = append(next, at+len(p))
				}
			}
		}
		if ends = next; len(ends) == 0 {
			return false
		}
	}
	return true
}

func TestMatcherAgainstSlow(t *testing.T) {
	word := rapid.SampledFrom([]string{"aa", "ab", "aba", "bb", "bab", "abab", "aab", "a!b", "cc"})
	rapid.Check(t, func(t *rapid.T) {
		phrase := rapid.Custom(func(t *rapid.T) string {
			p := strings.Join(rapid.SliceOfN(word, 1, 2).Draw(t, "words"), " ")
			if rapid.Bool().Draw(t, "start") {
				p = " " + p
			}
			if rapid.Bool().Draw(t, "end") {
				p += " "
			}
			return p
		})
		// No more hits than the matcher keeps for a step: its bound is not the
		// question here.
		text := " " + strings.Join(rapid.SliceOfN(word, 0, 5).Draw(t, "text"), strings.Repeat(" ", rapid.IntRange(1, 40).Draw(t, "gap"))) + " "
		stages := rapid.SliceOfN(rapid.SliceOfN(phrase, 1, 2), 1, 3).Draw(t, "stages")
		var phrases []string
		var all terms
		all.addTerm(true) // one before it, of other phrases
		all.addStage()
		all.addPhrase(0)
		all.addTerm(false)
		for _, st := range stages {
			all.addStage()
			for _, p := range st {
				i := slices.Index(phrases, p)
				if i < 0 {
					i = len(phrases)
					phrases = append(phrases, p)
				}
				all.addPhrase(int32(i))
			}
		}
		x := newPhraseIndex(phrases)
		m := newMatcher(len(phrases), 1)
		for range 2 { // the room is used again
			m.scan(x, []byte(text))
			for i, p := range phrases {
				if got, want := m.stamp[i] == m.round, strings.Contains(text, p); got != want {
					t.Fatalf("%q in %q: %v, want %v", p, text, got, want)
				}
			}
			if got, want := m.holds(&all, all.list[1], x.length), slowHolds(text, stages); got != want {
				t.Fatalf("%q in %q: %v, want %v", stages, text, got, want)
			}
		}
	})
}

func TestMatcherIsBounded(t *testing.T) {
	x := newPhraseIndex([]string{"aa", "aaa"})
	m := newMatcher(2, 1)
	m.scan(x, []byte(strings.Repeat("a", 100000)))
	if len(m.events) != maxEvents {
		t.Errorf("%d events, want %d", len(m.events), maxEvents)
	}
	var all terms
	all.addTerm(false)
	for _, p := range []int32{0, 1, 0, 1} {
		all.addStage()
		all.addPhrase(p)
	}
	if !m.holds(&all, all.list[0], x.length) {
		t.Error("aa, then aaa, then aa, then aaa is not found")
	}
}

// Every mark has a bit of its own.
func TestMarks(t *testing.T) {
	x := markFinder()
	if n := len(x.length); n > 64 {
		t.Fatalf("%d marks do not fit", n)
	}
	for i := range wrappers {
		if m := marksIn("x" + wrappers[i].open + "y"); !m.has(i) {
			t.Errorf("%q is not found", wrappers[i].open)
		}
	}
	for i := range verbMarks {
		if got := answered(marksIn("(" + verbMarks[i].text + ")")); got == 0 {
			t.Errorf("%q is not found", verbMarks[i].text)
		}
	}
	if marksIn("550 5.1.1 nothing of the kind") != 0 {
		t.Error("marks where there are none")
	}
}

func TestNormalize(t *testing.T) {
	z := &normalizer{hosts: map[string]struct{}{"spamhaus.org": {}}, ignore: [][]byte{[]byte(" for more information ")}}
	for _, tt := range []struct{ text, want string }{
		{"550 5.1.1 <Pat@Example.COM>: Recipient address rejected", " #addr recipient address rejected "},
		{"550-5.1.1 The e-mail account\r\n550-5.1.1 doesn't\r\n550 5.1.1 exist", " the email account doesnt exist "},
		{"452 4.2.2 The recipient's mailbox", " the recipient mailbox "},
		{"see https://www.spamhaus.org/query/ip/192.0.2.1 or http://example.com/spam", " see spamhaus.org or "},
		{"https://support.google.com/mail/?p=NoSuchUser x-gsmtp", " p#nosuchuser x gsmtp "},
		{"host mx1.example.net[192.0.2.1] after 12345 bytes, 300 s", " host #host #ip after #n bytes 300 s "},
		{"Boîte pleine, Empfänger GRÖSSE", " boite pleine empfaenger groesse "},
		{"Bo\xeete", " boite "},
		{"don’t; the user’s", " dont the user "},
		{"retries.Please wait", " retries please wait "},
		{"STOREDRV.Deliver.Exception:QuotaExceededException.MapiX", " storedrv deliver exception quotaexceededexception mapix "},
		{"id a1b2c3d4e5f6 TSS04 S3140 LPN007_416", " id #id tss04 s3140 lpn007 416 "},
		{"邮箱已满。", " 邮箱已满 "},
		{"This is it. For more information, go", " this is it go "},
		{"", " "},
	} {
		if got := string(z.append(nil, tt.text)); got != tt.want {
			t.Errorf("%q:\n got %q\nwant %q", tt.text, got, tt.want)
		}
	}
}
