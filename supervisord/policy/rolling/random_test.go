package rolling_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
)

// TestRandomOperations mixes operations, clients, exits and edits of the file at random,
// with children that fail now and then. There is never more than one child of a name
// (Spawn checks that). Each operation ends, none leaves a surplus, and in the end there
// are as many processes as requested; those that were not touched are the same.
// SUPERVISOR_SIMULATION_SEED repeats a seed.
func TestRandomOperations(t *testing.T) {
	first, runs := rand.Uint64()>>32, uint64(30)
	if text := os.Getenv("SUPERVISOR_SIMULATION_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, runs = n, 1
	}
	for seed := first; seed < first+runs; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			withDaemon(t, randomFile(4, "good"), func(w *testDaemon) { w.runRandomly(rand.New(rand.NewPCG(seed, 0))) })
		})
	}
}

func randomFile(n int, command string) string {
	return strings.NewReplacer("numprocs=4", fmt.Sprintf("numprocs=%d\nstopwaitsecs=3\nstartretries=1", n), "good", command).Replace(webByProcess)
}

// runRandomly does random things, waits until all is quiet, and checks.
func (w *testDaemon) runRandomly(rnd *rand.Rand) {
	var command string
	numprocs, scaled := 4, 0
	var pending sync.WaitGroup
	follow := func(id string, err error) {
		if err != nil {
			return // an error
		}
		pending.Go(func() {
			for next, ended := 0, false; !ended; {
				op, err := w.operations.Follow(w.t.Context(), id, next)
				if err != nil {
					return // too many operations have ended since
				}
				next, ended = op.Next, op.Ended
			}
		})
	}
	rest := func() {
		w.setFailing()
		pending.Wait()
		advance(time.Minute)
	}
	name := func() string { return fmt.Sprintf("web:web_%d", rnd.IntN(8)) }
	for range 60 {
		switch rnd.IntN(10) {
		case 0, 1:
			advance(time.Duration(rnd.IntN(5000)) * time.Millisecond)
		case 2:
			follow(w.operations.Restart([]string{"web:*"}, opts("batch", strconv.Itoa(1+rnd.IntN(3)), "surge", strconv.Itoa(rnd.IntN(3)),
				"abort", strconv.FormatBool(rnd.IntN(2) == 0), "timeout", strconv.Itoa(1+rnd.IntN(20)))))
		case 3:
			follow(w.operations.Scale("web", strconv.Itoa(rnd.IntN(8))))
		case 4:
			numprocs, command = 1+rnd.IntN(6), []string{"good", "better", "best"}[rnd.IntN(3)]
			w.edit(randomFile(numprocs, command))
		case 5:
			follow(w.operations.Update("web", rnd.IntN(2) == 0, nil))
		case 6:
			_, _ = w.StartProcess(w.t.Context(), name(), supervisor.Call{})
		case 7:
			_, _ = w.StopProcess(w.t.Context(), name(), supervisor.Call{Wait: rnd.IntN(2) == 0})
		case 8:
			w.setFailing(fmt.Sprintf("web_%d", rnd.IntN(8)))
		case 9:
			w.mu.Lock()
			c := w.children[fmt.Sprintf("web_%d", rnd.IntN(8))]
			w.stopDelay[fmt.Sprintf("web_%d", rnd.IntN(8))] = time.Duration(rnd.IntN(5)) * time.Second
			w.mu.Unlock()
			if c != nil {
				c.exit(spawn.Exit{Code: rnd.IntN(2)})
			}
		}
	}
	rest()
	w.reread()
	w.finish(w.operations.Update("web", false, nil))
	rest()
	if _, err := w.StartGroup(w.t.Context(), "web", supervisor.Call{Wait: true}); err != nil {
		w.t.Fatal(err)
	}
	w.expectRunning("an update", numprocs)
	scaled = rnd.IntN(8)
	before := w.pids()
	w.finish(w.operations.Scale("web", strconv.Itoa(scaled)))
	rest()
	w.expectRunning("a scale", scaled)
	same := strings.Join(strings.Split(before, ", ")[:min(scaled, numprocs)], ", ")
	if after := w.pids(); !strings.HasPrefix(after, same) {
		w.t.Errorf("before the scale there were %s, and then %s", before, after)
	}
	if err := w.Upgrade(w.t.Context(), ""); err != nil {
		w.t.Errorf("an upgrade is refused: %v", err)
	}
}

// expectRunning checks that there are n processes, all RUNNING, and no surplus.
func (w *testDaemon) expectRunning(after string, n int) {
	w.t.Helper()
	var names []string
	for _, i := range w.Infos() {
		names = append(names, i.Name)
		if i.State != states.Running {
			w.t.Errorf("after %s %s is %s", after, i.Name, i.StateName)
		}
	}
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("web_%d", i))
	}
	if !slices.Equal(names, want) {
		w.t.Errorf("after %s there are %v, want %v", after, names, want)
	}
	for _, sc := range w.Scales() {
		if sc.Surplus > 0 {
			w.t.Errorf("after %s there is a surplus: %v", after, sc)
		}
	}
}
