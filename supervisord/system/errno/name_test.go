package errno

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

func TestName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want string
	}{
		{syscall.ENOENT, "ENOENT"},
		{&os.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, "EACCES"},
		{syscall.Errno(9999), syscall.Errno(9999).Error()},
		{errors.New("another error"), "another error"},
	} {
		if got := Name(tt.err); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.err, got, tt.want)
		}
	}
}
