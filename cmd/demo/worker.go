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

const defaultJobTime = 3 * time.Second

// runWorker does one job after the other until it crashes or is asked to end.
func runWorker(ctx context.Context, job time.Duration, crashAfter int) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ticker := time.NewTicker(job)
	defer ticker.Stop()
	for n := 1; ; n++ {
		select {
		case <-ticker.C:
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
