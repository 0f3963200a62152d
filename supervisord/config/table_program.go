package config

import (
	"slices"

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
		Field: option.FieldOf(func(s *Process) any { return &s.Priority }), Live: true, JSON: option.JSONValue},
	{Name: "autostart", Type: option.Boolean, Default: "true",
		Help:  "start when supervisord starts",
		Field: option.FieldOf(func(s *Process) any { return &s.Autostart }), Live: true, JSON: option.JSONValue},
	{Name: "autorestart", Type: autorestartType, Default: "unexpected",
		Help:  "start again when it exits: always, never, or when the exit status is not in exitcodes",
		Field: option.FieldOf(func(s *Process) any { return &s.Autorestart }), Live: true, JSON: option.JSONValue},
	{Name: "startsecs", Type: option.Integer, Default: "1",
		Help:  "seconds to stay up for the start to have succeeded",
		Field: option.FieldOf(func(s *Process) any { return &s.StartSecs }), Live: true, JSON: option.JSONValue},
	{Name: "startretries", Type: option.Integer, Default: "3",
		Help:  "further attempts before giving up",
		Field: option.FieldOf(func(s *Process) any { return &s.StartRetries }), Live: true, JSON: option.JSONValue},
	{Name: "stopsignal", Type: option.Signal, Default: "TERM",
		Help:  "signal that asks it to stop",
		Field: option.FieldOf(func(s *Process) any { return &s.StopSignal }), Live: true, JSON: option.JSONValue},
	{Name: "stopwaitsecs", Type: option.Integer, Default: "10",
		Help:  "seconds to wait before SIGKILL",
		Field: option.FieldOf(func(s *Process) any { return &s.StopWaitSecs }), Live: true, JSON: option.JSONValue},
	{Name: "stopasgroup", Type: option.Boolean, Default: "false",
		Help:  "send the stop signal to the whole process group",
		Field: option.FieldOf(func(s *Process) any { return &s.StopAsGroup }), Live: true, JSON: option.JSONValue},
	{Name: "killasgroup", Type: option.Boolean,
		Help:  "send SIGKILL to the whole process group, as stopasgroup by default",
		Field: option.FieldOf(func(s *Process) any { return &s.KillAsGroup }), Live: true, JSON: option.JSONValue},
	{Name: "exitcodes", Type: exitCodesType, Default: "0",
		Help:  "expected exit statuses",
		Field: option.FieldOf(func(s *Process) any { return &s.ExitCodes }), Live: true, JSON: option.JSONValue},
	{Name: "redirect_stderr", Type: option.Boolean, Default: "false",
		Help:  "stderr goes where stdout goes",
		Field: option.FieldOf(func(s *Process) any { return &s.RedirectStderr }), JSON: option.JSONValue},
	{Name: "numprocs", Type: option.Integer, Default: "1",
		Help:  "number of processes",
		Field: option.FieldOf(func(s *Numbering) any { return &s.Numprocs })},
	{Name: "numprocs_start", Type: option.Integer, Default: "0",
		Help:  "first process_num",
		Field: option.FieldOf(func(s *Numbering) any { return &s.Start })},
	{Name: "stdout_capture_maxbytes", Type: option.ByteSize, Default: "0",
		Help:  "size of the capture buffer of stdout, 0 for no capture",
		Field: option.FieldOf(func(s *Process) any { return &s.Stdout.CaptureMaxBytes }), JSON: option.JSONValue},
	{Name: "stdout_events_enabled", Type: option.Boolean, Default: "false",
		Help:  "emit PROCESS_LOG_STDOUT events",
		Field: option.FieldOf(func(s *Process) any { return &s.Stdout.Events }), JSON: option.JSONValue},
	{Name: "stderr_capture_maxbytes", Type: option.ByteSize, Default: "0",
		Help:  "size of the capture buffer of stderr, 0 for no capture",
		Field: option.FieldOf(func(s *Process) any { return &s.Stderr.CaptureMaxBytes }), JSON: option.JSONValue},
	{Name: "stderr_events_enabled", Type: option.Boolean, Default: "false",
		Help:  "emit PROCESS_LOG_STDERR events",
		Field: option.FieldOf(func(s *Process) any { return &s.Stderr.Events }), JSON: option.JSONValue},
	{Name: "serverurl",
		Help:  "SUPERVISOR_SERVER_URL of the process, AUTO for the computed one",
		Field: option.FieldOf(func(s *Process) any { return &s.ServerURL }), JSON: option.JSONNullable},
	{Name: "user", Type: option.User,
		Help:  "user to run as",
		Field: option.FieldOf(func(s *Process) any { return &s.UID })},
	{Name: "umask", Type: option.Octal,
		Help:  "umask of the process",
		Field: option.FieldOf(func(s *Process) any { return &s.Umask }), JSON: option.JSONValue},
}

// processOptions are read for each process.
var processOptions = option.Table{
	{Name: "environment", Type: environmentType, Names: envNames, Help: "variables of the process", ErrorName: "environment",
		Field: option.FieldOf(func(s *Process) any { return &s.Environment }), JSON: option.JSONValue},
	{Name: "directory",
		Help:  "directory to change to before running the command",
		Field: option.FieldOf(func(s *Process) any { return &s.Directory }), JSON: option.JSONNullable},
	{Name: "stdout_logfile", Type: logfileType, Default: "AUTO",
		Help:  "file for stdout, AUTO or NONE",
		Field: option.FieldOf(func(s *Process) any { return &s.Stdout }), JSON: option.JSONNullable},
	{Name: "stdout_logfile_backups", Type: option.Integer, Default: "10",
		Help:  "old files of stdout to keep",
		Field: option.FieldOf(func(s *Process) any { return &s.Stdout.Backups }), JSON: option.JSONValue},
	{Name: "stdout_logfile_maxbytes", Type: option.ByteSize, Default: "50MB",
		Help:  "size at which the file of stdout is rotated, 0 for never",
		Field: option.FieldOf(func(s *Process) any { return &s.Stdout.MaxBytes }), JSON: option.JSONValue},
	{Name: "stdout_syslog", Type: option.Boolean, Default: "false",
		Help:  "send stdout to syslog",
		Field: option.FieldOf(func(s *Process) any { return &s.Stdout.Syslog }), JSON: option.JSONValue},
	{Name: "stderr_logfile", Type: logfileType, Default: "AUTO",
		Help:  "file for stderr, AUTO or NONE",
		Field: option.FieldOf(func(s *Process) any { return &s.Stderr }), JSON: option.JSONNullable},
	{Name: "stderr_logfile_backups", Type: option.Integer, Default: "10",
		Help:  "old files of stderr to keep",
		Field: option.FieldOf(func(s *Process) any { return &s.Stderr.Backups }), JSON: option.JSONValue},
	{Name: "stderr_logfile_maxbytes", Type: option.ByteSize, Default: "50MB",
		Help:  "size at which the file of stderr is rotated, 0 for never",
		Field: option.FieldOf(func(s *Process) any { return &s.Stderr.MaxBytes }), JSON: option.JSONValue},
	{Name: "stderr_syslog", Type: option.Boolean, Default: "false",
		Help:  "send stderr to syslog",
		Field: option.FieldOf(func(s *Process) any { return &s.Stderr.Syslog }), JSON: option.JSONValue},
	{Name: "command", Required: true,
		Help:  "command line to run",
		Field: option.FieldOf(func(s *Process) any { return &s.Command }), JSON: option.JSONValue,
		Missing: "program section %s does not specify a command"},
	{Name: "process_name", Default: "%(program_name)s", Help: "pattern of the processes' names", ErrorName: "process_name"},
}
