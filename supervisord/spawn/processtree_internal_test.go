package spawn

import "testing"

func TestIsSpawned(t *testing.T) {
	t.Parallel()
	const pid, startTime = 4242, 1000
	s := New(nil)
	for _, tt := range []struct {
		set             func()
		spawned, unsure bool
	}{
		{func() { s.forking, s.forkingSince = 1, startTime }, false, true},
		{func() { s.forking, s.forkingSince = 1, startTime+1 }, false, false},
		{func() { s.forking = 0 }, false, false},
		{func() { s.children[pid] = &child{} }, true, false},
	} {
		tt.set()
		if spawned, unsure := s.isSpawned(pid, startTime); spawned != tt.spawned || unsure != tt.unsure {
			t.Errorf("%d forks since %d: spawned %v, unsure %v", s.forking, s.forkingSince, spawned, unsure)
		}
	}
}
