package sampleconf

import (
	"fmt"
	"slices"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
)

const head = `Required options are set; all others are comments. Remove the semicolon to set
one. The value shown is the default, or an example if there is none.

A semicolon after white space begins a comment, also in a command where that is
not intended. Quotes are part of the value, except in environment. %(ENV_X)s
stands for the environment variable X, %(here)s for the directory of this file;
~ and $X are not expanded.

The paths below are in /tmp because every system has it. Prefer a directory that
is not cleaned up: supervisord can't be reached without its socket.`

// section is a section of the sample.
type section struct {
	in     option.Sections
	header string
	intro  string // the comment above it
	set    values // options that are not comments; if there are any, the header is none either
	shown  values // examples for options without a default, and some that are better than the default
}

type values map[string]string

// sections returns the sections in their order in the sample.
func sections() []section {
	return []section{
		{
			in: option.InUnixServer, header: "unix_http_server",
			intro: "The socket through which supervisorctl on this machine reaches supervisord.",
			set:   values{"file": "/tmp/supervisor.sock"},
			shown: values{"chown": "nobody:nogroup", "username": "user", "password": "123"},
		},
		{
			in: option.InInetServer, header: "inet_http_server",
			intro: "The same for other machines and for browsers. Everyone who gets in can run\n" +
				"commands, and nothing is encrypted: never expose it to the internet.",
			shown: values{"port": "127.0.0.1:9001", "username": "user", "password": "123"},
		},
		{
			in: option.InSupervisord, header: "supervisord",
			intro: "supervisord itself.",
			set: values{
				"logfile": "/tmp/supervisord.log", "logfile_maxbytes": "50MB", "logfile_backups": "10",
				"loglevel": "info", "pidfile": "/tmp/supervisord.pid", "nodaemon": "false", "silent": "false",
				"minfds": "1024", "minprocs": "200",
			},
			shown: values{"directory": "/tmp", "user": "nobody", "childlogdir": "/tmp", "environment": `KEY="value"`, "exit_on": "fatal"},
		},
		{
			in: option.InRPCInterface, header: "rpcinterface:supervisor",
			intro: "supervisorctl and the web pages need this section unchanged.",
			set:   values{"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
		},
		{
			in: option.InSupervisorctl, header: "supervisorctl",
			intro: "The address at which supervisorctl reaches supervisord: one of the servers above.",
			set:   values{"serverurl": "unix:///tmp/supervisor.sock"},
			shown: values{"username": "user", "password": "123", "history_file": "/tmp/history"},
		},
		{
			in: option.InProgram, header: "program:name",
			intro: "A program. Each program has its own section.",
			shown: programExamples("/bin/cat").with(ownExamples()),
		},
		{
			in: option.InEventListener, header: "eventlistener:listener",
			intro: "A program that gets events on its standard input. The options of programs that\n" +
				"Supervisor does not have can be used here and below, too.",
			shown: programExamples("/bin/listener").with(values{"events": "PROCESS_STATE", "priority": "-1"}),
		},
		{
			in: option.InFastCGI, header: "fcgi-program:fastcgi",
			intro: "A program that gets a listening socket as its standard input.",
			shown: programExamples("/bin/fastcgi").with(values{
				"socket": "unix:///tmp/fastcgi.sock", "socket_backlog": "1024", "socket_owner": "nobody", "socket_mode": "0700",
			}),
		},
		{
			in: option.InGroup, header: "group:names",
			intro: "Programs that are controlled together.",
			shown: values{"programs": "name,fastcgi", "depends_on": "listener"},
		},
		{
			in: option.InSocket, header: "socket:web",
			intro: "A listening socket that supervisord keeps open and passes to programs.",
			shown: values{"listen": "unix:///tmp/web.sock", "backlog": "1024", "socket_owner": "nobody"},
		},
		{
			in: option.InInclude, header: "include",
			intro: "More files to read; paths are relative to the directory of this file.",
			shown: values{"files": "conf.d/*.conf"},
		},
	}
}

// programExamples returns the examples for a program.
func programExamples(command string) values {
	return values{
		"command": command, "directory": "/tmp", "user": "nobody", "umask": "022", "killasgroup": "false",
		"environment": `A="1",B="2"`, "serverurl": "AUTO",
	}
}

// ownExamples returns the examples for options of programs that Supervisor does not have.
func ownExamples() values {
	return values{
		"ready": "tcp://127.0.0.1:8000", "health": "http://127.0.0.1:8000/up", "depends_on": "listener:ready",
		"wait_for": "tcp://127.0.0.1:5432", "exit_on": "fatal", "stop_scope": "group", "stop_sequence": "QUIT 20s, TERM 10s, KILL",
		"restart_limit": "5/10m", "sockets": "web", "env_file": "-/etc/default/name", "reload_signal": "HUP",
	}
}

func (v values) with(more values) values {
	for name, value := range more {
		v[name] = value
	}
	return v
}

// Text returns the sample.
func Text() string {
	var b strings.Builder
	comment(&b, head)
	for _, s := range sections() {
		s.write(&b)
	}
	return b.String()
}

func comment(b *strings.Builder, text string) {
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight("; "+strings.TrimSuffix(line, "\n"), " ") + "\n")
	}
}

func (s section) write(b *strings.Builder) {
	b.WriteByte('\n')
	comment(b, s.intro)
	mark := ";"
	if len(s.set) > 0 {
		mark = ""
	}
	fmt.Fprintf(b, "%s[%s]\n", mark, s.header)
	options := s.options()
	lines := make([]string, len(options))
	width := 0
	for i, o := range options {
		lines[i] = s.line(o)
		if len(lines[i]) <= maxWidth {
			width = max(width, len(lines[i]))
		}
	}
	for i, o := range options {
		fmt.Fprintf(b, "%-*s ; %s\n", width, lines[i], o.Help)
	}
}

// maxWidth is the longest line that the column of comments makes room for. The
// comment of a longer line follows it directly.
const maxWidth = 48

// options returns the options of the section, required ones first.
func (s section) options() []option.Option {
	list := slices.DeleteFunc(config.Options(), func(o option.Option) bool {
		shownBefore := o.Extension && o.In == option.InPrograms && s.in != option.InProgram
		return o.In&s.in == 0 || shownBefore
	})
	slices.SortStableFunc(list, func(a, b option.Option) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	// The priority of a pool comes before that of its processes; keep the first.
	seen := make(map[string]bool)
	return slices.DeleteFunc(list, func(o option.Option) bool {
		defer func() { seen[o.Name] = true }()
		return seen[o.Name]
	})
}

// line returns an option with its value, its default or an example.
func (s section) line(o option.Option) string {
	if value, ok := s.set[o.Name]; ok {
		return o.Name + "=" + value
	}
	value, ok := s.shown[o.Name]
	if !ok {
		value = o.Default
	}
	return ";" + o.Name + "=" + value
}
