//go:build unix

package input

import "os"

// tempFile returns a file that has no name any more, so that it is gone when
// it is closed or the process ends.
func tempFile() (*os.File, error) {
	f, err := os.CreateTemp("", "smtplog-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
