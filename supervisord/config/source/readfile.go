package source

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// readFile reads a file and finds out whether it can be read again.
func readFile(path string) FileText {
	text := FileText{Descriptor: isDescriptor(path)}
	var mode fs.FileMode
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode()
	}
	data, err := os.ReadFile(path)
	if err != nil {
		text.Error = errors.Unwrap(err).Error()
		return text
	}
	text.Data = data
	// /dev/null gives the same text each time.
	text.Once = mode&(fs.ModeNamedPipe|fs.ModeSocket) != 0 || mode&fs.ModeCharDevice != 0 && len(data) > 0
	return text
}

// isDescriptor reports whether a path stands for a descriptor of this process, which
// a detached daemon and other processes do not have.
func isDescriptor(path string) bool {
	const maxLinks = 16 // in a row
	for range maxLinks {
		dir, base := filepath.Split(filepath.Clean(path))
		switch {
		case dir == "/dev/" && slices.Contains([]string{"stdin", "stdout", "stderr"}, base):
			return true
		case dir == "/dev/fd/", strings.HasPrefix(dir, "/proc/") && strings.HasSuffix(dir, "/fd/"):
			return true
		}
		next, err := os.Readlink(path)
		if err != nil {
			return false
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(dir, next)
		}
		path = next
	}
	return false
}
