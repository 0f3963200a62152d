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

// TestMain lets the test binary run as the demo if DEMO is set.
func TestMain(m *testing.M) {
	if os.Getenv("DEMO") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// demoProcess is a running demo.
type demoProcess struct {
	*exec.Cmd
	log  *bufio.Scanner // its stderr
	pipe *os.File
}

func start(t *testing.T, args ...string) *demoProcess {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	d := &demoProcess{exec.Command(os.Args[0], args...), bufio.NewScanner(r), r}
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
func (d *demoProcess) await(t *testing.T, text string) string {
	t.Helper()
	if err := d.pipe.SetReadDeadline(time.Now().Add(testkit.Timeout)); err != nil {
		t.Fatal(err)
	}
	for d.log.Scan() {
		if strings.Contains(d.log.Text(), text) {
			return d.log.Text()
		}
	}
	t.Fatalf("the log never has %q: %v", text, d.log.Err())
	return ""
}

func (d *demoProcess) signal(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := d.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// exitStatus waits for the demo to end.
func (d *demoProcess) exitStatus(t *testing.T) int {
	t.Helper()
	err := d.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return d.ProcessState.ExitCode()
}

// address returns the address of a worker, from its log.
func (d *demoProcess) address(t *testing.T) string {
	t.Helper()
	_, address, _ := strings.Cut(d.await(t, "listens on"), "listens on ")
	return address
}

// fetchPID returns the pid of the worker that answers on a new connection.
func fetchPID(t *testing.T, address string) int {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: testkit.Timeout}
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
		t.Errorf("served is %d", answer.Served)
	}
	return answer.PID
}

func TestWorkersShareAPort(t *testing.T) {
	t.Parallel()
	first := start(t, "web", "--listen", "127.0.0.1:0")
	address := first.address(t)
	second := start(t, "web", "--listen", address)
	if got := second.address(t); got != address {
		t.Fatalf("the second worker listens on %s, want %s", got, address)
	}
	// The kernel chooses by the client's port. It is almost impossible that it chooses
	// the same worker every time.
	answered := make(map[int]bool)
	for n := 0; len(answered) < 2; n++ {
		if n == 500 {
			t.Fatalf("only %v of two workers answered", answered)
		}
		answered[fetchPID(t, address)] = true
	}
	if !answered[first.Process.Pid] || !answered[second.Process.Pid] {
		t.Errorf("answers from %v, want %d and %d", answered, first.Process.Pid, second.Process.Pid)
	}
	first.signal(t, syscall.SIGTERM)
	if status := first.exitStatus(t); status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
	if pid := fetchPID(t, address); pid != second.Process.Pid {
		t.Errorf("%d answered, but only %d is left", pid, second.Process.Pid)
	}
}

// closeNotifier is a listener that calls a function when it is closed.
type closeNotifier struct {
	net.Listener
	closed func()
}

func (l closeNotifier) Close() error {
	defer l.closed()
	return l.Listener.Close()
}

// TestWebFinishesItsRequests: a request is still answered if the worker is asked to end
// during it.
func TestWebFinishesItsRequests(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	requested, closed, serveErr := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(requested)
		<-closed
		io.WriteString(w, "as promised")
	})
	go func() {
		serveErr <- serveListener(ctx, closeNotifier{listener, sync.OnceFunc(func() { close(closed) })}, handler)
	}()
	go func() {
		<-requested
		cancel()
	}()
	resp, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "as promised" {
		t.Errorf("got %q, %v", body, err)
	}
	if err := <-serveErr; err != nil {
		t.Error(err)
	}
}

func TestWorkerStops(t *testing.T) {
	t.Parallel()
	d := start(t, "worker", "--job", "1ms", "--crash-after", "0")
	d.await(t, "job 3 done")
	d.signal(t, syscall.SIGTERM)
	d.await(t, "stops after")
	if status := d.exitStatus(t); status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
}

func TestWorkerCrashes(t *testing.T) {
	t.Parallel()
	d := start(t, "worker", "--job", "1ms", "--crash-after", "1")
	d.await(t, "demo: job broke the worker")
	if status := d.exitStatus(t); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
	if d.log.Scan() {
		t.Errorf("the worker went on: %q", d.log.Text())
	}
}

func TestWorkerCrashesAtRandom(t *testing.T) {
	t.Parallel()
	d := start(t, "worker", "--job", "1ms", "--crash-after", "3")
	d.await(t, "job broke the worker")
	if status := d.exitStatus(t); status != 1 {
		t.Errorf("exit status %d, want 1", status)
	}
}
