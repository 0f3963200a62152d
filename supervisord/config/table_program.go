package config

import (
	"slices"
	"syscall"

	"supervisor/supervisord/config/option"
)

// What %(name)s may refer to in the options of processes.
const (
	onceNames    = option.NameHere | option.NameProgram | option.NameHost | option.NameGroup
	envNames     = onceNames | option.NameNumber
	processNames = envNames | option.NameProgramEnv
)

// programOptions are those of Supervisor that all kinds of programs have.
var programOptions = slices.Concat(
	in(option.InPrograms, onceNames, onceOptions),
	perProcess(processOptions),
)

// perProcess completes rows of options that are read for each process.
func perProcess(rows option.Table) option.Table {
	for i := range rows {
		rows[i].PerProcess = true
	}
	return in(option.InPrograms, processNames, rows)
}

// onceOptions are read once for all processes of a section.
var onceOptions = option.Table{
	{Name: "priority", Type: option.Integer, Default: "999",
		Help:  "start and stop order, lower starts earlier and stops later; a pool of listeners has -1 by default",
		Field: option.At(func(s *Process) *int { return &s.Priority }), Live: true, JSON: option.JSONValue},
	{Name: "autostart", Type: option.Boolean, Default: "true",
		Help:  "start when supervisord starts",
		Field: option.At(func(s *Process) *bool { return &s.Autostart }), Live: true, JSON: option.JSONValue},
	{Name: "autorestart", Type: autorestartType, Default: "unexpected",
		Help:  "start again when it exits: always, never, or when the exit status is not in exitcodes",
		Field: option.At(func(s *Process) *Autorestart { return &s.Autorestart }), Live: true, JSON: option.JSONValue},
	{Name: "startsecs", Type: option.Integer, Default: "1",
		Help:  "seconds to stay up for the start to have succeeded",
		Field: option.At(func(s *Process) *int { return &s.StartSecs }), Live: true, JSON: option.JSONValue},
	{Name: "startretries", Type: option.Integer, Default: "3",
		Help:  "further attempts before giving up",
		Field: option.At(func(s *Process) *int { return &s.StartRetries }), Live: true, JSON: option.JSONValue},
	{Name: "stopsignal", Type: option.Signal, Default: "TERM",
		Help:  "signal that asks it to stop",
		Field: option.At(func(s *Process) *syscall.Signal { return &s.StopSignal }), Live: true, JSON: option.JSONValue},
	{Name: "stopwaitsecs", Type: option.Integer, Default: "10",
		Help:  "seconds to wait before SIGKILL",
		Field: option.At(func(s *Process) *int { return &s.StopWaitSecs }), Live: true, JSON: option.JSONValue},
	{Name: "stopasgroup", Type: option.Boolean, Default: "false",
		Help:  "send the stop signal to the whole process group",
		Field: option.At(func(s *Process) *bool { return &s.StopAsGroup }), Live: true, JSON: option.JSONValue},
	{Name: "killasgroup", Type: option.Boolean,
		Help:  "send SIGKILL to the whole process group, as stopasgroup by default",
		Field: option.At(func(s *Process) *bool { return &s.KillAsGroup }), Live: true, JSON: option.JSONValue},
	{Name: "exitcodes", Type: exitCodesType, Default: "0",
		Help:  "expected exit statuses",
		Field: option.AtList(func(s *Process) *[]int { return &s.ExitCodes }), Live: true, JSON: option.JSONValue},
	{Name: "redirect_stderr", Type: option.Boolean, Default: "false",
		Help:  "stderr goes where stdout goes",
		Field: option.At(func(s *Process) *bool { return &s.RedirectStderr }), JSON: option.JSONValue},
	{Name: "numprocs", Type: option.Integer, Default: "1",
		Help:  "number of processes",
		Field: option.At(func(s *Numbering) *int { return &s.Numprocs })},
	{Name: "numprocs_start", Type: option.Integer, Default: "0",
		Help:  "first process_num",
		Field: option.At(func(s *Numbering) *int { return &s.Start })},
	{Name: "stdout_capture_maxbytes", Type: option.ByteSize, Default: "0",
		Help:  "size of the capture buffer of stdout, 0 for no capture",
		Field: option.At(func(s *Process) *int64 { return &s.Stdout.CaptureMaxBytes }), JSON: option.JSONValue},
	{Name: "stdout_events_enabled", Type: option.Boolean, Default: "false",
		Help:  "emit PROCESS_LOG_STDOUT events",
		Field: option.At(func(s *Process) *bool { return &s.Stdout.Events }), JSON: option.JSONValue},
	{Name: "stderr_capture_maxbytes", Type: option.ByteSize, Default: "0",
		Help:  "size of the capture buffer of stderr, 0 for no capture",
		Field: option.At(func(s *Process) *int64 { return &s.Stderr.CaptureMaxBytes }), JSON: option.JSONValue},
	{Name: "stderr_events_enabled", Type: option.Boolean, Default: "false",
		Help:  "emit PROCESS_LOG_STDERR events",
		Field: option.At(func(s *Process) *bool { return &s.Stderr.Events }), JSON: option.JSONValue},
	{Name: "serverurl",
		Help:  "SUPERVISOR_SERVER_URL of the process, AUTO for the computed one",
		Field: option.At(func(s *Process) *string { return &s.ServerURL }), JSON: option.JSONNullable},
	{Name: "user", Type: option.User,
		Help:  "user to run as",
		Field: option.InFunc(func(s *Process, uid int) { s.UID = &uid }, func(s *Process) *int { return s.UID }, equalUID)},
	{Name: "umask", Type: option.Octal,
		Help:  "umask of the process",
		Field: option.At(func(s *Process) *int { return &s.Umask }), JSON: option.JSONValue},
}

