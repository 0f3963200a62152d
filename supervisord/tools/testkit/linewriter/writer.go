package linewriter

import (
	"flag"
	"math/rand/v2"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// writer is the running program.
type writer struct {
	id          ID
	stats       *Stats
	interval    time.Duration // between bursts
	burst       int           // in a burst
	stderrEvery int           // one line in so many goes to stderr, 0 for none
	ignoreTerm  bool          // ignores SIGTERM
	stopping    atomic.Bool
	done        chan struct{}
}

// Main writes lines until SIGTERM or the end of its lifetime.
//
//	-stats DIR      directory of the counts
//	-every TIME     pause between bursts
//	-lines N        lines in a burst
//	-stderr N       one line in N goes to stderr
//	-width N        pad lines by less than N bytes
//	-lifetime TIME  end after that time, give or take half of it
//	-exit N         exit status at the end of the lifetime
//	-ignore-term    ignore SIGTERM
func Main(args []string) {
	s := &writer{id: ID{os.Getpid(), time.Now().UnixNano()}, done: make(chan struct{})}
	flags := flag.NewFlagSet("linewriter", flag.ExitOnError)
	dir := flags.String("stats", ".", "")
	flags.DurationVar(&s.interval, "every", time.Second, "")
	flags.IntVar(&s.burst, "lines", 1, "")
	flags.IntVar(&s.stderrEvery, "stderr", 0, "")
	width := flags.Int64("width", 0, "")
	lifetime := flags.Duration("lifetime", 0, "")
	status := flags.Int("exit", 0, "")
	flags.BoolVar(&s.ignoreTerm, "ignore-term", false, "")
	_ = flags.Parse(args) // exits on errors

	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	var err error
	if s.stats, err = createStats(*dir, s.id); err != nil {
		panic(err)
	}
	s.stats.Width = *width
	go s.write()
	var expired <-chan time.Time
	if *lifetime > 0 {
		expired = time.After(*lifetime/2 + rand.N(*lifetime))
	}
	for {
		select {
		case <-term:
			s.stats.setNow(&s.stats.Signaled)
			if !s.ignoreTerm {
				s.exit(0)
			}
		case <-expired:
			s.exit(*status)
		}
	}
}

// exit ends the program after the present line, or at once if the pipe stays full.
func (s *writer) exit(status int) {
	s.stopping.Store(true)
	select {
	case <-s.done:
	case <-time.After(3 * time.Second):
	}
	s.stats.setNow(&s.stats.Exited)
	os.Exit(status)
}

// write writes burst after burst. It begins with a newline, which ends the partial line
// that an earlier run may have left.
func (s *writer) write() {
	defer close(s.done)
	for fd := 1; fd <= 2; fd++ {
		writeAll(fd, "\n")
	}
	for n := 0; ; {
		for range s.burst {
			if s.stopping.Load() {
				return
			}
			n++
			stream := 0
			if s.stderrEvery > 0 && n%s.stderrEvery == 0 {
				stream = 1
			}
			s.writeLine(stream)
		}
		for rest := s.interval; rest > 0 && !s.stopping.Load(); rest -= pollInterval {
			time.Sleep(min(rest, pollInterval))
		}
	}
}

// pollInterval is how often a pause checks whether the program has to end.
const pollInterval = 250 * time.Millisecond

func (s *writer) writeLine(stream int) {
	written := &s.stats.Written[stream]
	writeAll(1+stream, Line(s.id, stream, *written, s.stats.Width))
	atomic.AddInt64(written, 1)
	s.stats.setNow(&s.stats.LastWrite)
}

// writeAll does not use os.Stdout, whose lock may be held while a write blocks.
func writeAll(fd int, text string) {
	for data := []byte(text); len(data) > 0; {
		n, err := syscall.Write(fd, data)
		if err == syscall.EINTR || err == syscall.EAGAIN {
			continue
		}
		if err != nil {
			os.Exit(3)
		}
		data = data[n:]
	}
}
