package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/process/runs"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testHeader = Header{BootID: "w", PID: 6, StartTime: 5}

// entryOf returns the entry of a process without a child.
func entryOf(group, name string, state states.Process) Entry {
	return Entry{State: process.State{Group: group, Name: name, Status: machine.Status{State: state}}}
}

func sampleEntries() []Entry {
	at := func(nanoseconds int64) boottime.Time { return boottime.At(time.Unix(0, nanoseconds)) }
	running, failed := entryOf("g", "a", states.Running), entryOf("g", "ü\n\"b", states.Backoff)
	running.PID, running.Tries, running.Started, running.StdoutLog = 7, 1, at(5), "/tmp/a.log"
	running.ProcessIdentity = spawn.ProcessIdentity{StartTime: 11, Stdin: 1, Stdout: 2, Stderr: 3}
	failed.SpawnErr, failed.StartDue, failed.Deadline = "why", true, at(7)
	return []Entry{running, failed}
}

func newJournal(t *testing.T) *journalFile {
	t.Helper()
	j := &journalFile{path: filepath.Join(t.TempDir(), "x.state"), head: testHeader}
	t.Cleanup(j.close)
	return j
}

func mustRead(t *testing.T, path string) *Contents {
	t.Helper()
	l, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLastLineWins(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	if err := os.WriteFile(j.path, []byte("something older"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := j.rewrite(BatchInfo{Ticks: 12}, sampleEntries()); err != nil {
		t.Fatal(err)
	}
	want := &Contents{Header: testHeader, CompleteUntil: 12, Entries: sampleEntries()}
	if diff := cmp.Diff(want, mustRead(t, j.path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	changed := want.Entries[0]
	changed.PID, changed.Status.State = 0, states.Exited
	if err := j.add(BatchInfo{Ticks: 13}, []Entry{changed}); err != nil {
		t.Fatal(err)
	}
	want.CompleteUntil, want.Entries[0] = 13, changed
	if diff := cmp.Diff(want, mustRead(t, j.path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	info, err := os.Stat(j.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestReadMissing(t *testing.T) {
	t.Parallel()
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestCrashAtEachByte: a part of a batch, or of a journal that is being written anew, has
// no effect on what was there before.
func TestCrashAtEachByte(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	if err := j.rewrite(BatchInfo{Ticks: 12}, sampleEntries()[:1]); err != nil {
		t.Fatal(err)
	}
	before := len(mustReadFile(t, j.path))
	if err := j.add(BatchInfo{Ticks: 13}, sampleEntries()[1:]); err != nil {
		t.Fatal(err)
	}
	after := mustReadFile(t, j.path)
	for n := before; n < len(after); n++ {
		l, why := decode(after[:n])
		isThere := n-before >= (len(after)-before)/copies-len(appendLine(nil, emptyLine))
		switch {
		case why != "" || l.Damage != "":
			t.Fatalf("cut after %d of %d bytes: %+v, %s", n, len(after), l, why)
		case !isThere && (l.CompleteUntil != 12 || len(l.Entries) != 1), isThere && (l.CompleteUntil != 13 || len(l.Entries) != 2):
			t.Fatalf("cut after %d of %d bytes: %+v", n, len(after), l)
		}
	}
	for n := range after {
		if err := os.WriteFile(j.path+".new", after[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if got := mustRead(t, j.path); got.CompleteUntil != 13 {
			t.Fatalf("a new journal of %d bytes: %+v", n, got)
		}
	}
	if err := j.rewrite(BatchInfo{Ticks: 14}, nil); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, j.path); got.CompleteUntil != 0 || len(got.Entries) != 0 {
		t.Errorf("got %+v", got)
	}
}

func mustReadFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// writeTestJournal writes a journal like that of a daemon with many processes: batches of
// different sizes, some processes stopped, some replaced.
func writeTestJournal(t *testing.T) (text []byte, whole *Contents) {
	t.Helper()
	j := newJournal(t)
	entry := func(i int, state states.Process, pid int) Entry {
		e := entryOf("g", string(rune('a'+i)), state)
		e.PID, e.StartTime = pid, uint64(pid)
		return e
	}
	var all []Entry
	for i := range 4 {
		all = append(all, entry(i, 20, 100+i))
	}
	steps := [][]Entry{{entry(2, 0, 0)}, {entry(0, 0, 0), entry(1, 20, 200)}, {entry(3, 20, 201)}}
	if err := j.rewrite(BatchInfo{Ticks: 10}, all); err != nil {
		t.Fatal(err)
	}
	for i, step := range steps {
		if err := j.add(BatchInfo{Ticks: uint64(11 + i)}, step); err != nil {
			t.Fatal(err)
		}
	}
	return mustReadFile(t, j.path), mustRead(t, j.path)
}

// TestOneDamagedByte: if any byte is changed to any other, nothing is lost, and the damage
// is reported.
func TestOneDamagedByte(t *testing.T) {
	t.Parallel()
	text, want := writeTestJournal(t)
	for n := range text {
		for _, to := range []byte{text[n] ^ 4, '\n', 0} {
			if to == text[n] {
				continue
			}
			changed := bytes.Clone(text)
			changed[n] = to
			got, why := decode(changed)
			if why != "" {
				t.Fatalf("byte %d to %q: %s", n, to, why)
			}
			if got.Damage == "" && n < len(text)-1 {
				t.Errorf("byte %d of %d to %q: not detected", n, len(text), to)
			}
			got.Damage = ""
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("byte %d to %q: (-want +got):\n%s", n, to, diff)
			}
		}
	}
}

// TestCompleteUntilAfterEachCut: whatever part of a journal is left, its entries say what
// happened before CompleteUntil.
func TestCompleteUntilAfterEachCut(t *testing.T) {
	t.Parallel()
	text, _ := writeTestJournal(t)
	lines := bytes.SplitAfter(text, newline)
	var cuts [][]byte
	for n := 0; n < len(text); n += 7 {
		cuts = append(cuts, text[:n])
	}
	for n := range lines { // without some of them
		for m := n + 1; m <= len(lines); m++ {
			cuts = append(cuts, bytes.Join(slices.Concat(lines[:n], lines[m:]), nil))
		}
	}
	for _, cut := range cuts {
		got, why := decode(cut)
		if why != "" {
			continue // no head
		}
		upTo := &decoder{contents: &Contents{}, last: make(map[key]Entry)}
		for n, line := range lines {
			var e entryLine
			line = bytes.TrimSuffix(line, newline)
			if json.Unmarshal(lineBody(line), &e) == nil && e.Batch > 0 && e.At <= got.CompleteUntil {
				upTo.decodeLine(n, line)
			}
		}
		for key, e := range upTo.last {
			i := slices.IndexFunc(got.Entries, func(e Entry) bool { return e.key() == key })
			if i < 0 || bytes.LastIndex(text, entryJSON(t, got.Entries[i])) < bytes.LastIndex(text, entryJSON(t, e)) {
				t.Fatalf("%q: CompleteUntil is %d, but %v is missing in %+v", cut, got.CompleteUntil, key, got.Entries)
			}
		}
	}
}

// entryJSON is the part of a line by which an entry is found in a journal.
func entryJSON(t *testing.T, e Entry) []byte {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return text[1:]
}

// TestOldFormat: lines have neither numbers nor copies. It is not known whether the last
// batch is complete.
func TestOldFormat(t *testing.T) {
	t.Parallel()
	text := appendLine(nil, headerLine{Version, testHeader})
	add := func(at uint64, e Entry) {
		text = appendLine(text, struct {
			At uint64
			Entry
		}{at, e})
	}
	add(9, sampleEntries()[0])
	add(9, sampleEntries()[1])
	add(12, sampleEntries()[0])
	l, why := decode(text)
	if diff := cmp.Diff(&Contents{Header: testHeader, CompleteUntil: 9, Entries: sampleEntries()}, l); why != "" || diff != "" {
		t.Errorf("%s (-want +got):\n%s", why, diff)
	}
	second := bytes.Index(text, newline) + 20
	text[second] ^= 1
	l, why = decode(text)
	if why != "" || l.CompleteUntil != 0 || len(l.Entries) != 2 || l.Damage != "is damaged in line 2" {
		t.Errorf("damaged: %+v, %s", l, why)
	}
}

func TestBadErrorText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, why string }{
		{"", "is damaged, or no state file"},
		{"[supervisord]\n", "is damaged, or no state file"},
		{"00000000 {\"SupervisorState\":1}", "is damaged, or no state file"},
		{"what{\"SupervisorState\":2}\n", "is damaged, or no state file"},
		{"12345678 {\"SupervisorState\":2,\"More\":[]}\nwhat ever", "is of a newer supervisord: its form is 2, not 1"},
		{"12345678 {\"SupervisorState\":1}\n", "is damaged in line 1"},
		{"12345678 {\"SupervisorState\":1}\n\n\n\n\n", "is damaged in line 1"},
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

func TestUntrustedFilesAreRefused(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	if err := j.rewrite(BatchInfo{}, sampleEntries()); err != nil {
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
	data := appendLine(nil, headerLine{Version, testHeader})
	f.Add(data)
	for _, e := range sampleEntries() {
		data = appendLine(data, entryLine{At: 9, ShuttingDown: true, Entry: e})
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

// TestSymlinkIsNotFollowed: a user who may write to the directory can't have another file
// overwritten.
func TestSymlinkIsNotFollowed(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	victim := filepath.Join(t.TempDir(), "victim")
	if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), os.Symlink(victim, j.path+".new")); err != nil {
		t.Fatal(err)
	}
	if err := j.rewrite(BatchInfo{Ticks: 1}, sampleEntries()); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(victim); string(data) != "precious" {
		t.Errorf("the file is now %q", data)
	}
}

// TestWriteFailureStopsAppending: nothing is appended to half a line.
func TestWriteFailureStopsAppending(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	if err := j.rewrite(BatchInfo{Ticks: 1}, sampleEntries()); err != nil {
		t.Fatal(err)
	}
	j.file.Close()
	if err := j.add(BatchInfo{Ticks: 2}, sampleEntries()); err == nil || !j.needsRewrite() {
		t.Errorf("got %v; it goes on: %t", err, !j.needsRewrite())
	}
}

func TestJournalIsCompacted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.state")
	state := 0
	k := NewWriter(path, testHeader, func(name string, _ bool) (Entry, bool) {
		e := entryOf("g", name, states.Process(state))
		e.SpawnErr = strings.Repeat("x", 1000)
		return e, name != "over"
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
	if info.Size() > 2*maxGarbage {
		t.Errorf("%d bytes", info.Size())
	}
	got := mustRead(t, path)
	if len(got.Entries) != 2 || !got.ShuttingDown || int(got.Entries[0].Status.State+got.Entries[1].Status.State) < 2*state-5 {
		t.Errorf("the last is %d: %+v", state, got.Entries)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestMissingJournalIsRewritten: a journal that was removed, replaced or cut is written
// anew.
func TestMissingJournalIsRewritten(t *testing.T) {
	t.Parallel()
	for what, damageFile := range map[string]func(path string) error{
		"removed": os.Remove,
		"renamed": func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, []byte("what ever"), 0o600))
		},
		"cut": func(path string) error { return os.Truncate(path, 0) },
		"removed with its directory": func(path string) error {
			return errors.Join(os.RemoveAll(filepath.Dir(path)), os.Mkdir(filepath.Dir(path), 0o700))
		},
	} {
		path := filepath.Join(t.TempDir(), "dir", "x.state")
		mkdir(t, filepath.Dir(path))
		k := NewWriter(path, testHeader, func(name string, _ bool) (Entry, bool) { return entryOf("g", name, states.Stopped), true }, notShuttingDown, nil)
		defer k.journal.close()
		for _, name := range []string{"a", "b"} {
			k.Changed(name)
			if err := k.write(); err != nil {
				t.Fatal(err)
			}
			if err := damageFile(path); err != nil {
				t.Fatal(err)
			}
		}
		k.Changed("c")
		if err := k.write(); err != nil {
			t.Fatal(err)
		}
		if l := mustRead(t, path); len(l.Entries) != 3 {
			t.Errorf("%s: got %+v", what, l)
		}
	}
}

// TestRunsAreCollected: each line has the last run only, and all of them are there when the
// journal is read, also after it was written anew.
func TestRunsAreCollected(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	run := func(pid int) *runs.Run {
		return &runs.Run{PID: pid, Ended: boottime.At(time.Now().Add(time.Duration(pid) * time.Second))}
	}
	entry := Entry{State: process.State{Group: "g", Name: "p"}}
	entry.LastRun, entry.Runs = run(2), []runs.Run{*run(1), *run(2)}
	if err := j.rewrite(BatchInfo{Ticks: 1}, []Entry{entry}); err != nil {
		t.Fatal(err)
	}
	entry.Runs = nil
	for pid := 2; pid < 30; pid++ {
		entry.LastRun = run(pid)
		if err := j.add(BatchInfo{Ticks: uint64(pid)}, []Entry{entry}); err != nil {
			t.Fatal(err)
		}
	}
	list := mustRead(t, j.path).Entries[0].Runs
	if len(list) != runs.MaxRuns || list[0].PID != 10 || list[len(list)-1].PID != 29 {
		t.Errorf("%d runs: %+v", len(list), list)
	}
}
