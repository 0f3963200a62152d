package ledger

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var head = Head{World: "w", PID: 6, Born: 5}

func sample() []Entry {
	return []Entry{
		{Group: "g", Name: "a", PID: 7, Born: 11, Stdin: 1, Stdout: 2, Stderr: 3, State: 20, Tries: 1,
			Started: Moment{Wall: 5, Boot: 6}, StdoutLog: "/tmp/a.log"},
		{Group: "g", Name: "ü\n\"b", State: 30, SpawnErr: "why", Due: true, Deadline: Moment{Boot: 7}},
	}
}

func newJournal(t *testing.T) *journal {
	t.Helper()
	j := &journal{path: filepath.Join(t.TempDir(), "x.state"), head: head}
	t.Cleanup(j.close)
	return j
}

func mustRead(t *testing.T, path string) *Ledger {
	t.Helper()
	l, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestTheLastLineOfAProcessCounts(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	if err := os.WriteFile(j.path, []byte("something older"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := j.replace(Time{Ticks: 12}, sample()); err != nil {
		t.Fatal(err)
	}
	want := &Ledger{Head: head, Taken: 12, Entries: sample()}
	if diff := cmp.Diff(want, mustRead(t, j.path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	changed := want.Entries[0]
	changed.PID, changed.State = 0, 100
	if err := j.add(Time{Ticks: 13}, []Entry{changed}); err != nil {
		t.Fatal(err)
	}
	want.Taken, want.Entries[0] = 13, changed
	if diff := cmp.Diff(want, mustRead(t, j.path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	info, err := os.Stat(j.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestNoRecord(t *testing.T) {
	t.Parallel()
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestCrashAtEachByte: what a crash leaves of a line under way, or of a journal
// that is being written anew, has no effect on what was there before.
func TestCrashAtEachByte(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	if err := j.replace(Time{Ticks: 12}, sample()[:1]); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(j.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.add(Time{Ticks: 13}, sample()[1:]); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(j.path)
	if err != nil {
		t.Fatal(err)
	}
	for n := len(before); n < len(after); n++ {
		l, why := decode(after[:n])
		if why != "" || l.Taken != 12 || len(l.Entries) != 1 {
			t.Fatalf("cut after %d of %d bytes: %+v, %s", n, len(after), l, why)
		}
	}
	for n := range after {
		if err := os.WriteFile(j.path+".new", after[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if got := mustRead(t, j.path); got.Taken != 13 {
			t.Fatalf("a new journal of %d bytes: %+v", n, got)
		}
	}
	if err := j.replace(Time{Ticks: 14}, nil); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, j.path); got.Taken != 0 || len(got.Entries) != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestDamage: a change of any byte shows.
func TestDamage(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	if err := j.replace(Time{Ticks: 12}, sample()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(j.path)
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(data[:len(data)-1], '\n') + 1
	for n := range data {
		changed := bytes.Clone(data)
		changed[n] ^= 4
		if l, why := decode(changed); why == "" && !(n >= last && len(l.Entries) == 1) {
			t.Errorf("a change of byte %d of %q is not noticed", n, data)
		}
	}
	if _, why := decode(append(bytes.Clone(data), '\n')); why == "" {
		t.Error("an addition is not noticed")
	}
}

func TestWordsAboutBadFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, why string }{
		{"", "is damaged, or no state file"},
		{"[supervisord]\n", "is damaged, or no state file"},
		{"00000000 {\"SupervisorState\":1}", "is damaged, or no state file"},
		{"what{\"SupervisorState\":2}\n", "is damaged, or no state file"},
		{"12345678 {\"SupervisorState\":2,\"More\":[]}\nwhat ever", "is of a newer supervisord: its form is 2, not 1"},
		{"12345678 {\"SupervisorState\":1}\n", "is damaged in line 1"},
		{string(appendLine(nil, headLine{1, head})) + "\n", "is damaged in line 2"},
	} {
		path := filepath.Join(t.TempDir(), "x.state")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		bad, ok := errors.AsType[*BadError](err)
		if !ok || bad.Why != tt.why || err.Error() != "state file "+path+" "+tt.why {
			t.Errorf("%q: got %v, want %q", tt.text, err, tt.why)
		}
	}
}

func TestFilesOfOthersAreNotBelieved(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	if err := j.replace(Time{}, sample()); err != nil {
		t.Fatal(err)
	}
	link := j.path + ".link"
	if err := os.Symlink(j.path, link); err != nil {
		t.Fatal(err)
	}
	refused := func(path, why string) {
		t.Helper()
		_, err := Read(path)
		if bad, ok := errors.AsType[*BadError](err); !ok || bad.Why != why {
			t.Errorf("got %v, want %q", err, why)
		}
	}
	refused(link, "is a link")
	if err := os.Link(j.path, j.path+".second"); err != nil {
		t.Fatal(err)
	}
	refused(j.path, "has a second name, which other users can have given it")
	if err := os.Remove(j.path + ".second"); err != nil {
		t.Fatal(err)
	}
	refused(filepath.Dir(j.path), "is no file")
	if err := os.Chmod(j.path, 0o622); err != nil {
		t.Fatal(err)
	}
	refused(j.path, "can be written by other users")
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	if err := errors.Join(os.Chmod(j.path, 0o600), os.Chown(j.path, 12345, 0)); err != nil {
		t.Fatal(err)
	}
	refused(j.path, "can be written by other users")
}

func FuzzDecode(f *testing.F) {
	data := appendLine(nil, headLine{Version, head})
	f.Add(data)
	for _, e := range sample() {
		data = appendLine(data, entryLine{9, true, e})
	}
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add([]byte("00000000 {\"SupervisorState\":-1}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, why := decode(data)
		if (l == nil) == (why == "") {
			t.Errorf("%q: %v and %q", data, l, why)
		}
	})
}

// TestNoLinkIsFollowed: who may write to the directory can't have another file
// overwritten.
func TestNoLinkIsFollowed(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	victim := filepath.Join(t.TempDir(), "victim")
	if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), os.Symlink(victim, j.path+".new")); err != nil {
		t.Fatal(err)
	}
	if err := j.replace(Time{Ticks: 1}, sample()); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(victim); string(data) != "precious" {
		t.Errorf("the file is now %q", data)
	}
}

// TestAFailureEndsTheJournal: after half a line nothing is added any more.
func TestAFailureEndsTheJournal(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	if err := j.replace(Time{Ticks: 1}, sample()); err != nil {
		t.Fatal(err)
	}
	j.file.Close()
	if err := j.add(Time{Ticks: 2}, sample()); err == nil || !j.isLong() {
		t.Errorf("got %v; it goes on: %v", err, !j.isLong())
	}
}

func TestTheJournalStaysShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.state")
	state := 0
	k := NewKeeper(path, head, func(name string) (Entry, bool) {
		return Entry{Group: "g", Name: name, State: state, SpawnErr: strings.Repeat("x", 1000)}, name != "over"
	}, func() bool { return state > 1000 }, nil)
	defer k.journal.close()
	for state = range 2000 {
		k.Changed([]string{"a", "b", "over"}[state%3])
		if err := k.write(); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 2*sparse {
		t.Errorf("%d bytes", info.Size())
	}
	got := mustRead(t, path)
	if len(got.Entries) != 2 || !got.Leaving || got.Entries[0].State+got.Entries[1].State < 2*state-5 {
		t.Errorf("the last is %d: %+v", state, got.Entries)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}
