package tables_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/smtplog/smtplog/logparse"
)

// filesBelow returns the files of a folder and of those below it.
func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// read hands out the records of a file, if it is a log.
func read(t *testing.T, path string, each func(*logparse.Record)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for rec, err := range logparse.NewReader(f, path, nil).Records() {
		if err == nil {
			each(rec)
		}
	}
}
