package process

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/boottime"
	"supervisor/supervisord/system/descriptors"
)

// TestStateKeys: the keys of a state in the journal and in a handover never change, and a
// new field of a state gets one.
func TestStateKeys(t *testing.T) {
	t.Parallel()
	var s State
	fill(reflect.ValueOf(&s).Elem())
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(data, &keys); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Adopted", "Again", "AgainBy", "Born", "Cgroup", "Deadline", "Declined", "Digest", "Due", "Ended", "Ending", "Exit",
		"ExitStatus", "Group", "Held", "Hook", "LastRun", "Leaderless", "Left", "Name", "Num", "PID", "Reason", "Restarts", "Row", "Run", "Runs", "Section",
		"SpawnErr", "Started", "State", "Stderr", "StderrFile", "StderrLog", "Stdin", "Stdout", "StdoutFile", "StdoutLog", "Step",
		"Stop", "Tries", "Unsent", "Vitals", "Waiting",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(keys))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	vitals := []string{"Health", "Ill", "Late", "NotYet", "Ready", "ReadyBy", "Unheard", "VitalsAt"}
	if diff := cmp.Diff(vitals, slices.Sorted(maps.Keys(keys["Vitals"].(map[string]any)))); diff != "" {
		t.Errorf("Vitals (-want +got):\n%s", diff)
	}
	var again State
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	s.Outdated = false // the next daemon finds out itself
	sameWall := cmp.Comparer(func(a, b boottime.Time) bool { return a.UnixNano() == b.UnixNano() })
	if diff := cmp.Diff(s, again, sameWall); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}

// fill sets all fields of a value, and of all that it contains.
func fill(v reflect.Value) {
	if v.Type() == reflect.TypeFor[boottime.Time]() {
		v.Set(reflect.ValueOf(boottime.At(time.Now())))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(1)
	default:
		panic("a state has no " + v.Kind().String())
	}
}

// TestStateDescriptors: what is open of a process gets to the next daemon by its keys.
func TestStateDescriptors(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	stdout, err := unix.FcntlInt(r.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	s := &Saved{State: State{Group: "g", Name: "p"}, Pipes: &[3]int{-1, stdout, -1}, Socket: w}
	set := descriptors.Set{}
	if err := s.PutDescriptors(set); err != nil {
		t.Fatal(err)
	}
	other := State{Group: "g", Name: "q"}
	if next := other.TakeDescriptors(set); *next.Pipes != [3]int{-1, -1, -1} || next.Socket != nil || len(set) != 2 {
		t.Errorf("another process has got %v, %v", *next.Pipes, next.Socket)
	}
	next := s.TakeDescriptors(set)
	if *next.Pipes != [3]int{-1, stdout, -1} || next.Socket == nil || !next.HandedOver || len(set) != 0 {
		t.Errorf("the process has got %v, %v; %v are left", *next.Pipes, next.Socket, set)
	}
	unix.Close(stdout)
	next.Socket.Close()
}
