package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// analysisOf returns what analyze says of the paths.
func analysisOf(t testing.TB, paths ...string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(done(t, append([]string{"analyze", "--json"}, paths...)...)), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// counts returns an analysis without what tells files apart: of the input only
// the named counts stay, of the examples everything but the place.
func counts(t testing.TB, v map[string]any, keep ...string) map[string]any {
	t.Helper()
	input := v["input"].(map[string]any)
	for name := range input {
		if !slices.Contains(keep, name) {
			delete(input, name)
		}
	}
	eachObject(v, "", func(path string, object map[string]any) {
		if strings.HasSuffix(path, "/failures/groups/example") {
			delete(object, "file")
			delete(object, "line")
		}
	})
	return v
}

// projectLogs returns the project's own logs that smtplog reads.
func projectLogs(t testing.TB) []string {
	t.Helper()
	paths := filesBelow(t, filepath.Join(root, "testdata", "logs"))
	paths = slices.DeleteFunc(paths, func(path string) bool {
		return strings.HasPrefix(filepath.Base(path), "u_ex") // of the web service
	})
	if len(paths) < 8 {
		t.Fatalf("only %d logs", len(paths))
	}
	return paths
}

// TestEveryLineIsCounted compares the lines that analyze counts with those that
// are there, for each log and for stretches of it.
func TestEveryLineIsCounted(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	for i, path := range projectLogs(t) {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		stretches := [][]byte{whole}
		for range 5 {
			a, b := rng.IntN(len(whole)), rng.IntN(len(whole))
			stretches = append(stretches, whole[min(a, b):max(a, b)])
		}
		for j, stretch := range stretches {
			file := filepath.Join(dir, fmt.Sprintf("%d-%d.log", i, j))
			writeFile(t, file, stretch)
			r := smtplog("", "analyze", "--json", file, "--format", formatOf(t, path))
			if r.code != exitDone {
				t.Fatalf("%s: %s", path, r.stderr)
			}
			var v any
			if err := json.Unmarshal([]byte(r.stdout), &v); err != nil {
				t.Fatal(err)
			}
			checkSums(t, v)
			want := int64(bytes.Count(stretch, []byte("\n")))
			if len(stretch) > 0 && !bytes.HasSuffix(stretch, []byte("\n")) {
				want++
			}
			if got := number(v, "input", "lines"); got != want {
				t.Errorf("%s, stretch %d: %d lines, want %d", path, j, got, want)
			}
		}
	}
}

// formatOf returns what formats says that a file is.
func formatOf(t testing.TB, path string) string {
	t.Helper()
	var v struct{ Format string }
	if err := json.Unmarshal([]byte(done(t, "formats", "--json", path)), &v); err != nil {
		t.Fatal(err)
	}
	return v.Format
}

// TestOrderOfPaths gives the same inputs in many orders, reached in many ways.
func TestOrderOfPaths(t *testing.T) {
	dir := t.TempDir()
	for i, path := range projectLogs(t) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, fmt.Sprint(i%3), filepath.Base(path)), b)
		if i%2 == 0 {
			writeFile(t, filepath.Join(dir, fmt.Sprint(i%3), filepath.Base(path)+".zip"), mustPack(t, ".zip", member{"a.log", b}, member{"notes.txt", []byte("no log\n")}))
		}
	}
	paths := filesBelow(t, dir)
	commands := [][]string{
		{"analyze", "--json"}, {"analyze", "--problems", "--top", "0"}, {"analyze", "--csv", "--by", "host,code"},
		{"sessions", "--json"}, {"sessions", "--transcript"}, {"records"}, {"formats"},
		{"query", "--json", "sessions"}, {"query", "--json", "recipients | summarize n=count() by domain, result"},
		{"query", "--json", "records | where code >= 400 | project file, line, session, text"}, {"query", "--csv", "messages"},
	}
	var want []string
	for _, c := range commands {
		want = append(want, done(t, append(c, paths...)...))
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 4 {
		given := slices.Clone(paths)
		rng.Shuffle(len(given), func(i, j int) { given[i], given[j] = given[j], given[i] })
		given = append(given[:len(given):len(given)], given[rng.IntN(len(given))], filepath.Join(dir, "1")) // twice
		for i, c := range commands {
			if got := done(t, append(c, given...)...); got != want[i] {
				t.Errorf("%v %v (-want +got):\n%s", c, given, cmp.Diff(want[i], got))
			}
		}
	}
}

