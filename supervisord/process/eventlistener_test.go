package process

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/tools/testkit"
)

// fakeListener records its calls.
type fakeListener struct {
	calls []string
	write func([]byte) error
}

func (p *fakeListener) NewSession() func([]byte) {
	p.calls = append(p.calls, "new session")
	return func(data []byte) { p.calls = append(p.calls, "output "+string(data)) }
}

func (p *fakeListener) SetStdin(write func([]byte) error) {
	p.calls, p.write = append(p.calls, "stdin"), write
}

func (p *fakeListener) StateChanged(to states.Process, publish func()) {
	p.calls = append(p.calls, to.String())
	publish()
	p.calls = append(p.calls, "published")
}

// outputSpawner keeps the spec, to whose outputs the test writes.
type outputSpawner struct {
	*testProcess
	spec *spawn.Spec
}

func (o *outputSpawner) Spawn(spec *spawn.Spec) (spawn.Child, error) {
	o.spec = spec
	c, err := o.testProcess.Spawn(spec)
	if err == nil {
		spec.OnSpawn(c)
	}
	return c, err
}

func TestEventListener(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conf := defaultConf()
		conf.Command = testkit.Binary()
		conf.Stdout.Events, conf.Stderr.Events, conf.Stdout.CaptureMaxBytes = true, true, 100
		tp := &outputSpawner{testProcess: &testProcess{}}
		bus := &events.Bus{}
		bus.Subscribe([]events.Type{events.ProcessLog, events.ProcessCommunication}, func(e events.Event) {
			tp.events = append(tp.events, string(e.Type)+" "+e.Payload)
		})
		listener := &fakeListener{}
		p := New(Options{Config: conf, Spawner: tp, Events: bus, Log: tp.log.Logger(), StripANSI: true, EventListener: listener})
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		defer run.Wait()
		defer cancel()
		run.Go(func() { p.Run(ctx) })

		if err := p.Start("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		tp.spec.Stdout.Write([]byte("\x1b[1mREADY<!--XSUPERVISOR:BEGIN-->x<!--XSUPERVISOR:END-->"))
		tp.spec.Stderr.Write([]byte("oh"))
		if err := listener.write([]byte("event")); err != nil || tp.child.stdin.String() != "event" {
			t.Errorf("the child got %q: %v", tp.child.stdin.String(), err)
		}
		if err := p.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"STARTING", "published", "new session", "stdin", "RUNNING", "published",
			"output \x1b[1mREADY<!--XSUPERVISOR:BEGIN-->x<!--XSUPERVISOR:END-->",
			"STOPPING", "published", "STOPPED", "published",
		}
		if diff := cmp.Diff(want, listener.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if want := []string{"PROCESS_LOG_STDERR processname:p groupname:g pid:101 channel:stderr\noh"}; !slices.Equal(tp.events, want) {
			t.Errorf("events %q, want %q", tp.events, want)
		}
	})
}

// The first output of a child has its pid, even if Spawn has not returned yet.
func TestFirstOutputHasPID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conf := defaultConf()
		conf.Command = testkit.Binary()
		conf.Stdout.Events = true
		tp := &testProcess{}
		bus := &events.Bus{}
		bus.Subscribe([]events.Type{events.ProcessLog}, func(e events.Event) { tp.events = append(tp.events, e.Payload) })
		p := New(Options{Config: conf, Spawner: earlyOutputSpawner{tp}, Events: bus, Log: tp.log.Logger()})
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		defer run.Wait()
		defer cancel()
		run.Go(func() { p.Run(ctx) })
		if err := p.Start("p", false).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{"processname:p groupname:g pid:101 channel:stdout\nhello"}; !slices.Equal(tp.events, want) {
			t.Errorf("events %q, want %q", tp.events, want)
		}
	})
}

// earlyOutputSpawner spawns children that write before Spawn has returned.
type earlyOutputSpawner struct{ *testProcess }

func (t earlyOutputSpawner) Spawn(spec *spawn.Spec) (spawn.Child, error) {
	c, err := t.testProcess.Spawn(spec)
	if err == nil {
		spec.OnSpawn(c)
		spec.Stdout.Write([]byte("hello"))
	}
	return c, err
}
