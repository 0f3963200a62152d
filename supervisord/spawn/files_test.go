package spawn_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/accounts"
)

// occupyFDs opens files until this process has one under each of the numbers, and returns
// all of them.
func occupyFDs(t *testing.T, numbers ...int) map[int]*os.File {
	t.Helper()
	open := make(map[int]*os.File)
	for range 64 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		open[int(f.Fd())] = f
	}
	for _, n := range numbers {
		if open[n] == nil {
			t.Skipf("SKIPPED: descriptor %d is already open", n)
		}
	}
	return open
}

func tempFile(t *testing.T, text string) *os.File {
	t.Helper()
	path := t.TempDir() + "/" + text
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// Further descriptors have the requested numbers in the child, whatever numbers they have in
// this process. Those in between are closed, and the child gets no others.
func TestExtraDescriptors(t *testing.T) {
	a, b := tempFile(t, "a"), tempFile(t, "b")
	for name, files := range map[string][]spawn.File{
		"from 3 on":      {{FD: 3, File: a}, {FD: 4, File: b}},
		"with a gap":     {{FD: 3, File: a}, {FD: 7, File: b}},
		"out of order":   {{FD: 9, File: b}, {FD: 4, File: a}},
		"crosswise":      {{FD: int(b.Fd()), File: a}, {FD: int(a.Fd()), File: b}},
		"in place":       {{FD: int(a.Fd()), File: a}, {FD: int(b.Fd()), File: b}},
		"one file twice": {{FD: 3, File: a}, {FD: 4, File: a}},
	} {
		for _, listenPID := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", name, listenPID), func(t *testing.T) {
				var script strings.Builder
				for _, f := range files {
					fmt.Fprintf(&script, "readlink /proc/$$/fd/%d; ", f.FD)
				}
				script.WriteString(`set -- /proc/$$/fd/*; echo $#`)
				c := spawnChild(t, func(s *spawn.Spec) {
					s.Path, s.Args = "/bin/bash", []string{"bash", "-c", script.String()}
					s.Files, s.ListenPID = files, listenPID
				})
				c.awaitExit(t)
				want := ""
				for _, f := range files {
					want += f.File.(*os.File).Name() + "\n"
				}
				want += strconv.Itoa(3+len(files)+1) + "\n" // the shell has opened one to list them
				if got := c.out.String(); got != want {
					t.Errorf("got %q, want %q; stderr %q", got, want, c.err)
				}
			})
		}
	}
}

func TestDaemonDescriptorsUnchanged(t *testing.T) {
	mine := occupyFDs(t, 20, 21)
	before, err := mine[20].Stat()
	if err != nil {
		t.Fatal(err)
	}
	f := tempFile(t, "f")
	c := spawnChild(t, func(s *spawn.Spec) {
		s.Files = []spawn.File{{FD: 20, File: f}, {FD: 21, File: f}}
	}, "fds")
	c.awaitExit(t)
	if want := fmt.Sprintf("[%[1]s %[1]s]\n", f.Name()); c.out.String() != want {
		t.Errorf("got %q, want %q", c.out, want)
	}
	after, err := mine[20].Stat()
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("descriptor 20 has changed: %v", err)
	}
}

func TestInvalidDescriptors(t *testing.T) {
	f := tempFile(t, "f")
	for _, files := range [][]spawn.File{
		{{FD: 2, File: f}},
		{{FD: 3, File: f}, {FD: 3, File: f}},
		{{FD: 1 << 20, File: f}},
	} {
		_, err := spawner.Spawn(&spawn.Spec{Path: "/bin/true", Args: []string{"true"}, Umask: -1,
			Stdout: newSink(), Files: files})
		if err == nil || !strings.Contains(err.Error(), "a child can't have") {
			t.Errorf("%v: %v", files, err)
		}
	}
}

// LISTEN_PID becomes the child's own pid. Its other attributes stay as specified.
func TestListenPID(t *testing.T) {
	c := spawnChild(t, func(s *spawn.Spec) {
		s.Path, s.Args = "/bin/sh", []string{"sh", "-c", `echo "$LISTEN_PID $$ $LISTEN_FDS $(umask) $(pwd)"; cat`}
		s.Env = []string{"LISTEN_PID=1", "LISTEN_FDS=1", "PATH=/bin:/usr/bin"}
		s.ListenPID, s.Umask, s.Dir = true, 0o027, "/"
	})
	want := fmt.Sprintf("%[1]d %[1]d 1 0027 /\n", c.Pid())
	c.out.await(t, "\n")
	if got := c.out.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := c.Write([]byte("received\n")); err != nil {
		t.Fatal(err)
	}
	c.out.await(t, "received")
	if err := c.Signal(syscall.SIGKILL, true); err != nil {
		t.Fatal(err)
	}
	c.awaitExit(t)
}

func TestListenPIDOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can have a child of another user")
	}
	nobody := accounts.CredentialsOf(65534)
	c := spawnChild(t, func(s *spawn.Spec) {
		s.Path, s.Args = "/bin/sh", []string{"sh", "-c", `echo "$LISTEN_PID $$ $(id -u)"`}
		s.Become, s.ListenPID = nobody, true
	})
	c.awaitExit(t)
	if want := fmt.Sprintf("%[1]d %[1]d 65534\n", c.Pid()); c.out.String() != want {
		t.Errorf("got %q, want %q; stderr %q", c.out, want, c.err)
	}
}