// processOptions are read for each process.
var processOptions = option.Table{
	{Name: "environment", Type: environmentType, Names: envNames, Help: "variables of the process", ErrorName: "environment"},
	{Name: "directory",
		Help:  "directory to change to before running the command",
		Field: option.At(func(s *Process) *string { return &s.Directory }), JSON: option.JSONNullable},
	{Name: "stdout_logfile", Type: logfileType, Default: "AUTO",
		Help:  "file for stdout, AUTO or NONE",
		Field: logfileField(func(s *Process) *Log { return &s.Stdout }), JSON: option.JSONNullable},
	{Name: "stdout_logfile_backups", Type: option.Integer, Default: "10",
		Help:  "old files of stdout to keep",
		Field: option.At(func(s *Process) *int { return &s.Stdout.Backups }), JSON: option.JSONValue},
	{Name: "stdout_logfile_maxbytes", Type: option.ByteSize, Default: "50MB",
		Help:  "size at which the file of stdout is rotated, 0 for never",
		Field: option.At(func(s *Process) *int64 { return &s.Stdout.MaxBytes }), JSON: option.JSONValue},
	{Name: "stdout_syslog", Type: option.Boolean, Default: "false",
		Help:  "send stdout to syslog",
		Field: syslogField(func(s *Process) *Log { return &s.Stdout }), JSON: option.JSONValue},
	{Name: "stderr_logfile", Type: logfileType, Default: "AUTO",
		Help:  "file for stderr, AUTO or NONE",
		Field: logfileField(func(s *Process) *Log { return &s.Stderr }), JSON: option.JSONNullable},
	{Name: "stderr_logfile_backups", Type: option.Integer, Default: "10",
		Help:  "old files of stderr to keep",
		Field: option.At(func(s *Process) *int { return &s.Stderr.Backups }), JSON: option.JSONValue},
	{Name: "stderr_logfile_maxbytes", Type: option.ByteSize, Default: "50MB",
		Help:  "size at which the file of stderr is rotated, 0 for never",
		Field: option.At(func(s *Process) *int64 { return &s.Stderr.MaxBytes }), JSON: option.JSONValue},
	{Name: "stderr_syslog", Type: option.Boolean, Default: "false",
		Help:  "send stderr to syslog",
		Field: syslogField(func(s *Process) *Log { return &s.Stderr }), JSON: option.JSONValue},
	{Name: "command", Required: true,
		Help:  "command line to run",
		Field: option.At(func(s *Process) *string { return &s.Command }), JSON: option.JSONValue,
		Missing: "program section %s does not specify a command"},
	{Name: "process_name", Default: "%(program_name)s", Help: "pattern of the processes' names", ErrorName: "process_name"},
}

// logfileField keeps the file of one output stream.
func logfileField(of func(*Process) *Log) option.Field {
	return option.In(
		func(p *Process, t LogTarget) {
			l := of(p)
			l.File, l.Auto, l.Syslog = t.File, t.Auto, t.Syslog
		},
		func(p *Process) LogTarget {
			l := of(p)
			return LogTarget{File: l.File, Auto: l.Auto}
		})
}

// syslogField keeps whether a stream goes to syslog, which stdout_logfile=syslog
// also asks for. That option is read before.
func syslogField(of func(*Process) *Log) option.Field {
	return option.In(
		func(p *Process, on bool) { of(p).Syslog = of(p).Syslog || on },
		func(p *Process) bool { return of(p).Syslog })
}
