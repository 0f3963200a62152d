package logs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

const (
	followStart  = 1024     // bytes shown of what was there before
	followBuffer = 32 << 10 // bytes read at a time
	// followPoll is how often a file is checked that this daemon does not change:
	// others may truncate it or write to it.
	followPoll = time.Second
	truncated  = "==> File truncated <==\n"
)

// Follow copies the last 1024 bytes of a log to w, then everything that is
// appended to it, until ctx ends or w fails; it returns that error. Without
// such a file the error is [fs.ErrNotExist].
//
// When the log is rotated the old file is copied to its end, then those that
// came after it from their beginnings, as long as they are kept. When it is
// truncated a line says so. Changed is asked for a channel that is closed with
// the next change: [Stream.Changed] or [Main.Changed]. What others
// do to the file is seen within a second.
func Follow(ctx context.Context, path string, changed func() <-chan struct{}, w io.Writer) error {
	file, size, err := openLog(path)
	if err != nil {
		return err
	}
	f := follower{path: path, file: file, offset: max(0, size-followStart), w: w}
	defer func() { f.file.Close() }()
	buf := make([]byte, followBuffer)
	poll := time.NewTicker(followPoll)
	defer poll.Stop()
	for {
		next := changed() // before reading, so that no change is missed
		for more := true; more; {
			if more, err = f.step(ctx, buf); err != nil {
				return err
			}
		}
		select {
		case <-next:
		case <-poll.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// follower is where one Follow has got to.
type follower struct {
	path   string
	file   *os.File
	offset int64
	w      io.Writer
}

// step copies the rest of the current file and moves on to the next one if there is
// one.
func (f *follower) step(ctx context.Context, buf []byte) (more bool, err error) {
	// The next file is looked for first: once it exists, nothing more is appended to
	// the current one.
	next := f.nextFile()
	if err := f.drain(ctx, buf); err != nil || next == nil {
		if next != nil {
			next.Close()
		}
		return false, err
	}
	f.file.Close()
	f.file, f.offset = next, 0
	return true, nil
}

// drain copies the rest of the current file.
func (f *follower) drain(ctx context.Context, buf []byte) error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && info.Size() < f.offset {
		f.offset = 0
		if _, err := io.WriteString(f.w, truncated); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		n, err := f.file.ReadAt(buf, f.offset)
		f.offset += int64(n)
		if n > 0 {
			if _, err := f.w.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// nextFile opens the file that follows the current one. It is nil as long as the log's
// name belongs to the current file, or to none.
//
// A file that was rotated away is found among the backups, and the backup
// before it is the next one. If the current file is the same backup before and after
// the next one is opened, neither was moved meanwhile.
func (f *follower) nextFile() *os.File {
	for {
		index := f.backupIndex()
		if index == 0 {
			return nil
		}
		next, _, err := openLog(backup(f.path, max(0, index-1)))
		if err != nil {
			return nil // a rotation is under way, or the log was removed; a change will follow
		}
		if index < 0 || f.isBackup(index) {
			return next
		}
		next.Close()
	}
}

// backupIndex returns which backup the current file has become: 0 for none yet, and a
// negative number if it was removed. Backups only ever move up, so that going
// through them upwards cannot miss one that moves.
func (f *follower) backupIndex() int {
	const gap = 8 // rotations under way leave gaps between the backups
	for i, missing := 0, 0; missing < gap; i++ {
		if f.isBackup(i) {
			return i
		}
		if _, err := os.Stat(backup(f.path, i)); errors.Is(err, fs.ErrNotExist) {
			missing++
		} else {
			missing = 0
		}
	}
	return -1
}

// isBackup reports whether the current file is the i-th backup.
func (f *follower) isBackup(i int) bool {
	mine, err1 := f.file.Stat()
	there, err2 := os.Stat(backup(f.path, i))
	return err1 == nil && err2 == nil && os.SameFile(mine, there)
}
