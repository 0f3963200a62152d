package supervisord_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"

	"supervisor/supervisord"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/xmlrpc"
)

// countThreads counts the threads of a process.
func countThreads(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// maxThreads is what the daemon may have, and a few for the race detector.
const maxThreads = 16 + 4

func countDescriptors(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// client speaks to the site's daemon.
func (s *testDaemon) client() *xmlrpc.Client {
	s.t.Helper()
	c, err := xmlrpc.NewClient("unix://"+s.path("s.sock"), "", "")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

func TestThousandPrograms(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: looks into /proc")
	}
	const n = 1000
	s := newTestDaemon(t)
	s.configure(fmt.Sprintf("[program:p]\ncommand=/bin/sleep 600\nprocess_name=%%(program_name)s_%%(process_num)04d\nnumprocs=%d\n"+
		"redirect_stderr=true\nautostart=false\nstdout_logfile=NONE\n", n))
	s.start()
	s.await("the daemon", func() bool { return s.ctl("version") == supervisord.Version+"\n" })
	client := s.client()
	daemon := s.daemon.Process.Pid
	before := countDescriptors(t, daemon)

	for round := range 2 {
		var results []api.CallResult
		if err := client.Call(context.Background(), "supervisor.startAllProcesses", &results); err != nil {
			t.Fatal(err)
		}
		if len(results) != n {
			t.Fatalf("round %d: %d results", round, len(results))
		}
		var infos []api.ProcessInfo
		if err := client.Call(context.Background(), "supervisor.getAllProcessInfo", &infos); err != nil {
			t.Fatal(err)
		}
		for _, i := range infos {
			if i.StateName != "RUNNING" {
				t.Errorf("round %d: %s is %s: %s", round, i.Name, i.StateName, i.Description)
			}
		}
		if got := countThreads(t, daemon); got > maxThreads {
			t.Errorf("round %d: %d threads with %d programs", round, got, n)
		}
		if err := client.Call(context.Background(), "supervisor.stopAllProcesses", &results); err != nil {
			t.Fatal(err)
		}
	}
	if after := countDescriptors(t, daemon); after > before+2 {
		t.Errorf("%d descriptors after, %d before", after, before)
	}
	if left := s.processes(); len(left) > 0 {
		t.Errorf("%d processes left behind", len(left))
	}
}

func TestThousandStartsAndStops(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: looks into /proc")
	}
	t.Parallel()
	s := newTestDaemon(t)
	s.configure("[program:p]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\nstopsignal=KILL\n")
	s.start()
	s.await("the daemon", func() bool { return s.ctl("version") == supervisord.Version+"\n" })
	client := s.client()
	cycle := func(times int) {
		for range times {
			for _, method := range []string{"supervisor.startProcess", "supervisor.stopProcess"} {
				var ok bool
				if err := client.Call(context.Background(), method, &ok, "p"); err != nil {
					t.Fatalf("%s: %v", method, err)
				}
			}
		}
	}
	cycle(10)
	daemon := s.daemon.Process.Pid
	before := countDescriptors(t, daemon)
	cycle(1000)
	if after := countDescriptors(t, daemon); after > before {
		t.Errorf("%d descriptors after, %d before", after, before)
	}
	if got := countThreads(t, daemon); got > maxThreads {
		t.Errorf("%d threads", got)
	}
}
