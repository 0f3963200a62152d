package report

import (
	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
)

// ConfigInfo is the answer of getAllConfigInfo for one process of a group. The AUTO log
// files are those generated for it, "" where there is none yet.
func ConfigInfo(g *config.Group, p *config.Process, inUse bool, autoStdout, autoStderr string) api.ConfigInfo {
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
	if autoStdout != "" {
		info.StdoutLogfile = autoStdout
	}
	if autoStderr != "" {
		info.StderrLogfile = autoStderr
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
