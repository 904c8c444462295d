package input

import (
	"crypto/rand"
	"os"
	"path/filepath"
)

// deleteOnClose is FILE_FLAG_DELETE_ON_CLOSE of CreateFile.
const deleteOnClose = 0x04000000

// tempFile returns a file that Windows deletes when it is closed or the
// process ends.
func tempFile() (*os.File, error) {
	name := filepath.Join(os.TempDir(), "smtplog-"+rand.Text()+".tmp")
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|deleteOnClose, 0o600)
}
