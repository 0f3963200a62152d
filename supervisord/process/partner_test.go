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

// partner notes what it is told.
type partner struct {
	told  []string
	write func([]byte) error
}

func (p *partner) Expect() func([]byte) {
	p.told = append(p.told, "expect")
	return func(data []byte) { p.told = append(p.told, "hear "+string(data)) }
}

func (p *partner) Meet(write func([]byte) error) {
	p.told, p.write = append(p.told, "meet"), write
}

func (p *partner) Change(to states.Process, publish func()) {
	p.told = append(p.told, to.String())
	publish()
	p.told = append(p.told, "published")
}

// outputs are what the fake child can be made to say and who publishes it.
type outputs struct {
	*world
	spec *spawn.Spec
}

func (o *outputs) Spawn(spec *spawn.Spec) (spawn.Child, error) {
	o.spec = spec
	c, err := o.world.Spawn(spec)
	if err == nil {
		spec.Born(c)
	}
	return c, err
}

func TestPartner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conf := plainConf()
		conf.Command = testkit.Binary()
		conf.Stdout.Events, conf.Stderr.Events, conf.Stdout.CaptureMaxBytes = true, true, 100
		w := &outputs{world: &world{}}
		bus := &events.Bus{}
		bus.Subscribe([]events.Type{events.ProcessLog, events.ProcessCommunication}, func(e events.Event) {
			w.events = append(w.events, string(e.Type)+" "+e.Payload)
		})
		partner := &partner{}
		p := New(Options{Config: conf, Spawner: w, Events: bus, Log: w.log.Logger(), StripANSI: true, Partner: partner})
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		defer run.Wait()
		defer cancel()
		run.Go(func() { p.Run(ctx) })

		if err := p.Start("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.spec.Stdout.Write([]byte("\x1b[1mREADY<!--XSUPERVISOR:BEGIN-->x<!--XSUPERVISOR:END-->"))
		w.spec.Stderr.Write([]byte("oh"))
		if err := partner.write([]byte("event")); err != nil || w.child.stdin.String() != "event" {
			t.Errorf("the child got %q: %v", w.child.stdin.String(), err)
		}
		if err := p.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"STARTING", "published", "expect", "meet", "RUNNING", "published",
			"hear \x1b[1mREADY<!--XSUPERVISOR:BEGIN-->x<!--XSUPERVISOR:END-->",
			"STOPPING", "published", "STOPPED", "published",
		}
		if diff := cmp.Diff(want, partner.told); diff != "" {
			t.Errorf("the partner was told (-want +got):\n%s", diff)
		}
		if want := []string{"PROCESS_LOG_STDERR processname:p groupname:g pid:101 channel:stderr\noh"}; !slices.Equal(w.events, want) {
			t.Errorf("events %q, want %q", w.events, want)
		}
	})
}

// The first words of a child bear its pid, even if nobody knows of its birth yet.
func TestFirstWordsBearThePid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conf := plainConf()
		conf.Command = testkit.Binary()
		conf.Stdout.Events = true
		w := &world{}
		bus := &events.Bus{}
		bus.Subscribe([]events.Type{events.ProcessLog}, func(e events.Event) { w.events = append(w.events, e.Payload) })
		p := New(Options{Config: conf, Spawner: talkative{w}, Events: bus, Log: w.log.Logger()})
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		defer run.Wait()
		defer cancel()
		run.Go(func() { p.Run(ctx) })
		if err := p.Start("p", false).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{"processname:p groupname:g pid:101 channel:stdout\nhello"}; !slices.Equal(w.events, want) {
			t.Errorf("events %q, want %q", w.events, want)
		}
	})
}

// talkative makes children that speak before their mother knows of them.
type talkative struct{ *world }

func (t talkative) Spawn(spec *spawn.Spec) (spawn.Child, error) {
	c, err := t.world.Spawn(spec)
	if err == nil {
		spec.Born(c)
		spec.Stdout.Write([]byte("hello"))
	}
	return c, err
}
