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

// scribe is one life.
type scribe struct {
	id     ID
	tally  *Tally
	every  time.Duration // between bursts
	lines  int           // in a burst
	stderr int           // each so many-th line goes to stderr, 0 for none
	deaf   bool          // goes on when told to end
	ending atomic.Bool
	ended  chan struct{}
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
	s := &scribe{id: ID{os.Getpid(), time.Now().UnixNano()}, ended: make(chan struct{})}
	flags := flag.NewFlagSet("scribe", flag.ExitOnError)
	dir := flags.String("tally", ".", "")
	flags.DurationVar(&s.every, "every", time.Second, "")
	flags.IntVar(&s.lines, "lines", 1, "")
	flags.IntVar(&s.stderr, "stderr", 0, "")
	width := flags.Int64("width", 0, "")
	life := flags.Duration("life", 0, "")
	status := flags.Int("exit", 0, "")
	flags.BoolVar(&s.deaf, "deaf", false, "")
	_ = flags.Parse(args) // it ends the program

	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	var err error
	if s.tally, err = create(*dir, s.id); err != nil {
		panic(err)
	}
	s.tally.Width = *width
	go s.write()
	var over <-chan time.Time
	if *life > 0 {
		over = time.After(*life/2 + rand.N(*life))
	}
	for {
		select {
		case <-told:
			s.tally.now(&s.tally.Told)
			if !s.deaf {
				s.end(0)
			}
		case <-over:
			s.end(*status)
		}
	}
}

// end lets a line that is being written be completed, unless nobody reads.
func (s *scribe) end(status int) {
	s.ending.Store(true)
	select {
	case <-s.ended:
	case <-time.After(3 * time.Second):
	}
	s.tally.now(&s.tally.Ended)
	os.Exit(status)
}

// write writes burst after burst. A first newline ends what a former life of
// this scribe may have left of a line.
func (s *scribe) write() {
	defer close(s.ended)
	for fd := 1; fd <= 2; fd++ {
		writeAll(fd, "\n")
	}
	for n := 0; ; {
		for range s.lines {
			if s.ending.Load() {
				return
			}
			n++
			stream := 0
			if s.stderr > 0 && n%s.stderr == 0 {
				stream = 1
			}
			s.line(stream)
		}
		for rest := s.every; rest > 0 && !s.ending.Load(); rest -= nap {
			time.Sleep(min(rest, nap))
		}
	}
}

// nap is how long the end is not looked for, so that a slow scribe ends soon.
const nap = 250 * time.Millisecond

func (s *scribe) line(stream int) {
	written := &s.tally.Written[stream]
	writeAll(1+stream, Line(s.id, stream, *written, s.tally.Width))
	atomic.AddInt64(written, 1)
	s.tally.now(&s.tally.Last)
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
