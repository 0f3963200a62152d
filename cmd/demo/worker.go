package main

import (
	"context"
	"errors"
	"log"
	"math/rand/v2"
	"os/signal"
	"syscall"
	"time"
)

const defaultJob = 3 * time.Second

// work does one job after the other until it crashes or is asked to end.
func work(ctx context.Context, job time.Duration, crashAfter int) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	next := time.NewTicker(job)
	defer next.Stop()
	for n := 1; ; n++ {
		select {
		case <-next.C:
		case <-ctx.Done():
			log.Printf("stops after %d jobs", n-1)
			return nil
		}
		if crashAfter > 0 && rand.IntN(crashAfter) == 0 {
			return errors.New("job broke the worker")
		}
		log.Printf("job %d done", n)
	}
}
