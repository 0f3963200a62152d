package faults

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/tools/testkit/e2e"
)

// peakMemory is the largest resident size that the daemon has had, in bytes.
func peakMemory(d *e2e.Daemon) int {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.PID()))
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		d.T.Fatal(err)
	}
	return kb << 10
}

// TestDiskFull fills the disk under the log of a program. The program is not blocked,
// and the bytes that are lost are counted exactly.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	e2e.NeedNamespaces(t, "--mount")
	d := e2e.NewDaemon(t)
	d.Mkdir("small")
	d.Write("flood.sh", `n=0
line=012345678901234567890123456789012345678901234567890123456789012
while [ ! -e stop ]; do
	for i in 1 2 3 4 5 6 7 8 9 10; do echo $line; done
	n=$((n + 640))
	echo $n >> beat
done
echo $n > total
while [ ! -e again ]; do sleep 0.01; done
echo finished
exec sleep 600
`)
	d.Configure(fmt.Sprintf("[program:p]\ncommand=sh flood.sh\ndirectory=%[1]s\nstdout_logfile=%[1]s/small/p.log\n"+
		"stdout_logfile_maxbytes=0\nstartsecs=0\n", d.Dir))
	d.StartUnder("unshare", "--mount", "sh", "-ec",
		`mount -t tmpfs -o size=256k none "$0" && head -c 200k /dev/zero > "$0/ballast"; exec "$@"`, d.Path("small"))
	d.AwaitLog("cannot write log")
	d.AwaitGrowth("beat") // its pipe is still read
	d.Touch("stop")
	d.Await("the total", func() bool { return strings.HasSuffix(d.Read("total"), "\n") })
	if err := os.Remove(d.PathInNamespace("small/ballast")); err != nil {
		t.Fatal(err)
	}
	d.Touch("again")
	over := regexp.MustCompile(`can be written again, (\d+) bytes were lost`)
	d.Await("the disk has room again", func() bool { return over.MatchString(d.Log()) })
	lost, _ := strconv.Atoi(over.FindStringSubmatch(d.Log())[1])
	total, _ := strconv.Atoi(strings.TrimSpace(d.Read("total")))
	if lost == 0 {
		t.Error("nothing was lost on a full disk")
	}
	// What was in the pipe then is written to the log after that message.
	d.Await("every byte is written or counted", func() bool {
		return int(e2e.FileSize(d.PathInNamespace("small/p.log")))+lost == total+len("finished\n")
	})
	if n := strings.Count(d.Log(), "cannot write log"); n != 1 {
		t.Errorf("the outage was logged %d times", n)
	}
}

const tickingCommand = "sh -c 'while :; do echo tick; sleep 0.02; done'"

// TestLogDirectoryIsReplaced removes the directory of a log. The daemon keeps the file
// that it has open, and opens a new one when it is asked to reopen its logs.
func TestLogDirectoryIsReplaced(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Mkdir("logs")
	d.Configure(fmt.Sprintf("[program:p]\ncommand=%s\nstdout_logfile=%s/logs/p.log\nstartsecs=0\n", tickingCommand, d.Dir))
	d.Start()
	d.AwaitRunning("p")
	pid := d.ProgramPID("p")
	d.AwaitGrowth("logs/p.log")
	if err := os.RemoveAll(d.Path("logs")); err != nil {
		t.Fatal(err)
	}
	reopen := func(n int) {
		t.Helper()
		d.Signal(syscall.SIGUSR2)
		d.Await("the request", func() bool { return d.CountLogged("log reopen request") == n })
		d.Ctl("status")
	}
	reopen(1)
	d.Mkdir("logs")
	reopen(2)
	d.AwaitGrowth("logs/p.log")
	if d.ProgramPID("p") != pid {
		t.Error("the program was restarted")
	}
}

// TestNoDescriptorsLeft uses up the descriptors of the daemon. Starts fail and are
// retried, and work again when there are descriptors.
func TestNoDescriptorsLeft(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "prlimit")
	d := e2e.NewDaemon(t)
	d.Configure("[program:p]\ncommand=sleep 600\nprocess_name=p%(process_num)02d\nnumprocs=15\nautostart=false\n" +
		"startsecs=0\nstartretries=0\n[program:first]\ncommand=sleep 600\n")
	d.EditConfig("[supervisord]", "[supervisord]\nminfds=10")
	d.StartUnder("prlimit", "--nofile=50:50", "--")
	d.AwaitRunning("first")
	if out := d.Ctl("start", "p:*"); !strings.Contains(out, "p:p00: started") || !strings.Contains(out, "ERROR (spawn error)") {
		t.Errorf("start: %s", out)
	}
	if log := d.Log(); !strings.Contains(log, "spawnerr: too many open files to spawn 'p") {
		t.Error("the reason is missing in the log")
	}
	d.AwaitStatus("p:p14", "BACKOFF")
	var idle []net.Conn
	for range 60 {
		conn, err := net.Dial("unix", d.Path("s.sock"))
		if err != nil {
			break
		}
		idle = append(idle, conn)
	}
	for _, conn := range idle {
		conn.Close()
	}
	d.Ctl("stop", "p:*")
	d.ExpectCtl("start p:p14", "p:p14: started\n")
	d.AwaitRunning("first")
}

