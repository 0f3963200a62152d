package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"supervisor/supervisord/python"
)

// Files is what has been read of the files of a configuration. What it knows is not
// read again, so that several processes can load one configuration from the same
// texts, also where the texts come from a pipe, which gives them only once. It can
// be written as JSON.
//
// The zero value knows nothing and notes all that is read. Its methods may be
// called from anywhere.
type Files struct {
	Texts   map[string]FileText `json:",omitempty"` // by path
	Found   map[string]bool     `json:",omitempty"` // whether a path exists
	Matches map[string][]string `json:",omitempty"` // the paths that match a pattern

	fixed bool       // nothing is noted any more
	mu    sync.Mutex // guards the maps
}

// FileText is the text of one file, or why there is none.
type FileText struct {
	Text []byte `json:",omitempty"`
	Err  string `json:",omitempty"`
	// Once tells that it can't be read a second time, Descriptor that it can only
	// as long as this process has a descriptor open.
	Once, Descriptor bool `json:",omitempty"`
}

// ReadOnce returns what can't be read a second time by a process that keeps its
// descriptors, or detaches from those it was started with. That is all that a daemon
// keeps of its files; every other file is read anew when a configuration is loaded
// with the result.
func (f *Files) ReadOnce(detaches bool) *Files {
	kept := &Files{fixed: true, Texts: make(map[string]FileText), Found: make(map[string]bool)}
	f.mu.Lock()
	defer f.mu.Unlock()
	for path, text := range f.Texts {
		if text.Err == "" && (text.Once || text.Descriptor && detaches) {
			kept.Texts[path], kept.Found[path] = text, true
		}
	}
	return kept
}

// RereadError tells that a configuration can't be read again. The error is nil if
// it can; f must be the result of ReadOnce.
func (f *Files) RereadError() error {
	if f == nil || len(f.Texts) == 0 {
		return nil
	}
	return fmt.Errorf("the configuration can't be read again: %s gives its text only once; "+
		"restart supervisord with the new one", strings.Join(slices.Sorted(maps.Keys(f.Texts)), ", "))
}

// exists reports whether there is a file.
func (f *Files) exists(path string) bool {
	return known(f, func() *map[string]bool { return &f.Found }, path, func() bool {
		_, err := os.Stat(path)
		return err == nil
	})
}

// read returns the text of a file. The error has the system's words alone.
func (f *Files) read(path string) (string, error) {
	text := known(f, func() *map[string]FileText { return &f.Texts }, path, func() FileText { return readFile(path) })
	if text.Err != "" {
		return "", errors.New(text.Err)
	}
	return string(text.Text), nil
}

// glob returns the paths that match a pattern.
func (f *Files) glob(pattern string) []string {
	return known(f, func() *map[string][]string { return &f.Matches }, pattern, func() []string { return python.Glob(pattern) })
}

// known returns what a table of f says under a key. What it doesn't know it looks
// up, and notes. To look up may block, as long as nobody writes to a FIFO.
func known[V any](f *Files, table func() *map[string]V, key string, lookUp func() V) V {
	if f == nil {
		return lookUp()
	}
	f.mu.Lock()
	value, ok := (*table())[key]
	f.mu.Unlock()
	if ok {
		return value
	}
	value = lookUp()
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := table(); !f.fixed {
		if *t == nil {
			*t = make(map[string]V)
		}
		(*t)[key] = value
	}
	return value
}

func readFile(path string) FileText {
	text := FileText{Descriptor: isDescriptor(path)}
	var mode fs.FileMode
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode()
	}
	data, err := os.ReadFile(path)
	if err != nil {
		text.Err = errors.Unwrap(err).Error()
		return text
	}
	text.Text = data
	// /dev/null gives the same each time.
	text.Once = mode&(fs.ModeNamedPipe|fs.ModeSocket) != 0 || mode&fs.ModeCharDevice != 0 && len(data) > 0
	return text
}

// isDescriptor reports whether a path stands for something that this process has
// open. A daemon that has detached has it no more, and neither has another process.
func isDescriptor(path string) bool {
	const most = 16 // links that may follow each other
	for range most {
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
