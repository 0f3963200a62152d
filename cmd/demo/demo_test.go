package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/tools/testkit"
)

// TestMain makes the test binary the demo where it is started as one.
func TestMain(m *testing.M) {
	if os.Getenv("DEMO") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// demo is a running demo.
type demo struct {
	*exec.Cmd
	log  *bufio.Scanner // its stderr
	pipe *os.File
}

func start(t *testing.T, args ...string) *demo {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	d := &demo{exec.Command(os.Args[0], args...), bufio.NewScanner(r), r}
	d.Env = append(os.Environ(), "DEMO=1", "GORACE=atexit_sleep_ms=0")
	d.Stderr = w
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() {
		if d.ProcessState == nil {
			d.Process.Kill()
			d.Wait()
		}
		r.Close()
	})
	return d
}

// await reads the log up to a line with this text, and returns the line.
func (d *demo) await(t *testing.T, text string) string {
	t.Helper()
	if err := d.pipe.SetReadDeadline(time.Now().Add(testkit.Patience)); err != nil {
		t.Fatal(err)
	}
	for d.log.Scan() {
		if strings.Contains(d.log.Text(), text) {
			return d.log.Text()
		}
	}
	t.Fatalf("it never said %q: %v", text, d.log.Err())
	return ""
}

func (d *demo) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := d.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// status waits for the end.
func (d *demo) status(t *testing.T) int {
	t.Helper()
	err := d.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return d.ProcessState.ExitCode()
}

// address of a worker, from its log.
func (d *demo) address(t *testing.T) string {
	t.Helper()
	_, address, _ := strings.Cut(d.await(t, "listens on"), "listens on ")
	return address
}

// ask returns the pid of the worker that answers on a new connection.
func ask(t *testing.T, address string) int {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: testkit.Patience}
	resp, err := client.Get("http://" + address + "/status.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		PID    int    `json:"pid"`
		Name   string `json:"name"`
		Served int    `json:"served"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if answer.Served < 1 {
		t.Errorf("it says that it has served %d requests", answer.Served)
	}
	return answer.PID
}

func TestWorkersShareAPort(t *testing.T) {
	t.Parallel()
	first := start(t, "web", "--listen", "127.0.0.1:0")
	address := first.address(t)
	second := start(t, "web", "--listen", address)
	if got := second.address(t); got != address {
		t.Fatalf("the second one listens on %s, want %s", got, address)
	}
	// The kernel chooses by the client's port; that it should choose the same
	// one for each of so many is as good as impossible.
	answered := make(map[int]bool)
	for n := 0; len(answered) < 2; n++ {
		if n == 500 {
			t.Fatalf("of two workers only %v answered", answered)
		}
		answered[ask(t, address)] = true
	}
	if !answered[first.Process.Pid] || !answered[second.Process.Pid] {
		t.Errorf("answers from %v, want %d and %d", answered, first.Process.Pid, second.Process.Pid)
	}
	first.signal(t, syscall.SIGTERM)
	if status := first.status(t); status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
	if pid := ask(t, address); pid != second.Process.Pid {
		t.Errorf("%d answered, but only %d is left", pid, second.Process.Pid)
	}
}

// watched is a listener that tells when it is closed.
type watched struct {
	net.Listener
	closed func()
}

func (w watched) Close() error {
	defer w.closed()
	return w.Listener.Close()
}

// TestWebFinishesItsRequests: what is under way when the worker is asked to end
// still gets its answer.
func TestWebFinishesItsRequests(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	asked, closed, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-closed
		io.WriteString(w, "as promised")
	})
	go func() { ended <- answer(ctx, watched{listener, sync.OnceFunc(func() { close(closed) })}, handler) }()
	go func() {
		<-asked
		end()
	}()
	resp, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "as promised" {
		t.Errorf("got %q, %v", body, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWorkerStops(t *testing.T) {
	t.Parallel()
	d := start(t, "worker", "--job", "1ms", "--crash-after", "0")
	d.await(t, "job 3 done")
	d.signal(t, syscall.SIGTERM)
	d.await(t, "stops after")
	if status := d.status(t); status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
}

func TestWorkerCrashes(t *testing.T) {
	t.Parallel()
	d := start(t, "worker", "--job", "1ms", "--crash-after", "1")
	d.await(t, "demo: job broke the worker")
	if status := d.status(t); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	if d.log.Scan() {
		t.Errorf("it went on: %q", d.log.Text())
	}
}

func TestWorkerCrashesNowAndThen(t *testing.T) {
	t.Parallel()
	d := start(t, "worker", "--job", "1ms", "--crash-after", "3")
	d.await(t, "job broke the worker") // sooner or later
	if status := d.status(t); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
}
