package input

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// headSize is how much of each file is read to tell what it is.
const headSize = 4 << 10

// Find returns the sources that the paths lead to: files, folders (with all
// below them, links followed), globs and "-". A path is taken as a glob only
// when it holds *, ? or [ and no file has that name; on Windows letters match
// in either case. Archives are replaced by their members.
//
// Sources come in the order of the paths, then of their names, then of the
// archive. A file reached twice, by whatever name, counts once, under the
// name that sorts first. In folders, what is neither a file nor a folder
// (sockets, named pipes) is passed over.
//
// Every regular file is opened once for its first bytes, and the directory of
// every archive is read; for standard input and named pipes Find waits for
// their first bytes. Errors name the path, file or member; the others are
// returned all the same.
func Find(ctx context.Context, paths []string, opt *Options) ([]*Source, []error) {
	if opt == nil {
		opt = &Options{}
	}
	f := &finder{ctx: ctx, opt: opt, files: map[fileID]*reached{}, pipes: map[string]bool{}, spools: &spools{}, head: make([]byte, headSize)}
	for _, path := range paths {
		if ctx.Err() != nil {
			break
		}
		f.path(path)
	}
	if err := ctx.Err(); err != nil {
		f.errs = append(f.errs, err)
	}
	return f.sources(), f.errs
}

// A finder collects the sources of one Find.
type finder struct {
	ctx    context.Context
	opt    *Options
	found  []*reached
	files  map[fileID]*reached
	spools *spools
	pipes  map[string]bool // taken already
	head   []byte
	errs   []error
}

// reached is a file on disk or a pipe, and what it holds.
type reached struct {
	name     string
	explicit bool
	budget   *budget
	sources  []*Source // named by what follows the file's name: "" or "!member"
}

// again is called when the file is reached by another name.
func (r *reached) again(name string, explicit bool) {
	r.name = min(r.name, name)
	r.explicit = r.explicit || explicit
}

func (f *finder) fail(name string, err error) {
	if f.ctx.Err() == nil {
		f.errs = append(f.errs, named(name, err))
	}
}

// reach adds a file or pipe.
func (f *finder) reach(name string, explicit bool) *reached {
	b := &budget{name: name, limit: f.opt.limit(), members: maxMembers}
	r := &reached{name: name, explicit: explicit, budget: b}
	f.found = append(f.found, r)
	if p := f.opt.Progress; p != nil {
		p.found.Add(1)
	}
	return r
}

// sources completes the names, which other paths to the same file may have
// changed.
func (f *finder) sources() []*Source {
	var all []*Source
	for _, r := range f.found {
		r.budget.name = r.name
		for _, s := range r.sources {
			s.Explicit = r.explicit && s.Name == ""
			s.Name = r.name + s.Name
			s.progress = f.opt.Progress
			all = append(all, s)
		}
	}
	return all
}

// path takes one argument.
func (f *finder) path(path string) {
	if path == "-" {
		f.standardInput()
		return
	}
	info, err := os.Stat(path)
	if err == nil {
		f.entry(path, info, true)
		return
	}
	dir, pattern, ok := splitGlob(path, onWindows)
	missing := errors.Is(err, fs.ErrNotExist)
	if !ok || !missing && !onWindows { // Windows has other errors for * and ? in a name
		if missing {
			err = errors.New("no such file or folder")
		}
		f.fail(path, err)
		return
	}
	matches, err := glob(dir, pattern)
	if err != nil {
		f.fail(path, err)
		return
	}
	sort.Strings(matches)
	for _, m := range matches {
		info, err := os.Stat(m)
		if err != nil {
			f.fail(m, err)
			continue
		}
		f.entry(m, info, false)
	}
}

// entry takes what a path or glob leads to.
func (f *finder) entry(path string, info fs.FileInfo, explicit bool) {
	switch {
	case info.IsDir():
		before := len(f.errs)
		w := &walk{finder: f, visited: map[fileID]bool{}}
		w.folder(path)
		if explicit && !w.any && len(f.errs) == before {
			f.fail(path, errors.New("no files in this folder"))
		}
	case info.Mode().IsRegular():
		f.file(path, explicit)
	default:
		f.pipe(path, &lazyFile{path: path}, explicit)
	}
}

func (f *finder) standardInput() {
	if f.opt.Stdin == nil {
		f.fail("-", errors.New("there is no standard input to read"))
		return
	}
	f.pipe("-", f.opt.Stdin, true)
}

// A walk is the way through one folder. Each folder is entered once, so links
// that lead back end it.
type walk struct {
	*finder
	visited map[fileID]bool
	any     bool // a file was seen
}

func (w *walk) folder(path string) {
	if w.ctx.Err() != nil {
		return
	}
	dir, err := os.Open(path)
	if err != nil {
		w.fail(path, err)
		return
	}
	if id, ok := identify(dir); ok {
		if w.visited[id] {
			dir.Close()
			return
		}
		w.visited[id] = true
	}
	entries, err := dir.ReadDir(-1)
	dir.Close()
	if err != nil {
		w.fail(path, err)
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		mode := e.Type()
		if !mode.IsRegular() && !mode.IsDir() { // a link, a junction
			info, err := os.Stat(name)
			if err != nil {
				w.fail(name, err)
				continue
			}
			mode = info.Mode()
		}
		switch {
		case mode.IsDir():
			w.folder(name)
		case mode.IsRegular():
			w.any = true
			w.file(name, false)
		}
		if w.ctx.Err() != nil {
			return
		}
	}
}

// file takes a regular file.
func (f *finder) file(path string, explicit bool) {
	file, err := os.Open(path)
	if err != nil {
		f.fail(path, err)
		return
	}
	id, known := identify(file)
	if known {
		if r := f.files[id]; r != nil {
			file.Close()
			r.again(path, explicit)
			return
		}
	}
	n, err := io.ReadFull(file, f.head)
	info, statErr := file.Stat()
	file.Close()
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = statErr
	}
	if err != nil {
		f.fail(path, err)
		return
	}
	r := f.reach(path, explicit)
	if known {
		f.files[id] = r
	}
	p := &prober{finder: f, reached: r}
	p.classify(item{node: &fileNode{path}, size: info.Size(), length: info.Size()}, f.head[:n])
	p.finish()
}

// pipe takes what can be read only once.
func (f *finder) pipe(name string, r io.Reader, explicit bool) {
	key := filepath.Clean(name)
	if f.pipes[key] {
		return
	}
	f.pipes[key] = true
	p := &prober{finder: f, reached: f.reach(name, explicit)}
	p.probe(item{node: newPipe(r), size: -1, length: -1, once: true})
	p.finish()
}
