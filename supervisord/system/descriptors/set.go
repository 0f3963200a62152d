package descriptors

import (
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sys/unix"
)

// Set is open descriptors by key. As JSON it is an object of their numbers. A nil Set is
// empty.
type Set map[string]int

// Put adds a descriptor, which belongs to the set from now on. A negative one is none.
func (s Set) Put(key string, fd int) {
	if fd >= 0 {
		s[key] = fd
	}
}

// Add adds a duplicate of a descriptor. It does not block.
func (s Set) Add(key string, fd int) error {
	another, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fmt.Errorf("duplicate a descriptor: %w", err)
	}
	s.Put(key, another)
	return nil
}

// Take returns the descriptor of that key, which belongs to the caller from now on, -1
// if there is none.
func (s Set) Take(key string) int {
	fd, ok := s[key]
	if !ok {
		return -1
	}
	delete(s, key)
	return fd
}

// Numbers returns all descriptors in ascending order.
func (s Set) Numbers() []int { return slices.Sorted(maps.Values(s)) }

// Close closes what was not taken.
func (s Set) Close() {
	for _, fd := range s {
		unix.Close(fd)
	}
	clear(s)
}
