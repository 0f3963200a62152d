package chaos

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// program is a section of the configuration, with several line writers.
type program struct {
	name     string
	numProcs int
	args     string // of linewriter
	redirect bool
	cleared  bool // its logs may be cleared, so its lines are not checked
	maxBytes int  // of a log
	backups  int
	extra    string

	revision int  // increased by each update that changes it
	removed  bool // not in the configuration
}

// workload is how often and how much a program writes.
type workload struct {
	weight      int
	args        string
	bytesPerSec int // at most
}

var workloads = []workload{
	{40, "-every 1s -width 60", 80},
	{30, "-every 100ms -width 80 -stderr 5", 900},
	{10, "-every 30ms -width 200 -stderr 2", 5000},
	{8, "-every 2s -lines 300 -width 60 -stderr 7", 11000},
	{5, "-every 1s -lines 3000 -width 60", 220000},              // a burst is more than a pipe holds
	{3, "-every 500ms -lines 30 -width 9000 -stderr 4", 300000}, // lines are longer than PIPE_BUF, so their writes are not atomic
	{8, "-every 200ms -width 60 -lifetime 6s -exit 1", 400},
	{8, "-every 200ms -width 60 -lifetime 15s -stderr 3", 400},
	{4, "-every 50ms -width 60 -ignore-term", 1200},
}

// round is how long one seed is used.
const round = time.Minute

// backups is how many backups of a log are kept: enough for a round.
const backups = 150

// newProgram makes a random program.
func newProgram(rnd *rand.Rand, index int) *program {
	total := 0
	for _, m := range workloads {
		total += m.weight
	}
	i, at := 0, rnd.IntN(total)
	for ; at >= workloads[i].weight; i++ {
		at -= workloads[i].weight
	}
	m := workloads[i]
	p := &program{
		name:     fmt.Sprintf("p%02d", index),
		numProcs: 1 + rnd.IntN(16),
		args:     m.args,
		redirect: rnd.IntN(3) == 0,
		cleared:  rnd.IntN(12) == 0,
		backups:  backups,
	}
	if m.bytesPerSec > 100000 {
		p.numProcs = 1 + p.numProcs/6
	}
	// The output of a round fills a third of the backups.
	p.maxBytes = max(m.bytesPerSec*int(2*round/time.Second)/(backups/3), 100)
	p.extra = fmt.Sprintf("startsecs=%d\nstartretries=1000\nstopwaitsecs=%d\nautorestart=true\nautostart=true\npriority=%d\n",
		rnd.IntN(2), 1+rnd.IntN(10), 900+rnd.IntN(5))
	return p
}

func (p *program) processName(n int) string { return fmt.Sprintf("%s_%02d", p.name, n) }

// namespec is the full name of a process.
func (p *program) namespec(n int) string { return p.name + ":" + p.processName(n) }

// makeDirs makes the directories of the counts.
func (p *program) makeDirs(s *instance) {
	for n := range p.numProcs {
		if err := os.MkdirAll(s.path("stats/"+p.processName(n)), 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (p *program) section(s *instance) string {
	var b strings.Builder
	name := "%(program_name)s_%(process_num)02d"
	fmt.Fprintf(&b, "[program:%s]\ncommand=%s -stats %s %s\n", p.name, filepath.Join(binDir, "linewriter"), s.path("stats/"+name), p.args)
	fmt.Fprintf(&b, "process_name=%s\nnumprocs=%d\nredirect_stderr=%t\n", name, p.numProcs, p.redirect)
	fmt.Fprintf(&b, "environment=REVISION=\"%d\"\n%s", p.revision, p.extra)
	for channel, suffix := range map[string]string{"stdout": ".out", "stderr": ".err"} {
		if p.redirect && channel == "stderr" {
			continue
		}
		fmt.Fprintf(&b, "%[1]s_logfile=%[2]s\n%[1]s_logfile_maxbytes=%[3]d\n%[1]s_logfile_backups=%[4]d\n",
			channel, s.path("logs/"+name+suffix), p.maxBytes, p.backups)
	}
	return b.String()
}
