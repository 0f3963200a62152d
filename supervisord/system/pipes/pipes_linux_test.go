package pipes

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// newPipe returns the two ends of a pipe that does not block.
func newPipe(t *testing.T) (r, w int) {
	t.Helper()
	var fds [2]int
	if err := Make(fds[:], unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		unix.Close(fds[0])
		unix.Close(fds[1])
	})
	return fds[0], fds[1]
}

func TestMake(t *testing.T) {
	t.Parallel()
	r, w := newPipe(t)
	for _, fd := range []int{r, w} {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); flags != unix.FD_CLOEXEC || err != nil {
			t.Errorf("descriptor flags %#x, %v", flags, err)
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); flags&unix.O_NONBLOCK == 0 || err != nil {
			t.Errorf("status flags %#x, %v", flags, err)
		}
	}
	if Inode(r) == 0 || Inode(r) != Inode(w) {
		t.Errorf("inodes %d and %d", Inode(r), Inode(w))
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if got := Inode(int(null.Fd())); got != 0 {
		t.Errorf("a device has the pipe inode %d", got)
	}
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	r, w := newPipe(t)
	SetCapacity(r, 2*DefaultCapacity)
	if got := Capacity(w); got != 2*DefaultCapacity && got != DefaultCapacity { // users have a limit
		t.Errorf("%d bytes", got)
	}
}

// A descriptor from OpenReadWrite keeps the pipe open for reading and for writing.
func TestOpenReadWrite(t *testing.T) {
	t.Parallel()
	r, w := newPipe(t)
	fd := OpenReadWrite(w)
	if fd < 0 {
		t.Skip("SKIPPED: /proc is not mounted")
	}
	defer unix.Close(fd)
	if Inode(fd) != Inode(w) {
		t.Errorf("inode %d, want %d", Inode(fd), Inode(w))
	}
	if _, err := unix.Write(w, []byte("x")); err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 2)
	if n, err := unix.Read(fd, data); n != 1 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if _, err := unix.Write(fd, []byte("y")); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Read(r, data); n != 1 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}