// TestCutLogs cuts logs at random lines into files that keep the header.
func TestCutLogs(t *testing.T) {
	for _, opt := range []testlog.Options{
		{Format: logparse.ExchangeReceive, Seed: 11, Connections: 80},
		{Format: logparse.ExchangeSend, Seed: 12, Connections: 80, AtOnce: 3},
		{Format: logparse.IISW3C, Seed: 13, Connections: 80, Outbound: 0.3},
		{Format: logparse.IISW3C, Seed: 14, Connections: 80, Hosts: 4, AtOnce: 3, SameHelo: true},
	} {
		t.Run(fmt.Sprint(opt.Format, opt.Seed), func(t *testing.T) {
			log := played(t, opt)
			whole := filepath.Join(t.TempDir(), "whole.log")
			writeFile(t, whole, log)
			want := counts(t, analysisOf(t, whole), "records", "malformed_lines", "formats")
			header, rows := splitHeader(log)
			rng := rand.New(rand.NewPCG(opt.Seed, 0))
			for range 6 {
				dir := t.TempDir()
				parts := cutRows(rng, rows, 1+rng.IntN(6))
				for i, part := range parts {
					writeFile(t, filepath.Join(dir, fmt.Sprintf("part%d.log", i)), append(slices.Clone(header), bytes.Join(part, nil)...))
				}
				got := counts(t, analysisOf(t, dir), "records", "malformed_lines", "formats")
				got["input"].(map[string]any)["formats"].([]any)[0].(map[string]any)["files"] = 1.0
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("cut into %d files (-whole +cut):\n%s", len(parts), diff)
				}
			}
		})
	}
}

// splitHeader returns the lines of a log that begin with #, and the others.
func splitHeader(log []byte) (header []byte, rows [][]byte) {
	for line := range bytes.Lines(log) {
		if bytes.HasPrefix(line, []byte("#")) {
			header = append(header, line...)
		} else {
			rows = append(rows, line)
		}
	}
	return header, rows
}

// cutRows cuts rows at n random places.
func cutRows(rng *rand.Rand, rows [][]byte, n int) [][][]byte {
	cuts := []int{0, len(rows)}
	for range n {
		cuts = append(cuts, 1+rng.IntN(len(rows)-1))
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var parts [][][]byte
	for i := range len(cuts) - 1 {
		parts = append(parts, rows[cuts[i]:cuts[i+1]])
	}
	return parts
}

// TestSameLogOtherwiseStored stores logs in all the ways that leave their text
// as it is.
func TestSameLogOtherwiseStored(t *testing.T) {
	dir := t.TempDir()
	logs := map[string][]byte{}
	for _, path := range projectLogs(t) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		logs[filepath.Base(path)] = bytes.TrimPrefix(b, []byte("\ufeff"))
	}
	for _, f := range []logparse.Format{logparse.IISW3C, logparse.IISMSIIS, logparse.IISNCSA, logparse.ExchangeReceive, logparse.ExchangeSend} {
		logs["played-"+f.String()] = played(t, testlog.Options{Format: f, Seed: 21, Connections: 30, Outbound: 0.3})
	}
	for name, log := range logs {
		lf := bytes.ReplaceAll(log, []byte("\r\n"), []byte("\n"))
		crlf := bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n"))
		plain := filepath.Join(dir, name)
		writeFile(t, plain, lf)
		keep := []string{"lines", "records", "header_lines", "blank_lines", "continuation_lines", "malformed_lines", "formats", "problems_total", "assumed"}
		want := counts(t, analysisOf(t, plain), keep...)
		for how, stored := range map[string][]byte{
			"CRLF":                  crlf,
			"gzip":                  mustPack(t, ".gz", member{name, lf}),
			"zstd":                  mustPack(t, ".zst", member{name, lf}),
			"xz":                    mustPack(t, ".xz", member{name, lf}),
			"zip":                   mustPack(t, ".zip", member{name, crlf}),
			"tar.gz":                mustPack(t, ".tar.gz", member{name, lf}),
			"UTF-8 with a mark":     mustEncode(t, "utf-8-bom", lf),
			"UTF-16 LE":             mustEncode(t, "utf-16le", crlf),
			"UTF-16 BE":             mustEncode(t, "utf-16be", lf),
			"UTF-16 LE with a mark": mustEncode(t, "utf-16le-bom", lf),
			"UTF-16 BE with a mark": mustEncode(t, "utf-16be-bom", crlf),
			"UTF-16 in a zip":       mustPack(t, ".zip", member{name, mustEncode(t, "utf-16le-bom", crlf)}),
			"NULs at the end":       append(slices.Clone(lf), make([]byte, 5000)...),
			"NULs at the beginning": append(make([]byte, 4096), crlf...),
			"no last line end":      bytes.TrimSuffix(lf, []byte("\n")),
		} {
			path := filepath.Join(dir, "stored")
			writeFile(t, path, stored)
			got := counts(t, analysisOf(t, path), keep...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s as %s (-want +got):\n%s", name, how, diff)
			}
		}
	}
}
