//go:build unix

package input

import (
	"os"
	"syscall"
)

// A fileID is the same for all names of one file.
type fileID struct{ volume, index uint64 }

// identify returns the file's id; ok is false where the file system has none.
func identify(f *os.File) (id fileID, ok bool) {
	info, err := f.Stat()
	if err != nil {
		return fileID{}, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Ino == 0 {
		return fileID{}, false
	}
	return fileID{uint64(st.Dev), uint64(st.Ino)}, true
}
