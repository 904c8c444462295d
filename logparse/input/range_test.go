package input_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse/input"
)

// Wherever a file is cut, every line is in one range, whole, and the ranges count
// together as the file.
func TestRanges(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	for name, text := range map[string]string{
		"lines":        "one\ntwo\r\n\n\nfive\n",
		"no last end":  "one\ntwo",
		"one line":     "one",
		"marked":       "\ufeffone\ntwo\n",
		"long lines":   "one\n" + long + "\n" + long + "\nfour\n" + long,
		"NULs":         "one\n\x00\x00\x00\x00two\n\x00\x00",
		"only an end":  "\n",
		"only ends":    strings.Repeat("\n", 30),
		"many, uneven": strings.Repeat("a\nbcd\nefghijklm\n", 100),
	} {
		path := filepath.Join(t.TempDir(), "x.log")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, uint64(len(text))))
		for run := range 50 {
			var progress input.Progress
			sources, errs := input.Find(t.Context(), []string{path}, &input.Options{Progress: &progress})
			if len(errs) > 0 || len(sources) != 1 {
				t.Fatal(errs)
			}
			src := sources[0]
			var got strings.Builder
			var r input.Range
			for from := int64(0); ; from = r.To {
				r = input.Range{From: from, To: from + 1 + rng.Int64N(int64(len(text)/(1+run%7)+1))}
				if r.To >= int64(len(text)) {
					r.To = 0
				}
				piece, offset := rangeText(t, src.OpenRange, r)
				if piece != "" && offset != int64(got.Len()) {
					t.Fatalf("%s: %+v begins at %d behind %d bytes", name, r, offset, got.Len())
				}
				if piece != "" && !strings.HasSuffix(piece, "\n") && got.Len()+len(piece) < len(text) {
					t.Fatalf("%s: %+v ends in a line: %q", name, r, piece)
				}
				got.WriteString(piece)
				// The same from a line in front of it on.
				start := int64(strings.LastIndexByte(text[:offset], '\n') + 1)
				again, at := rangeText(t, func(ctx context.Context, r input.Range) (*input.Stream, int64, error) {
					return src.ReopenRange(ctx, r, start, true)
				}, r)
				if again != text[start:got.Len()] || again != "" && at != start {
					t.Fatalf("%s: %+v again from %d on: %q", name, r, start, again)
				}
				if r.To == 0 {
					break
				}
			}
			if got.String() != text {
				t.Fatalf("%s: %q of %q", name, got.String(), text)
			}
			if progress.Read() != int64(len(text)) || progress.Files() != 1 {
				t.Fatalf("%s: %d bytes of %d, %d files as progress", name, progress.Read(), len(text), progress.Files())
			}
		}
	}
}

func rangeText(t *testing.T, open func(context.Context, input.Range) (*input.Stream, int64, error), r input.Range) (string, int64) {
	t.Helper()
	st, offset, err := open(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	text, err := io.ReadAll(st)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), offset
}

// A range that is given up counts as nothing; one that need not be read, as read.
func TestRangeProgress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.log")
	if err := os.WriteFile(path, []byte(strings.Repeat("a line\n", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	var progress input.Progress
	sources, _ := input.Find(t.Context(), []string{path}, &input.Options{Progress: &progress})
	st, _, err := sources[0].OpenRange(t.Context(), input.Range{From: 70, To: 350})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(st, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	st.Close()
	if n := progress.Read(); n != 0 {
		t.Errorf("%d bytes count that were given up", n)
	}
	sources[0].PassOver(input.Range{From: 70, To: 350})
	sources[0].PassOver(input.Range{From: 350})
	if got := fmt.Sprint(progress.Read(), progress.Files()); got != "630 1" {
		t.Errorf("bytes and files as progress: %s", got)
	}
}

// What cannot be read at offsets has no range but the whole.
func TestRangeOfNoFile(t *testing.T) {
	sources, errs := input.Find(t.Context(), []string{"-"}, &input.Options{Stdin: strings.NewReader("one\ntwo\n")})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if text, offset := rangeText(t, sources[0].OpenRange, input.Range{}); text != "one\ntwo\n" || offset != 0 {
		t.Errorf("the whole of a pipe: %q at %d", text, offset)
	}
	if _, _, err := sources[0].OpenRange(t.Context(), input.Range{From: 4}); err == nil || !strings.Contains(err.Error(), "offset") {
		t.Errorf("a pipe: %v", err)
	}
}
