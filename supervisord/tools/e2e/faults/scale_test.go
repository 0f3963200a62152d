package faults

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"

	"supervisor/supervisord/api"
	"supervisor/supervisord/tools/testkit/e2e"
)

func countDescriptors(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestThousandPrograms(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: looks into /proc")
	}
	const n = 1000
	d := e2e.NewDaemon(t)
	d.Configure(fmt.Sprintf("[program:p]\ncommand=/bin/sleep 600\nprocess_name=%%(program_name)s_%%(process_num)04d\nnumprocs=%d\n"+
		"redirect_stderr=true\nautostart=false\nstdout_logfile=NONE\n", n))
	d.Start()
	d.AwaitAPI()
	client := d.Client()
	daemon := d.Cmd.Process.Pid
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
		if got := e2e.CountThreads(t, daemon); got > e2e.MaxThreads {
			t.Errorf("round %d: %d threads with %d programs", round, got, n)
		}
		if err := client.Call(context.Background(), "supervisor.stopAllProcesses", &results); err != nil {
			t.Fatal(err)
		}
	}
	if after := countDescriptors(t, daemon); after > before+2 {
		t.Errorf("%d descriptors after, %d before", after, before)
	}
	d.ExpectNoProcesses()
}

func TestThousandStartsAndStops(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: looks into /proc")
	}
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:p]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\nstopsignal=KILL\n")
	d.Start()
	d.AwaitAPI()
	client := d.Client()
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
	daemon := d.Cmd.Process.Pid
	before := countDescriptors(t, daemon)
	cycle(1000)
	if after := countDescriptors(t, daemon); after > before {
		t.Errorf("%d descriptors after, %d before", after, before)
	}
	if got := e2e.CountThreads(t, daemon); got > e2e.MaxThreads {
		t.Errorf("%d threads", got)
	}
}
