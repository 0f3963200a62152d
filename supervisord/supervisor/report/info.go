package report

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// Process is what is known about a process at one moment.
type Process struct {
	Config         *config.Process // what it was made of
	Current        *config.Process // what it goes by
	Status         *process.Status
	Stdout, Stderr string // the log files, "" for none
}

// Of returns what is known about a process now. It never blocks.
func Of(p *process.Process) Process {
	stdout, stderr := p.LogFiles()
	return Process{p.Config, p.CurrentConfig(), p.Status(), stdout, stderr}
}

// Info is the answer of getProcessInfo.
func Info(p Process, now time.Time) api.ProcessInfo {
	st := p.Status
	i := api.ProcessInfo{
		Name:          p.Config.Name,
		Group:         p.Config.Group,
		Start:         epoch(st.Started.Time),
		Stop:          epoch(st.Ended.Time),
		Now:           epoch(now),
		State:         st.State,
		StateName:     st.State.String(),
		SpawnErr:      st.SpawnErr,
		ExitStatus:    st.ExitStatus,
		Logfile:       p.Stdout,
		StdoutLogfile: p.Stdout,
		StderrLogfile: p.Stderr,
		PID:           st.PID,
		Description:   describe(p.Config.Name, st, now),
	}
	if p.Current.Configured {
		addHealth(&i, p.Current, st)
	}
	return i
}

// epoch is a time in seconds, within the 32 bits of an XML-RPC integer.
func epoch(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return min(max(t.Unix(), 0), math.MaxInt32)
}

// describe is the last column of supervisorctl status.
func describe(name string, st *process.Status, now time.Time) string {
	if st.WaitingFor != "" && st.State.IsStopped() {
		return "waiting for " + st.WaitingFor
	}
	switch st.State {
	case states.Running:
		text := strconv.AppendInt(append(make([]byte, 0, 64), "pid "...), int64(st.PID), 10)
		return string(appendUptime(append(text, ", uptime "...), now.Sub(st.Started.Time)))
	case states.Fatal, states.Backoff:
		if st.SpawnErr != "" {
			return st.SpawnErr
		}
		return fmt.Sprintf("unknown error (try \"tail %s\")", name)
	case states.Stopped, states.Exited:
		if st.Ended.IsZero() {
			return "Not started"
		}
		return st.Ended.Local().Format("Jan 02 03:04 PM")
	}
	return ""
}

// appendUptime does without package fmt, which would take half of the time for an
// answer about all processes.
func appendUptime(dst []byte, d time.Duration) []byte {
	total := max(int64(d/time.Second), 0)
	switch days := total / 86400; days {
	case 0:
	case 1:
		dst = append(dst, "1 day, "...)
	default:
		dst = append(strconv.AppendInt(dst, days, 10), " days, "...)
	}
	dst = strconv.AppendInt(dst, total/3600%24, 10)
	for _, part := range []int64{total / 60 % 60, total % 60} {
		dst = append(dst, ':', byte('0'+part/10), byte('0'+part%10))
	}
	return dst
}
