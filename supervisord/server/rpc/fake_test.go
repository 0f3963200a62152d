package rpc

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/supervisor"
)

// fake is a supervisor that only records calls. Its processes are those of the recorded
// exchanges.
type fake struct {
	mood       states.Daemon
	infos      []api.ProcessInfo
	configs    []api.ConfigInfo
	log        string        // of the process cat
	leftBehind []string      // what every stop leaves behind
	started    chan struct{} // if not nil, a start closes it and then waits for ctx

	mu    sync.Mutex
	calls []string
}

// services returns the fake as each of the services.
func (f *fake) services() Services {
	return Services{Daemon: f, Reports: f, Control: f, Signals: f, Groups: f, Logs: f, Operations: operations{f}}
}

func (f *fake) record(name string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, strings.TrimSpace(name+" "+fmt.Sprintln(args...)))
}

// called returns the calls recorded since it was last called.
func (f *fake) called() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

// find returns the process of that name, or nil if the name is that of a whole group.
func (f *fake) find(name string) (*api.ProcessInfo, error) {
	spec := namespec.Parse(name)
	for i := range f.infos {
		if f.infos[i].Group != spec.Group {
			continue
		}
		if spec.WholeGroup() {
			return nil, nil
		}
		if f.infos[i].Name == spec.Process {
			return &f.infos[i], nil
		}
	}
	return nil, faults.New(faults.BadName, name)
}

func (f *fake) Mood() states.Daemon { return f.mood }

func (f *fake) Identifier() string { return "größe & <co>" }
func (f *fake) Upgrade(_ context.Context, binary string) error {
	f.record("Upgrade", binary)
	return nil
}

func (f *fake) Info(name string) (api.ProcessInfo, error) {
	p, err := f.find(name)
	if err == nil && p == nil {
		err = faults.New(faults.BadName, name)
	}
	if err != nil {
		return api.ProcessInfo{}, err
	}
	return *p, nil
}

func (f *fake) Why(name string) ([]api.Reason, error) {
	f.record("Why", name)
	return []api.Reason{{Kind: "state", Text: "because"}}, nil
}

func (f *fake) AllReasons() map[string][]api.Reason {
	return map[string][]api.Reason{"g:p": {{Kind: "state", Text: "because"}}}
}

func (f *fake) Infos() []api.ProcessInfo { return f.infos }

func (f *fake) Plan() ([]api.GroupPlan, error) {
	f.record("Plan")
	return []api.GroupPlan{{Group: "web", Change: "changed", Processes: []api.ProcessPlan{{Name: "web", Effect: "live",
		Options: []api.OptionChange{{Option: "stopwaitsecs", Old: "10", New: "20", Effect: "live"}}}}}}, nil
}

func (f *fake) ConfigInfos() []api.ConfigInfo { return f.configs }

// change returns the result of starting, stopping or signalling.
func (f *fake) change(name string, fault *faults.Error) ([]api.CallResult, error) {
	p, err := f.find(name)
	if err != nil {
		return nil, err
	}
	if p != nil && fault == nil {
		return nil, nil
	}
	if p != nil {
		return nil, fault
	}
	return f.results(namespec.Parse(name).Group, fault), nil
}

func (f *fake) results(group string, fault *faults.Error) []api.CallResult {
	r := api.CallResult{Name: group, Group: group, Status: 80, Description: "OK"}
	if fault != nil {
		r.Status, r.Description = int(fault.Code), fault.Error()
	}
	return []api.CallResult{r}
}

