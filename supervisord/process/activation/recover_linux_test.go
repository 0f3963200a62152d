package activation

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) {
	spawn.RunExecutor()
	os.Exit(testkit.BuildPrograms(m, testkit.ChildPackage).Run())
}

// startChildWithSockets starts a child that has the sockets as descriptors from 3 on, and
// waits.
func startChildWithSockets(t *testing.T, one []spawn.File, shift int) int {
	t.Helper()
	argv := testkit.Command("say", "here", "wait")
	cmd := exec.Command(argv[0], argv[1:]...)
	for range shift {
		cmd.ExtraFiles = append(cmd.ExtraFiles, nil)
	}
	for _, f := range one {
		fd, err := duplicate(int(f.File.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		file := os.NewFile(uintptr(fd), "socket")
		defer file.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, file)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// TestRecover: the sockets of a child are found, whatever their numbers, and clients that
// wait to be accepted still do.
func TestRecover(t *testing.T) {
	t.Parallel()
	for _, shift := range []int{0, 5} {
		w, a, b, c := newTestSet(t), unixSocket(t, "a"), tcpSocket("b"), unixSocket(t, "c")
		provision, err := w.Provider(testProgram(a, b)).Provide()
		if err != nil {
			t.Fatal(err)
		}
		before := []uint64{inode(t, provision.Files[0].File.Fd()), inode(t, provision.Files[1].File.Fd())}
		pid := startChildWithSockets(t, provision.Files, shift)
		provision.Release()
		waiting, err := net.Dial("unix", a.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer waiting.Close()
		w.handedOver = true // as after a crash: nothing is removed
		w.Close()

		next := newTestSet(t)
		next.Recover([]*config.ListenSocket{a, b, c}, pid)
		next.Recover([]*config.ListenSocket{a, b, c}, pid) // all are open already
		files := next.provide(t, testProgram(a, b)).Files
		for i, f := range files {
			if inode(t, f.File.Fd()) != before[i] {
				t.Errorf("shifted by %d: socket %d is another one", shift, i)
			}
		}
		conn, _, err := unix.Accept(int(files[0].File.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(conn)
		if got := next.Describe(c); got.State != "closed" {
			t.Errorf("a socket that the child does not have is %+v", got)
		}
		next.Close()
		if _, err := os.Lstat(a.Path); err == nil {
			t.Error("the file of a recovered socket stays")
		}
	}
}

// TestRecoverIgnoresOtherAddress: a socket whose section has another address now is left
// to the child.
func TestRecoverIgnoresOtherAddress(t *testing.T) {
	t.Parallel()
	w, a := newTestSet(t), unixSocket(t, "a")
	provision, err := w.Provider(testProgram(a)).Provide()
	if err != nil {
		t.Fatal(err)
	}
	pid := startChildWithSockets(t, provision.Files, 0)
	provision.Release()
	moved := unixSocket(t, "a")
	next := newTestSet(t)
	next.Recover([]*config.ListenSocket{moved}, pid)
	if got := next.Describe(moved); got.State != "closed" {
		t.Errorf("it is %+v", got)
	}
	next.Recover([]*config.ListenSocket{moved}, 1<<22+1) // no such process
}
