package input

import (
	"os"
	"syscall"
)

// A fileID is the same for all names of one file.
type fileID struct{ volume, index uint64 }

// identify returns the file's id; ok is false where the file system has none.
func identify(f *os.File) (id fileID, ok bool) {
	var d syscall.ByHandleFileInformation
	if err := syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &d); err != nil {
		return fileID{}, false
	}
	id = fileID{uint64(d.VolumeSerialNumber), uint64(d.FileIndexHigh)<<32 | uint64(d.FileIndexLow)}
	return id, id.index != 0
}
