package supervisor

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// Info tells of one process.
func (s *Supervisor) Info(name string) (api.ProcessInfo, error) {
	p, err := s.single(name)
	if err != nil {
		return api.ProcessInfo{}, err
	}
	return info(p, time.Now()), nil
}

// Infos tells of all processes, ordered by group and name.
func (s *Supervisor) Infos() []api.ProcessInfo {
	all := s.indexed().sorted
	now := time.Now()
	infos := make([]api.ProcessInfo, len(all))
	for i, p := range all {
		infos[i] = info(p, now)
	}
	return infos
}

func info(p *process.Process, now time.Time) api.ProcessInfo {
	st := p.Status()
	i := api.ProcessInfo{
		Name:          p.Config.Name,
		Group:         p.Config.Group,
		Start:         epoch(st.Started),
		Stop:          epoch(st.Ended),
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
	if c := p.CurrentConfig(); c.Configured {
		addHealth(&i, c, st)
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
		return string(appendUptime(append(text, ", uptime "...), now.Sub(st.Started)))
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

// appendUptime does without package fmt, which would take half of the time for
// an answer about all processes.
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

// ConfigInfos tells of all processes of the configuration as last read, active
// or not, ordered by process name; equal ones in the order of their groups.
func (s *Supervisor) ConfigInfos() []api.ConfigInfo {
	var infos []api.ConfigInfo
	for _, g := range s.configured().Groups {
		inUse := s.find(g.Name) != nil
		for _, p := range g.Processes {
			infos = append(infos, configInfo(g, p, inUse, s.autoLogs(p)))
		}
	}
	slices.SortStableFunc(infos, func(a, b api.ConfigInfo) int { return cmp.Compare(a.Name, b.Name) })
	return infos
}

func configInfo(g *config.Group, p *config.Process, inUse bool, generated autoLogs) api.ConfigInfo {
	info := api.ConfigInfo{
		Autostart:             p.Autostart,
		Autorestart:           autorestart(p.Autorestart),
		Directory:             orNone(p.Directory),
		UID:                   "none",
		Command:               p.Command,
		ExitCodes:             p.ExitCodes,
		Group:                 g.Name,
		GroupPriority:         g.Priority,
		InUse:                 inUse,
		KillAsGroup:           p.KillAsGroup,
		Name:                  p.Name,
		ProcessPriority:       p.Priority,
		RedirectStderr:        p.RedirectStderr,
		StartRetries:          p.StartRetries,
		StartSecs:             p.StartSecs,
		StdoutCaptureMaxBytes: p.Stdout.CaptureMaxBytes,
		StdoutEventsEnabled:   p.Stdout.Events,
		StdoutLogfile:         logfile(p.Stdout),
		StdoutLogfileBackups:  p.Stdout.Backups,
		StdoutLogfileMaxBytes: p.Stdout.MaxBytes,
		StdoutSyslog:          p.Stdout.Syslog,
		StopSignal:            int(p.StopSignal),
		StopWaitSecs:          p.StopWaitSecs,
		StderrCaptureMaxBytes: p.Stderr.CaptureMaxBytes,
		StderrEventsEnabled:   p.Stderr.Events,
		StderrLogfile:         logfile(p.Stderr),
		StderrLogfileBackups:  p.Stderr.Backups,
		StderrLogfileMaxBytes: p.Stderr.MaxBytes,
		StderrSyslog:          p.Stderr.Syslog,
		ServerURL:             orNone(p.ServerURL),
	}
	if p.UID != nil {
		info.UID = *p.UID
	}
	if generated.stdout != "" {
		info.StdoutLogfile = generated.stdout
	}
	if generated.stderr != "" {
		info.StderrLogfile = generated.stderr
	}
	return info
}

func autorestart(a config.Autorestart) any {
	if a == config.RestartUnexpected {
		return "unexpected"
	}
	return a == config.RestartAlways
}

func logfile(l config.Log) string {
	if l.Auto {
		return "auto"
	}
	return orNone(l.File)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
