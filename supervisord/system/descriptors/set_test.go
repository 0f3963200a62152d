package descriptors_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/descriptors"
)

func isOpen(fd int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil
}

// TestSet is not parallel: a number that is closed must not be used again by a test
// beside it.
func TestSet(t *testing.T) {
	s := descriptors.Set{}
	if err := s.Add("a", int(os.Stdin.Fd())); err != nil {
		t.Fatal(err)
	}
	if err := s.Add("b", int(os.Stdin.Fd())); err != nil {
		t.Fatal(err)
	}
	s.Put("none", -1)
	numbers := s.Numbers()
	if len(numbers) != 2 || slices.ContainsFunc(numbers, func(fd int) bool { return !isOpen(fd) }) {
		t.Fatalf("the descriptors are %v", numbers)
	}
	if flags, err := unix.FcntlInt(uintptr(numbers[0]), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("%d is inherited by children (%v)", numbers[0], err)
	}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var next descriptors.Set
	if err := json.Unmarshal(data, &next); err != nil {
		t.Fatal(err)
	}
	a := next.Take("a")
	if again, none := next.Take("a"), next.Take("c"); again != -1 || none != -1 {
		t.Errorf("taken twice: %d, without a key: %d", again, none)
	}
	next.Close()
	for _, fd := range numbers {
		if isOpen(fd) != (fd == a) {
			t.Errorf("%d is open: %t; a is %d", fd, isOpen(fd), a)
		}
	}
	unix.Close(a)
	if err := next.Add("d", a); err == nil {
		t.Error("a closed descriptor was added")
	}
	if fd := descriptors.Set(nil).Take("a"); fd != -1 {
		t.Errorf("a nil set has %d", fd)
	}
}
