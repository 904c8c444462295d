package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The README.md of a folder says of each Go file, but for tests, what it is for, and
// of no other.
func TestMaps(t *testing.T) {
	maps, err := filepath.Glob(filepath.Join(root, "*", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob(filepath.Join(root, "*", "*", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	maps = append(maps, deeper...)
	if len(maps) < 4 {
		t.Errorf("%d maps", len(maps))
	}
	named := regexp.MustCompile("`([a-z0-9_]+\\.go)`")
	for _, path := range maps {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, file := range files {
			if name := filepath.Base(file); !strings.HasSuffix(name, "_test.go") {
				want = append(want, name)
			}
		}
		rows := string(text[strings.Index(string(text), "\n|"):])
		var got []string
		for _, m := range named.FindAllStringSubmatch(rows, -1) {
			got = append(got, m[1])
		}
		slices.Sort(got)
		for _, name := range want {
			if !slices.Contains(got, name) {
				t.Errorf("%s does not name %s", path, name)
			}
		}
		for i, name := range got {
			if !slices.Contains(want, name) || i > 0 && got[i-1] == name {
				t.Errorf("%s names %s, which does not exist or was named before", path, name)
			}
		}
	}
}
