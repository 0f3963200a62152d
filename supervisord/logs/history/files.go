package history

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"supervisor/supervisord/logs"
)

// file is one file of a log, open for reading.
type file struct {
	*os.File
	id   Identity
	size int64 // when it was opened
}

func inodeOf(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}

// open opens a log and its rotated files, the newest first. A rotation meanwhile may
// move a file to a number that was already passed; such a file is found by its identity
// and not listed twice. The error is [fs.ErrNotExist] if there is none.
func open(path string) ([]*file, error) {
	const gap = 8 // a rotation leaves gaps between the numbers for a moment
	var list []*file
	seen := make(map[Identity]bool)
	for i, missing := 0, 0; missing < gap; i++ {
		f, size, err := logs.OpenRotated(path, i)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing++
			continue
		case err != nil:
			closeAll(list)
			return nil, err
		}
		missing = 0
		id, err := identify(f)
		if err != nil || seen[id] {
			f.Close()
			continue
		}
		seen[id] = true
		list = append(list, &file{f, id, size})
	}
	if len(list) == 0 {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return list, nil
}

func closeAll(list []*file) {
	for _, f := range list {
		f.Close()
	}
}