// TestIdleClientsLeaveDescriptors connects many TCP clients that send nothing. They
// leave descriptors for the unix socket and for programs.
func TestIdleClientsLeaveDescriptors(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "prlimit")
	d := e2e.NewDaemon(t)
	port := e2e.FreePort(t)
	d.Configure(fmt.Sprintf("[inet_http_server]\nport=127.0.0.1:%d\n[program:p]\ncommand=sleep 600\nautostart=false\nstartsecs=0\nstartretries=0\n", port))
	d.EditConfig("[supervisord]", "[supervisord]\nminfds=10")
	d.StartUnder("prlimit", "--nofile=64:64", "--")
	d.AwaitStatus("p", "STOPPED")
	for range 100 {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	d.ExpectCtl("start p", "p: started\n")
	if out := d.Ctl("status"); !strings.Contains(out, "RUNNING") {
		t.Errorf("status: %s", out)
	}
	if log := d.Log(); strings.Contains(log, "too many open files") {
		t.Error(log)
	}
}

// TestFIFOWithoutReader logs to a FIFO. A program is not blocked while the FIFO has no
// reader, and a reader that comes later gets its output.
func TestFIFOWithoutReader(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	if err := unix.Mkfifo(d.Path("fifo"), 0o666); err != nil {
		t.Fatal(err)
	}
	d.Configure(fmt.Sprintf("[program:p]\ncommand=sh -c 'while :; do echo tick; echo beat >> %[1]s/beat; sleep 0.02; done'\n"+
		"stdout_logfile=%[1]s/fifo\nstdout_logfile_maxbytes=0\n", d.Dir))
	d.Start()
	d.AwaitRunning("p")
	d.AwaitGrowth("beat")
	fifo, err := os.Open(d.Path("fifo"))
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	line := make([]byte, 5)
	if _, err := io.ReadFull(fifo, line); err != nil || string(line) != "tick\n" {
		t.Errorf("got %q, %v", line, err)
	}
	d.ExpectCtl("stop p", "p: stopped\n")
}

// TestVeryLongLine writes a line of 100 MB through ANSI stripping, capture and events.
// None of them keeps it in memory.
func TestVeryLongLine(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(fmt.Sprintf("[program:p]\ncommand=sh -c 'head -c 100000000 /dev/zero | tr \"\\\\0\" x; touch %[1]s/done; exec sleep 600'\n"+
		"stdout_logfile=%[1]s/p.log\nstdout_logfile_maxbytes=1MB\nstdout_logfile_backups=1\nautostart=false\n"+
		"stdout_capture_maxbytes=1MB\nstdout_events_enabled=true\n"+
		"[eventlistener:stuck]\ncommand=sleep 600\nevents=PROCESS_LOG\n", d.Dir))
	d.EditConfig("[supervisord]", "[supervisord]\nstrip_ansi=true")
	d.Start()
	d.AwaitRunning("stuck")
	before := peakMemory(d)
	d.Ctl("start", "p")
	d.AwaitFile("done")
	if grown := peakMemory(d) - before; grown > 64<<20 {
		t.Errorf("the memory of the daemon grew by %d MB", grown>>20)
	}
	if d.Ctl("tail", "-100", "p") == "" {
		t.Error("tail prints nothing")
	}
}

// TestThousandSlowClients connects a thousand clients that send nothing, begin a
// request, or close in the middle of one. Other clients are still answered.
func TestThousandSlowClients(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:p]\ncommand=sleep 600\n")
	d.EditConfig("[supervisord]", "[supervisord]\nminfds=4096")
	d.Start()
	d.AwaitRunning("p")
	const begun = "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<?xml"
	for i := range 1000 {
		conn, err := net.DialTimeout("unix", d.Path("s.sock"), e2e.Timeout)
		if err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		switch i % 4 {
		case 0: // sends nothing
			defer conn.Close()
		case 1: // sends a part of the header
			io.WriteString(conn, begun[:1+i%30])
			defer conn.Close()
		case 2: // sends a part of the body
			io.WriteString(conn, begun)
			defer conn.Close()
		case 3: // closes in the body
			io.WriteString(conn, begun)
			conn.Close()
		}
	}
	asked := time.Now()
	if out := d.Ctl("status", "p"); !strings.Contains(out, "RUNNING") {
		t.Errorf("status: %s", out)
	}
	t.Logf("supervisorctl status took %v", time.Since(asked))
}

// TestListenersThatNeverAnswer has one event listener that never gets ready and one that
// never answers its first event. Neither delays programs nor uses up memory.
func TestListenersThatNeverAnswer(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:p]\ncommand=sh -c 'yes | head -c 20000000; echo end; exec sleep 600'\nstdout_events_enabled=true\n" +
		"autostart=false\nstdout_logfile=" + d.Path("p.log") + "\n" +
		"[eventlistener:never]\ncommand=sleep 600\nevents=EVENT\n" +
		"[eventlistener:once]\ncommand=sh -c 'echo READY; exec sleep 600'\nevents=EVENT\n")
	d.Start()
	d.AwaitRunning("never", "once")
	before := peakMemory(d)
	d.Ctl("start", "p")
	d.Await("the end of the output", func() bool { return strings.HasSuffix(d.Read("p.log"), "end\n") })
	if grown := peakMemory(d) - before; grown > 64<<20 {
		t.Errorf("the memory of the daemon grew by %d MB", grown>>20)
	}
	if out := d.Ctl("stop", "all"); strings.Count(out, ": stopped") != 3 {
		t.Errorf("stop all: %s", out)
	}
}

