package supervisor_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/supervisor"
)

// idleSupervisor returns a supervisor of n programs that have not been started.
func idleSupervisor(b *testing.B, n int) *supervisor.Supervisor {
	conf := new(config.Config)
	for i := range n {
		name := fmt.Sprintf("p%04d", i)
		conf.Groups = append(conf.Groups, &config.Group{
			Name: name, Processes: []*config.Process{{Name: name, Group: name, Program: name}}})
	}
	s := supervisor.New(supervisor.Options{Config: conf, Events: new(events.Bus), Log: slog.New(slog.DiscardHandler)})
	if err := s.Activate(b.Context()); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	b.Cleanup(cancel)
	cancel()
	s.Run(ctx) // ends the goroutines of the processes
	return s
}

// BenchmarkInfo reports on one process among many; it must not matter how many there are.
func BenchmarkInfo(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("of=%d", n), func(b *testing.B) {
			s := idleSupervisor(b, n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Info("p0005"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkInfos reports on a thousand processes.
func BenchmarkInfos(b *testing.B) {
	s := idleSupervisor(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if len(s.Infos()) != 1000 {
			b.Fatal("some are missing")
		}
	}
}
