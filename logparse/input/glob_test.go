package input

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSplitGlob(t *testing.T) {
	tests := []struct {
		path    string
		windows bool
		dir     string
		pattern string // empty: no wildcards
	}{
		{"x.log", false, "", ""},
		{"*.log", false, ".", "*.log"},
		{"logs/*.log", false, "logs", "*.log"},
		{"../logs//W3SVC?/ex*.log", false, "../logs", "W3SVC?/ex*.log"},
		{"/*.log", false, "/", "*.log"},
		{"/var/log/**/[ab].log", false, "/var/log", "**/[ab].log"},
		{`a\*b/*.log`, false, `a\`, ""}, // see below
		{`logs\*.log`, false, ".", `logs\*.log`},
		{"{1}/*{2}.log", false, "{1}", `*\{2\}.log`},
		{`x.log`, true, "", ""},
		{`*.LOG`, true, ".", "*.LOG"},
		{`C:\Logs\**\*.LOG`, true, `C:\Logs`, "**/*.LOG"},
		{`C:/Logs/RECV*`, true, `C:/Logs`, "RECV*"},
		{`C:\*.log`, true, `C:\`, "*.log"},
		{`C:*.log`, true, `C:.`, "*.log"},
		{`C:logs\*.log`, true, `C:logs`, "*.log"},
		{`logs\*\x?.log`, true, `logs`, "*/x?.log"},
		{`..\*.log`, true, `..`, "*.log"},
		{`\logs\*.log`, true, `\logs`, "*.log"},
		{`\*.log`, true, `\`, "*.log"},
		{`\\srv\logs$\ex*.log`, true, `\\srv\logs$`, "ex*.log"},
		{`\\?\C:\Logs\x.log`, true, "", ""},
		{`\\?\C:\Logs\*.log`, true, `\\?\C:\Logs`, "*.log"},
		{`\\?\UNC\srv\logs\*.log`, true, `\\?\UNC\srv\logs`, "*.log"},
		{`D:\{8C2F}\[ab]*.log`, true, `D:\{8C2F}`, "[ab]*.log"},
	}
	for _, tt := range tests {
		dir, pattern, ok := splitGlob(tt.path, tt.windows)
		if tt.path == `a\*b/*.log` { // a quoted star is a wildcard to the splitter only
			if dir != "." || pattern != `a\*b/*.log` || !ok {
				t.Errorf("%s: %q %q %v", tt.path, dir, pattern, ok)
			}
			continue
		}
		if dir != tt.dir || pattern != tt.pattern || ok != (tt.pattern != "") {
			t.Errorf("splitGlob(%s, %v) = %q %q %v, want %q %q", tt.path, tt.windows, dir, pattern, ok, tt.dir, tt.pattern)
		}
	}
}

func TestGlob(t *testing.T) {
	dir := write(t, file{"W3SVC1/ex1.log", nil}, file{"W3SVC1/ex2.txt", nil}, file{"W3SVC1/deep/er/ex3.log", nil},
		file{"{G}/ex[1].log", nil}, file{"{G}/ex1.log", nil}, file{"top.log", nil})
	tests := []struct {
		pattern string
		want    string // names, or what the error has
	}{
		{"*.log", "top.log"},
		{"W3SVC?/*.log", "W3SVC1/ex1.log"},
		{"W3*", "W3SVC1/deep/er/ex3.log W3SVC1/ex1.log W3SVC1/ex2.txt"},
		{"**/*.log", "W3SVC1/deep/er/ex3.log W3SVC1/ex1.log top.log {G}/ex1.log {G}/ex[1].log"},
		{"W3SVC1/**", "W3SVC1/deep/er/ex3.log W3SVC1/ex1.log W3SVC1/ex2.txt"},
		{"{G}/ex[1].log", "{G}/ex[1].log"}, // a file of that name exists
		{"{?}/ex[1].log", "{G}/ex1.log"},
		{"{?}/*", "{G}/ex1.log {G}/ex[1].log"},
		{"./*.log", "top.log"},
		{"SEND*.LOG", "no files match SEND*.LOG in " + dir},
		{"W3SVC1/**/no*.log", "no files match " + filepath.FromSlash("**/no*.log") + " in " + filepath.Join(dir, "W3SVC1")},
		{"none/*.log", "no such folder"},
		{"x[.log", "not a valid pattern"},
		{"none.log", "none.log: no such file or folder"},
	}
	for _, tt := range tests {
		sources, errs := Find(t.Context(), []string{dir + "/" + tt.pattern}, nil)
		if len(errs) > 0 {
			if len(errs) > 1 || len(sources) > 0 || !strings.Contains(errs[0].Error(), tt.want) {
				t.Errorf("%s: %v, want %q", tt.pattern, errs, tt.want)
			}
			continue
		}
		if got := names(dir, sources); !slices.Equal(got, strings.Fields(tt.want)) {
			t.Errorf("%s: %q, want %s", tt.pattern, got, tt.want)
		}
		for _, s := range sources {
			if s.Explicit != (tt.pattern == "{G}/ex[1].log") {
				t.Errorf("%s: Explicit is %v", tt.pattern, s.Explicit)
			}
		}
	}
}