// TestSuspendedProgramIsStopped stops a program that SIGSTOP has suspended: SIGTERM has
// no effect on it, SIGKILL has.
func TestSuspendedProgramIsStopped(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, "[program:p]\ncommand=sleep 600\nstopwaitsecs=1\nstartsecs=0\n", "p")
	pid := d.ProgramPID("p")
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	d.AwaitSuspended(pid)
	d.ExpectCtl("stop p", "p: stopped\n")
	d.ExpectNoProcesses()
}

// TestSuspendedDaemon suspends the daemon until its timers are due. A program that has
// exited meanwhile is not killed, one that has not gets SIGKILL once, and starts
// have succeeded.
func TestSuspendedDaemon(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(fmt.Sprintf(`[program:steady]
command=sleep 600
[program:begun]
command=sleep 600
autostart=false
startsecs=2
[program:obeys]
command=sh -c 'trap "while ! test -e %[1]s/may; do sleep 0.05; done; exit 0" TERM; touch %[1]s/obeys.trapped; while :; do sleep 0.05; done'
stopwaitsecs=5
[program:stubborn]
command=%[2]s
stopwaitsecs=5
`, d.Dir, d.IgnoreTERMCommand("stubborn")))
	d.Start()
	d.AwaitRunning("steady", "obeys", "stubborn")
	d.AwaitIgnoresTERM("obeys", "stubborn")
	steady, obeys := d.ProgramPID("steady"), d.ProgramPID("obeys")
	client := d.Client()
	asked := time.Now()
	for _, call := range [][]any{{"supervisor.startProcess", "begun", false}, {"supervisor.stopProcess", "obeys", false}, {"supervisor.stopProcess", "stubborn", false}} {
		var ok bool
		if err := client.Call(t.Context(), call[0].(string), &ok, call[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	d.Signal(syscall.SIGSTOP)
	d.AwaitSuspended(d.PID())
	d.Touch("may")
	d.Await("obeys has exited, and all timers are due", func() bool { return !e2e.Alive(obeys) && time.Since(asked) > 6*time.Second })
	d.Signal(syscall.SIGCONT)
	for name, state := range map[string]string{"steady": "RUNNING", "begun": "RUNNING", "obeys": "STOPPED", "stubborn": "STOPPED"} {
		d.AwaitStatus(name, state)
	}
	log := d.Log()
	for text, want := range map[string]int{"killing 'stubborn'": 1, "killing 'obeys'": 0, "stopped: obeys (exit status 0)": 1,
		"stopped: stubborn (terminated by SIGKILL)": 1, "spawned: 'begun'": 1} {
		if got := strings.Count(log, text); got != want {
			t.Errorf("%d times, want %d: %s", got, want, text)
		}
	}
	if d.ProgramPID("steady") != steady {
		t.Error("a program was restarted")
	}
}

// TestSignalStorm sends the daemon hundreds of signals to reload and to reopen logs, and
// SIGTERM in the middle of them.
func TestSignalStorm(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:p]\ncommand=sleep 600\nstartsecs=0\nstdout_logfile=" + d.Path("p.log") + "\n")
	d.Start()
	d.AwaitRunning("p")
	sendSignals := func() {
		for i := range 300 {
			d.Signal([]syscall.Signal{syscall.SIGHUP, syscall.SIGUSR2, syscall.SIGCHLD, syscall.SIGPIPE}[i%4])
			if i%30 == 0 {
				d.Ctl("status")
			}
		}
	}
	sendSignals()
	d.Await("the program runs, once", func() bool { return strings.Contains(d.Ctl("status", "p"), "RUNNING") && len(d.Processes()) == 1 })
	sendSignals()
	for range 5 {
		d.Signal(syscall.SIGTERM)
	}
	d.ExpectExit()
	d.ExpectNoProcesses()
}

// TestStdoutReaderGone closes the read end of the stdout of the daemon, to which a
// program logs, too.
func TestStdoutReaderGone(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(fmt.Sprintf("[program:p]\ncommand=sh -c 'while :; do echo tick; echo beat >> %s/beat; sleep 0.02; done'\n"+
		"stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n", d.Dir))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("supervisord", "-c", d.Path("supervisord.conf"))
	cmd.Stdout = w
	d.Launch(cmd)
	w.Close()
	text := make([]byte, 10)
	if _, err := io.ReadFull(r, text); err != nil {
		t.Fatal(err)
	}
	r.Close()
	d.AwaitRunning("p")
	d.AwaitGrowth("beat")
	d.ExpectCtl("restart p", "p: stopped\np: started\n")
}
