package config

import (
	"reflect"
	"syscall"
	"testing"
)

// ignoredFields are the fields that are not compared: they follow from others, or say
// where the process is defined.
var ignoredFields = map[string]bool{"Group": true, "Program": true, "Section": true, "Num": true, "User": true, "AutostartByPlugin": true, "Empty": true}

// TestEqualComparesAllFields changes each field in turn, so a new field can't be
// forgotten.
func TestEqualComparesAllFields(t *testing.T) {
	t.Parallel()
	for i := range reflect.TypeFor[Process]().NumField() {
		field := reflect.TypeFor[Process]().Field(i)
		if ignoredFields[field.Name] {
			continue
		}
		a, b := &Group{Processes: []*Process{{}}}, &Group{Processes: []*Process{{}}}
		if !a.Equal(b) {
			t.Fatal("two empty processes differ")
		}
		modify(t, reflect.ValueOf(b.Processes[0]).Elem().Field(i))
		if a.Equal(b) || b.Equal(a) {
			t.Errorf("a change of %s is not noticed", field.Name)
		}
	}
}

// modify changes a value.
func modify(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case syscall.Signal, int, Kind, Autorestart:
		v.SetInt(2)
	case string:
		v.SetString("changed")
	case bool:
		v.SetBool(true)
	case *int:
		v.Set(reflect.ValueOf(new(int)))
	case []int:
		v.Set(reflect.ValueOf([]int{1}))
	case Environment:
		v.Set(reflect.ValueOf(Environment{{"A", "1"}}))
	case Policy:
		v.Set(reflect.ValueOf(Policy{Configured: true, UserEnv: true}))
	case Log:
		v.Set(reflect.ValueOf(Log{Auto: true}))
	case *FastCGISocket:
		v.Set(reflect.ValueOf(&FastCGISocket{URL: "unix:///x"}))
	default:
		t.Fatalf("the test can't change a %v", v.Type())
	}
}

func TestGroupsEqual(t *testing.T) {
	t.Parallel()
	base := func() *Group {
		return &Group{Name: "g", Kind: EventListener, Priority: 1, BufferSize: 10, Events: []string{"TICK_5", "EVENT"},
			ResultHandler: "h", Socket: &FastCGISocket{URL: "unix:///s"}, Processes: []*Process{{Name: "a"}, {Name: "b"}}}
	}
	for what, alter := range map[string]func(*Group){
		"name":      func(g *Group) { g.Name = "h" },
		"kind":      func(g *Group) { g.Kind = FastCGI },
		"priority":  func(g *Group) { g.Priority = 2 },
		"buffer":    func(g *Group) { g.BufferSize = 11 },
		"events":    func(g *Group) { g.Events = []string{"TICK_5"} },
		"handler":   func(g *Group) { g.ResultHandler = "i" },
		"socket":    func(g *Group) { g.Socket = &FastCGISocket{URL: "tcp://s:1"} },
		"no socket": func(g *Group) { g.Socket = nil },
		"fewer":     func(g *Group) { g.Processes = g.Processes[:1] },
		"reordered": func(g *Group) { g.Processes[0], g.Processes[1] = g.Processes[1], g.Processes[0] },
	} {
		a, b := base(), base()
		alter(b)
		if a.Equal(b) || b.Equal(a) {
			t.Errorf("a change of %s is not noticed", what)
		}
	}
	a, b := base(), base()
	b.Section, b.Events, b.Socket.Mode, b.Socket.Backlog = "other", []string{"EVENT", "TICK_5"}, 0o777, 5
	if !a.Equal(b) {
		t.Error("fields that do not count make groups differ")
	}
}

// TestAutoAndFileDiffer compares in both directions.
func TestAutoAndFileDiffer(t *testing.T) {
	t.Parallel()
	auto := &Group{Processes: []*Process{{Stdout: Log{Auto: true}}}}
	file := &Group{Processes: []*Process{{Stdout: Log{File: "/tmp/x"}}}}
	if auto.Equal(file) || file.Equal(auto) {
		t.Error("AUTO equals a file")
	}
}

func TestEqualIgnoresOrderOfEnvironment(t *testing.T) {
	t.Parallel()
	a := &Group{Processes: []*Process{{Environment: Environment{{"A", "1"}, {"B", "2"}}}}}
	b := &Group{Processes: []*Process{{Environment: Environment{{"B", "2"}, {"A", "1"}}}}}
	if !a.Equal(b) {
		t.Error("the order of variables counts")
	}
}

func TestExpected(t *testing.T) {
	t.Parallel()
	p := &Process{ExitCodes: []int{0, 77}}
	for status, want := range map[int]bool{0: true, 77: true, 1: false, -1: false} {
		if p.Expected(status) != want {
			t.Errorf("exit status %d: expected is %v", status, !want)
		}
	}
}
