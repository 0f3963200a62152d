package scribe

import (
	"flag"
	"math/rand/v2"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// writer is one life.
type writer struct {
	id          ID
	stats       *Stats
	interval    time.Duration // between bursts
	burst       int           // in a burst
	stderrEvery int           // each so many-th line goes to stderr, 0 for none
	ignoreTerm  bool          // goes on when told to end
	stopping    atomic.Bool
	done        chan struct{}
}

// Main writes until it is told to end, or until its life is over.
//
//	-tally DIR      where to count
//	-every TIME     pause between bursts
//	-lines N        lines in a burst
//	-stderr N       each N-th line goes to stderr
//	-width N        lines are up to so many bytes longer than they need be
//	-life TIME      end after that time, more or less
//	-exit N         with this status
//	-deaf           do not end at SIGTERM
func Main(args []string) {
	s := &writer{id: ID{os.Getpid(), time.Now().UnixNano()}, done: make(chan struct{})}
	flags := flag.NewFlagSet("scribe", flag.ExitOnError)
	dir := flags.String("tally", ".", "")
	flags.DurationVar(&s.interval, "every", time.Second, "")
	flags.IntVar(&s.burst, "lines", 1, "")
	flags.IntVar(&s.stderrEvery, "stderr", 0, "")
	width := flags.Int64("width", 0, "")
	lifetime := flags.Duration("life", 0, "")
	status := flags.Int("exit", 0, "")
	flags.BoolVar(&s.ignoreTerm, "deaf", false, "")
	_ = flags.Parse(args) // it ends the program

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

// exit lets a line that is being written be completed, unless nobody reads.
func (s *writer) exit(status int) {
	s.stopping.Store(true)
	select {
	case <-s.done:
	case <-time.After(3 * time.Second):
	}
	s.stats.setNow(&s.stats.Exited)
	os.Exit(status)
}

// write writes burst after burst. A first newline ends what a former life of
// this scribe may have left of a line.
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

// pollInterval is how long the end is not looked for, so that a slow scribe ends soon.
const pollInterval = 250 * time.Millisecond

func (s *writer) writeLine(stream int) {
	written := &s.stats.Written[stream]
	writeAll(1+stream, Line(s.id, stream, *written, s.stats.Width))
	atomic.AddInt64(written, 1)
	s.stats.setNow(&s.stats.LastWrite)
}

// writeAll goes past os.Stdout, whose lock a signal handler could not take.
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
