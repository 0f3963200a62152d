package logs

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// fullDisk stands between a File and the system, and can be full.
type fullDisk struct {
	isFull bool
	room   int           // bytes that still fit although it is full
	errno  syscall.Errno // ENOSPC for 0
}

func (d *fullDisk) write(file *os.File, p []byte) (int, error) {
	if !d.isFull {
		return file.Write(p)
	}
	n, err := file.Write(p[:min(d.room, len(p))])
	d.room -= n
	if err == nil && n < len(p) {
		errno := d.errno
		if errno == 0 {
			errno = syscall.ENOSPC
		}
		err = &os.PathError{Op: "write", Path: file.Name(), Err: errno}
	}
	return n, err
}

func TestOutageReports(t *testing.T) {
	t.Parallel()
	const path = "/x.log"
	synctest.Test(t, func(t *testing.T) {
		var o outage
		expect := func(what string, err error, lost int64) {
			t.Helper()
			var got *OutageError
			switch {
			case what == "nothing" && err == nil:
				return
			case !errors.As(err, &got):
				t.Fatalf("%v, want %s", err, what)
			case what == "beginning" && !errors.Is(err, syscall.ENOSPC):
				t.Errorf("%v is not the beginning", err)
			case what == "end" && (got.Err != nil || got.Lost != lost):
				t.Errorf("%v is not the end with %d bytes lost", err, lost)
			}
		}
		fail := func(n int) error { return o.record(path, n, syscall.ENOSPC) }
		succeed := func() error { return o.record(path, 0, nil) }

		expect("nothing", succeed(), 0)
		expect("beginning", fail(10), 0)
		expect("nothing", fail(10), 0)
		expect("end", succeed(), 20)
		expect("nothing", succeed(), 0)

		// An almost full disk is not reported again and again, but its losses are counted.
		for range 100 {
			expect("nothing", fail(1), 0)
			expect("nothing", succeed(), 0)
		}
		time.Sleep(quietTime)
		expect("end", succeed(), 100)
		expect("beginning", fail(5), 0)
		time.Sleep(time.Hour)
		expect("nothing", fail(5), 0)
		expect("end", succeed(), 10)
	})
}

func TestOutageText(t *testing.T) {
	t.Parallel()
	begin := &OutageError{Path: "/x", Err: syscall.ENOSPC}
	if got, want := begin.Error(), "cannot write log /x: no space left on device; output is dropped until it can be written again"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	end := &OutageError{Path: "/x", Lost: 7}
	if got, want := end.Error(), "log /x can be written again, 7 bytes were lost"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
