package source

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"supervisor/supervisord/config/python"
)

// Snapshot keeps everything that a load has read: the texts of files and the answers
// of the host. Another load with the same snapshot has the same result, whatever has
// changed in between, also in another process, because a snapshot can be encoded as
// JSON. So several processes can load one configuration from the same texts, even
// from a pipe, which can be read only once.
//
// A new snapshot is empty. A load adds the answers that it lacks. Use NewSnapshot;
// a nil *Snapshot keeps nothing. All goroutines may use a snapshot.
type Snapshot struct {
	Texts    map[string]FileText // of files, by their paths
	Exists   map[string]bool     // files, by their paths
	Matches  map[string][][]byte // paths that match a pattern; []byte because they need not be UTF-8
	Dirs     map[string]bool
	Users    map[string]*Account // nil for none
	UserIDs  map[int]*Account
	Groups   map[string]*int
	GroupIDs map[int]bool

	readOnly bool       // answers are not added
	mu       sync.Mutex // guards the maps
}

// FileText is the result of reading a file.
type FileText struct {
	Data  []byte `json:",omitempty"`
	Error string `json:",omitempty"` // the system's words, "" for success
	// Once reports whether the file can't be read a second time, Descriptor whether
	// it can only as long as this process has a descriptor open.
	Once, Descriptor bool `json:",omitempty"`
}

// NewSnapshot returns an empty snapshot.
func NewSnapshot() *Snapshot {
	s := new(Snapshot)
	s.initMaps()
	return s
}

// initMaps makes the maps that are nil, for example after decoding.
func (s *Snapshot) initMaps() {
	initMap(&s.Texts)
	initMap(&s.Exists)
	initMap(&s.Matches)
	initMap(&s.Dirs)
	initMap(&s.Users)
	initMap(&s.UserIDs)
	initMap(&s.Groups)
	initMap(&s.GroupIDs)
}

func initMap[K comparable, V any](m *map[K]V) {
	if *m == nil {
		*m = make(map[K]V)
	}
}

// cached returns the answer for a key. If there is none, it calls find and keeps the
// answer. Find may block until another process writes to a FIFO.
func cached[K comparable, V any](s *Snapshot, m map[K]V, k K, find func() V) V {
	s.mu.Lock()
	v, ok := m[k]
	s.mu.Unlock()
	if ok {
		return v
	}
	v = find()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.readOnly {
		m[k] = v
	}
	return v
}

// OneTimeFiles returns the files that can't be read a second time, by a process that
// keeps its descriptors or, if it detaches, loses those it was started with. A daemon
// keeps only these: a load with the result reads all other files again, and adds
// nothing to it.
func (s *Snapshot) OneTimeFiles(detaches bool) *Snapshot {
	once := NewSnapshot()
	once.readOnly = true
	s.mu.Lock()
	defer s.mu.Unlock()
	for path, text := range s.Texts {
		if text.Error == "" && (text.Once || text.Descriptor && detaches) {
			once.Texts[path], once.Exists[path] = text, true
		}
	}
	return once
}

// Add adds the files of another snapshot, which may be nil, unless they are known.
func (s *Snapshot) Add(other *Snapshot) {
	if other == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.initMaps()
	for path, text := range other.Texts {
		if _, ok := s.Texts[path]; !ok {
			s.Texts[path], s.Exists[path] = text, true
		}
	}
}

// RereadError returns an error if the configuration can't be read again. The snapshot
// must be the result of OneTimeFiles, or nil.
func (s *Snapshot) RereadError() error {
	if s == nil || len(s.Texts) == 0 {
		return nil
	}
	return fmt.Errorf("the configuration can't be read again: %s gives its text only once; "+
		"restart supervisord with the new one", strings.Join(slices.Sorted(maps.Keys(s.Texts)), ", "))
}

// ReadText returns the text of a file. It may block while a FIFO has no writer. The
// error has only the system's words.
func (s *Snapshot) ReadText(path string) (string, error) {
	find := func() FileText { return readFile(path) }
	var text FileText
	if s == nil {
		text = find()
	} else {
		text = cached(s, s.Texts, path, find)
	}
	if text.Error != "" {
		return "", errors.New(text.Error)
	}
	return string(text.Data), nil
}

// HasFile reports whether there is a file.
func (s *Snapshot) HasFile(path string) bool {
	find := func() bool {
		_, err := os.Stat(path)
		return err == nil
	}
	if s == nil {
		return find()
	}
	return cached(s, s.Exists, path, find)
}

// Glob returns the paths that match a pattern.
func (s *Snapshot) Glob(pattern string) []string {
	if s == nil {
		return python.Glob(pattern)
	}
	found := cached(s, s.Matches, pattern, func() (list [][]byte) {
		for _, path := range python.Glob(pattern) {
			list = append(list, []byte(path))
		}
		return list
	})
	paths := make([]string, len(found))
	for i, path := range found {
		paths[i] = string(path)
	}
	return paths
}

// Host returns a host that answers from the snapshot, and asks h for the rest.
func (s *Snapshot) Host(h Host) Host {
	if s == nil {
		return h
	}
	s.initMaps()
	real := h
	h.IsDir = func(path string) bool {
		return cached(s, s.Dirs, path, func() bool { return real.IsDir(path) })
	}
	h.User = func(name string) (Account, bool) {
		return orNone(cached(s, s.Users, name, func() *Account { return orNil(real.User(name)) }))
	}
	h.UserID = func(uid int) (Account, bool) {
		return orNone(cached(s, s.UserIDs, uid, func() *Account { return orNil(real.UserID(uid)) }))
	}
	h.Group = func(name string) (int, bool) {
		return orNone(cached(s, s.Groups, name, func() *int { return orNil(real.Group(name)) }))
	}
	h.GroupID = func(gid int) bool {
		return cached(s, s.GroupIDs, gid, func() bool { return real.GroupID(gid) })
	}
	return h
}

func orNil[V any](v V, ok bool) *V {
	if !ok {
		return nil
	}
	return &v
}

func orNone[V any](v *V) (none V, ok bool) {
	if v == nil {
		return none, false
	}
	return *v, true
}
