package input

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

const onWindows = runtime.GOOS == "windows"

// splitGlob splits a path that holds wildcards into the folder before the
// first of them and the pattern after it, with slashes. ok is false when
// there are none. On Windows the backslash separates folders; elsewhere it
// quotes. Braces are literal: GUIDs in folder names have them.
func splitGlob(path string, windows bool) (dir, pattern string, ok bool) {
	separators := "/"
	start := 0 // of the part that may hold wildcards
	if windows {
		separators = `\/`
		if strings.HasPrefix(path, `\\?\`) || strings.HasPrefix(path, `\\.\`) {
			start = len(`\\?\`)
		}
	}
	meta := strings.IndexAny(path[start:], "*?[")
	if meta < 0 {
		return "", "", false
	}
	cut := strings.LastIndexAny(path[:start+meta], separators) + 1
	drive := windows && len(path) >= 2 && path[1] == ':'
	if drive && cut < 2 {
		cut = 2 // C:*.log is in the drive's current folder
	}
	dir, pattern = path[:cut], path[cut:]
	switch {
	case dir == "":
		dir = "."
	case drive && cut == 2:
		dir += "."
	case len(strings.TrimRight(dir, separators)) > 0 && !(drive && cut == 3):
		dir = strings.TrimRight(dir, separators)
	}
	if windows {
		pattern = strings.ReplaceAll(pattern, `\`, "/")
	} else if strings.Contains(dir, `\`) {
		dir = unquote(dir)
	}
	pattern = strings.NewReplacer("{", `\{`, "}", `\}`).Replace(pattern)
	return dir, pattern, true
}

// unquote removes backslashes that quote the character after them.
func unquote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// glob returns the paths that match, in the order of their names.
func glob(dir, pattern string) ([]string, error) {
	var opts []doublestar.GlobOption
	if onWindows {
		opts = append(opts, doublestar.WithCaseInsensitive())
	}
	if pattern == "**" || strings.HasSuffix(pattern, "/**") {
		opts = append(opts, doublestar.WithFilesOnly()) // their folders would only be walked twice
	}
	if strings.Contains(pattern, "**") {
		opts = append(opts, doublestar.WithNoFollow()) // links may lead back up
	}
	var found []string
	err := doublestar.GlobWalk(os.DirFS(dir), pattern, func(path string, _ fs.DirEntry) error {
		found = append(found, filepath.Join(dir, filepath.FromSlash(path)))
		return nil
	}, opts...)
	if errors.Is(err, doublestar.ErrBadPattern) {
		return nil, errors.New("no such file, and not a valid pattern: a [ lacks its ]")
	}
	if err == nil && len(found) == 0 {
		err = noMatch(dir, pattern)
	}
	return found, err
}

// noMatch says where nothing was found.
func noMatch(dir, pattern string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	pattern = filepath.FromSlash(strings.NewReplacer(`\{`, "{", `\}`, "}").Replace(pattern))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("no files match %s in %s: there is no such folder", pattern, abs)
	}
	return fmt.Errorf("no files match %s in %s", pattern, abs)
}