func (f *fake) StartProcess(ctx context.Context, name string, c supervisor.Call) ([]api.CallResult, error) {
	f.record("StartProcess", name, c.Wait)
	if f.started != nil {
		close(f.started)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	switch name {
	case "cat":
		return f.change(name, faults.New(faults.AlreadyStarted, name))
	case "gone":
		return f.change(name, faults.New(faults.NoFile, "can't find command '/no/such/file'"))
	}
	return f.change(name, nil)
}

func (f *fake) StartGroup(_ context.Context, name string, c supervisor.Call) ([]api.CallResult, error) {
	f.record("StartGroup", name, c.Wait)
	if name == "cat" {
		return nil, nil // already running
	}
	return f.results(name, faults.New(faults.NoFile, "can't find command '/no/such/file'")), nil
}

func (f *fake) StartAll(_ context.Context, c supervisor.Call) ([]api.CallResult, error) {
	f.record("StartAll", c.Wait)
	return nil, nil
}

func (f *fake) StopProcess(_ context.Context, name string, c supervisor.Call) ([]api.CallResult, error) {
	f.record("StopProcess", name, c.Wait)
	return f.change(name, faults.New(faults.NotRunning, name))
}

func (f *fake) StopGroup(_ context.Context, name string, c supervisor.Call) ([]api.CallResult, error) {
	f.record("StopGroup", name, c.Wait)
	return nil, nil
}

func (f *fake) StopAll(_ context.Context, c supervisor.Call) ([]api.CallResult, error) {
	f.record("StopAll", c.Wait)
	return nil, nil
}

func (f *fake) SignalProcess(_ context.Context, name, signal string) ([]api.CallResult, error) {
	f.record("SignalProcess", name, signal)
	return f.change(name, f.badSignal(signal))
}

func (f *fake) badSignal(signal string) *faults.Error {
	if signal == "BOGUS" {
		return faults.New(faults.BadSignal, signal)
	}
	return nil
}

func (f *fake) SignalGroup(_ context.Context, name, signal string) ([]api.CallResult, error) {
	f.record("SignalGroup", name, signal)
	return f.results(name, f.badSignal(signal)), nil
}

func (f *fake) SignalAll(_ context.Context, signal string) ([]api.CallResult, error) {
	f.record("SignalAll", signal)
	return append(f.results("cat", f.badSignal(signal)), f.results("slow", f.badSignal(signal))...), nil
}

func (f *fake) SendStdin(_ context.Context, name, chars string) error {
	f.record("SendStdin", name, chars)
	return nil
}

func (f *fake) AddGroup(_ context.Context, name string) error {
	f.record("AddGroup", name)
	return faults.New(faults.AlreadyAdded, name)
}

func (f *fake) RemoveGroup(_ context.Context, name string) error {
	f.record("RemoveGroup", name)
	return faults.New(faults.StillRunning, name)
}

func (f *fake) GroupNames() []string { return []string{"cat", "slow"} }

func (f *fake) AddProgram(group, program string, options map[string]string) error {
	f.record("AddProgram", group, program, options)
	return nil
}

func (f *fake) RemoveProcess(group, name string) error {
	f.record("RemoveProcess", group, name)
	return faults.New(faults.StillRunning, name)
}

func (f *fake) Reload(context.Context) (api.Changes, error) {
	f.record("Reload")
	return api.Changes{}, nil
}

func (f *fake) Shutdown() { f.record("Shutdown") }

func (f *fake) Restart() error { f.record("Restart"); return nil }

func (f *fake) ReadMainLog(offset, length int64) (logs.Excerpt, error) {
	f.record("ReadMainLog", offset, length)
	return logs.Excerpt{}, fmt.Errorf("not a fault")
}

func (f *fake) ClearMainLog() error {
	f.record("ClearMainLog")
	return nil
}

func (f *fake) ReadLog(name, channel string, offset, length int64) (logs.Excerpt, error) {
	f.record("ReadLog", name, channel, offset, length)
	switch {
	case name == "off":
		return logs.Excerpt{}, faults.Bare(faults.NoFile)
	case name == "file":
		return logs.ReadExcerpt(f.log, offset, length)
	case offset < 0:
		return logs.Excerpt{}, faults.Bare(faults.BadArguments)
	case length > 0:
		return logs.Literal(f.log[offset : offset+length]), nil
	}
	return logs.Literal(f.log[offset:]), nil
}

func (f *fake) TailLog(name, channel string, offset, length int64) (logs.Excerpt, int64, bool, error) {
	f.record("TailLog", name, channel, offset, length)
	if name == "file" {
		text, next, overflow := logs.TailExcerpt(f.log, offset, length)
		return text, next, overflow, nil
	}
	return logs.Literal(f.log), int64(len(f.log)), false, nil
}

func (f *fake) ClearLogs(_ context.Context, name string) error {
	f.record("ClearLogs", name)
	return nil
}

func (f *fake) ClearAllLogs(context.Context) ([]api.CallResult, error) {
	f.record("ClearAllLogs")
	return f.results("cat", nil), nil
}

func (f *fake) RemoteEvent(kind, data string) {
	if kind == "panic" {
		panic(data)
	}
	f.record("RemoteEvent", kind, data)
}

func (f *fake) Healths() []api.Health { return nil }

func (f *fake) WaitFor(_ context.Context, name, goal string, timeout time.Duration) (bool, error) {
	f.record("WaitFor", name, goal, timeout)
	_, err := f.find(name)
	return err == nil, err
}

func (f *fake) RefreshProcess(_ context.Context, name string) ([]api.CallResult, error) {
	f.record("RefreshProcess", name)
	_, err := f.find(name)
	return nil, err
}

func (f *fake) RefreshGroup(_ context.Context, name string) ([]api.CallResult, error) {
	f.record("RefreshGroup", name)
	return nil, nil
}

func (f *fake) RefreshAll(context.Context) ([]api.CallResult, error) {
	f.record("RefreshAll")
	return nil, nil
}

func (f *fake) Environment(name string, reveal bool) ([]api.Variable, error) {
	f.record("Environment", name, reveal)
	return []api.Variable{{Name: "A", Value: "b", Source: "configuration"}}, nil
}

func (f *fake) ResetProcess(_ context.Context, name string) ([]api.CallResult, error) {
	f.record("ResetProcess", name)
	_, err := f.find(name)
	return nil, err
}

func (f *fake) ResetGroup(_ context.Context, name string) ([]api.CallResult, error) {
	f.record("ResetGroup", name)
	return nil, nil
}

func (f *fake) ResetAll(context.Context) ([]api.CallResult, error) {
	f.record("ResetAll")
	return nil, nil
}

func (f *fake) KillProcess(_ context.Context, name string, c supervisor.Call) ([]api.CallResult, error) {
	f.record("KillProcess", name, c.Wait)
	_, err := f.find(name)
	return nil, err
}

func (f *fake) KillGroup(_ context.Context, name string, c supervisor.Call) ([]api.CallResult, error) {
	f.record("KillGroup", name, c.Wait)
	return nil, nil
}

func (f *fake) KillAll(_ context.Context, c supervisor.Call) ([]api.CallResult, error) {
	f.record("KillAll", c.Wait)
	return nil, nil
}

func (f *fake) LeftBehind(name string, results []api.CallResult) []string {
	if len(f.leftBehind) > 0 {
		f.record("LeftBehind", name, len(results))
	}
	return f.leftBehind
}

func (f *fake) Dependencies() []api.Dependencies {
	f.record("Dependencies")
	return []api.Dependencies{{Name: "web", StateName: "STOPPED", Needs: []api.Dependency{{Text: "db", On: []string{"db"}, Condition: "ready"}}}}
}

func (f *fake) ShutdownWithin(timeout time.Duration) { f.record("ShutdownWithin", timeout) }

func (f *fake) Unstopped() []string {
	f.record("Unstopped")
	return nil
}

func (f *fake) ListenSockets() []api.SocketInfo {
	return []api.SocketInfo{
		{Name: "web", URL: "tcp://0.0.0.0:80", State: "open", Processes: []string{"a", "b:c"}, Waiting: 1, Backlog: 5},
		{Name: "admin", URL: "unix:///s", State: "failed", Error: "why", Processes: []string{}, Waiting: -1, Backlog: -1},
	}
}

// operations implements Operations, whose Restart differs from that of Daemon.
type operations struct{ *fake }

func (f operations) Restart(names []string, options map[string]string) (string, error) {
	f.record("Rolling", names, options)
	return "1", nil
}

func (f operations) Update(group string, rolling bool, options map[string]string) (string, error) {
	f.record("Update", group, rolling, options)
	return "2", nil
}

func (f operations) Scale(name, to string) (string, error) {
	f.record("Scale", name, to)
	return "3", nil
}

func (f operations) Follow(_ context.Context, id string, from int) (api.Operation, error) {
	f.record("Follow", id, from)
	return api.Operation{Lines: []api.Progress{{Name: "a:b", Done: "restarted"}}, Next: 1, Ended: true}, nil
}
