package lint

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// daemon is a command that goes into the background by itself: with one of the flags in
// forks, or without one of the flags in stays.
type daemon struct {
	names string // separated by blanks, without the number of a version
	forks []string
	stays []string
	write string
	// quits are arguments with which the command does something else and exits.
	quits []string
	// files are where a configuration file may be that decides it as well: paths, flags
	// before a path, or firstArgument. setting is the regular expression of the line, with
	// its value in parentheses. It is inverted if a true value means the foreground.
	files    []string
	setting  string
	inverted bool
}

const firstArgument = "$1"

// daemons are the ones that are found under supervisord in public configurations. The
// flags are from their manuals.
var daemons = []daemon{
	{
		names: "nginx openresty angie", stays: []string{"daemon off;", "daemon off"}, write: `command = nginx -g "daemon off;"`,
		quits: []string{"-t", "-T", "-v", "-V", "-s", "-h"},
		files: []string{"-c", "/etc/nginx/nginx.conf"}, setting: `daemon\s+(on|off)\s*;`,
	}, {
		names: "php-fpm", stays: []string{"-F", "-FR", "-RF", "--nodaemonize"}, write: "the option -F behind it",
		quits:   []string{"-t", "-v", "-i", "-m", "-h"},
		files:   []string{"-y", "--fpm-config", "/usr/local/etc/php-fpm.d/zz-docker.conf", "/usr/local/etc/php-fpm.d/docker.conf"},
		setting: `daemonize\s*=\s*(\w+)`,
	},
	{names: "httpd apache apachectl apache2ctl", stays: []string{"-DFOREGROUND", "FOREGROUND", "-DNO_DETACH", "NO_DETACH", "-X"}, write: "the option -DFOREGROUND behind it", quits: []string{"-t", "-v", "-V", "-S", "-M"}},
	{names: "redis-server valkey-server keydb-server", forks: []string{"--daemonize yes"}, stays: []string{"--daemonize no"}, write: "--daemonize no", files: []string{firstArgument}, setting: `daemonize\s+(yes|no)`},
	{names: "celery", forks: []string{"-D", "--detach", "multi"}, write: "celery worker without -D, --detach and multi"},
	{names: "gunicorn unicorn unicorn_rails rainbows puma thin hypercorn", forks: []string{"-D", "--daemon", "--daemonize"}, write: "the command without -D and --daemon"},
	{names: "uwsgi", forks: []string{"-d", "--daemonize", "--daemonize2"}, write: "the command without --daemonize; stdout_logfile= has its log"},
	{names: "sshd", stays: []string{"-D", "-d", "-De", "-eD", "-t", "-T"}, write: "the option -D behind it"},
	{names: "cron crond", stays: []string{"-f", "-n", "-foreground"}, write: "the option -f behind it (-n for cronie)"},
	{names: "rsyslogd", stays: []string{"-n", "-N"}, write: "the option -n behind it"},
	{names: "dnsmasq", stays: []string{"-k", "-d", "--keep-in-foreground", "--no-daemon", "--test"}, write: "the option -k behind it"},
	{names: "lighttpd", stays: []string{"-D", "-t"}, write: "the option -D behind it"},
	{names: "varnishd", stays: []string{"-F", "-d", "-C"}, write: "the option -F behind it"},
	{names: "squid", stays: []string{"-N", "--foreground", "-z", "-k"}, write: "the option -N behind it"},
	{names: "memcached", forks: []string{"-d", "--daemon"}, write: "the command without -d"},
	{names: "mongod mongos", forks: []string{"--fork"}, write: "the command without --fork"},
	{names: "mysqld mariadbd", forks: []string{"--daemonize", "-D"}, write: "the command without --daemonize"},
	{names: "haproxy", forks: []string{"-D"}, write: "-db instead of -D"},
	{names: "rabbitmq-server", forks: []string{"-detached"}, write: "the command without -detached"},
	{names: "pg_ctl pg_ctlcluster", forks: []string{"start", "restart"}, write: "postgres -D DIRECTORY"},
	{names: "supervisord", stays: []string{"-n", "-nc", "--nodaemon", "-v", "--version", "-t"}, write: "the option -n behind it", files: []string{"-c", "--configuration"}, setting: `nodaemon\s*=\s*(\w+)`, inverted: true},
	{names: "twistd", stays: []string{"-n", "--nodaemon", "-no", "-ny", "-noy"}, write: "the option -n behind it"},
	{names: "pm2", forks: []string{"start", "restart", "resurrect"}, stays: []string{"--no-daemon"}, write: "pm2-runtime, or one [program:x] for each app"},
	{names: "forever", forks: []string{"start"}, write: "node without forever, which supervisord replaces"},
	{names: "caddy", forks: []string{"start"}, write: "caddy run"},
	{names: "ssh autossh", forks: []string{"-f", "-fN", "-Nf"}, write: "the command without -f"},
	{names: "docker podman", forks: []string{"-d", "--detach", "-dit", "-itd", "-td"}, write: "the command without -d"},
	{names: "postfix", forks: []string{"start"}, write: "postfix start-fg"},
	{names: "vsftpd", forks: []string{"-obackground=YES"}, write: "-obackground=NO"},
	{names: "openvpn", forks: []string{"--daemon"}, write: "the command without --daemon"},
	{names: "proftpd", stays: []string{"-n", "--nodaemon", "-t"}, write: "the option --nodaemon behind it"},
	{names: "dovecot", stays: []string{"-F"}, write: "the option -F behind it"},
	{names: "named", stays: []string{"-f", "-g"}, write: "the option -f behind it"},
	{names: "zabbix_agentd zabbix_server zabbix_proxy", stays: []string{"-f", "--foreground"}, write: "the option -f behind it"},
	{names: "pgbouncer beanstalkd gearmand", forks: []string{"-d", "--daemon"}, write: "the command without -d"},
	{names: "start-stop-daemon", forks: []string{"-b", "--background"}, write: "the command itself, with user= and directory="},
	{names: "screen tmux", forks: []string{"-dmS", "-dm", "-d"}, write: "the command that runs in it"},
	{names: "daemonize daemon", stays: []string{"-f", "--foreground"}, write: "the command itself"},
	{names: "service systemctl initctl rc-service", forks: []string{"start", "restart"}, write: "the command that the service runs, in the foreground"},
}

// findDaemon returns the entry of a command, nil if nothing is known about it. A number of a
// version at the end, as in php-fpm8.2, is ignored.
func findDaemon(command string) *daemon {
	name := path.Base(command)
	for i := range daemons {
		names := strings.Fields(daemons[i].names)
		if slices.Contains(names, name) || slices.Contains(names, strings.TrimRight(name, "0123456789.")) {
			return &daemons[i]
		}
	}
	return nil
}

// foreground returns what to write instead of a command that goes into the background by
// itself, "" if it does not, or if nothing is known about it.
func foreground(argv []string, readFile func(string) ([]byte, error)) string {
	if strings.HasPrefix(argv[0], "/etc/init.d/") || strings.HasPrefix(argv[0], "/etc/rc.d/") {
		return "the command that the script runs, in the foreground"
	}
	d, args := findDaemon(argv[0]), argv[1:]
	if d == nil || hasAny(args, d.quits) || hasAny(args, d.stays) {
		return ""
	}
	forks := d.forks == nil || hasAny(args, d.forks)
	switch found, value := d.readSetting(args, readFile); {
	case found && !value, !found && !forks:
		return ""
	}
	return d.write
}

// hasAny reports whether one of the flags is among the arguments, also as --flag=value. A
// flag of two words is one argument or two.
func hasAny(args, flags []string) bool {
	joined := " " + strings.Join(args, " ") + " "
	for _, f := range flags {
		if strings.Contains(joined, " "+f+" ") || strings.HasPrefix(f, "--") && strings.Contains(joined, " "+f+"=") {
			return true
		}
	}
	return false
}

// readSetting returns what the configuration file of a daemon says about the background. If
// the arguments name a file that can't be read, it is taken for one that is right.
func (d *daemon) readSetting(args []string, readFile func(string) ([]byte, error)) (found, background bool) {
	if d.setting == "" {
		return false, false
	}
	if readFile == nil {
		return true, false
	}
	setting := regexp.MustCompile(`(?mi)^\s*` + d.setting)
	for _, file := range d.files {
		named := false
		switch {
		case file == firstArgument:
			if len(args) == 0 || strings.HasPrefix(args[0], "-") {
				continue
			}
			file, named = args[0], true
		case strings.HasPrefix(file, "-"):
			i := slices.Index(args, file)
			if i < 0 || i+1 >= len(args) {
				continue
			}
			file, named = args[i+1], true
		}
		text, err := readFile(file)
		if err != nil && named {
			return true, false
		}
		if m := setting.FindSubmatch(text); m != nil {
			word := strings.ToLower(string(m[1]))
			return true, slices.Contains([]string{"yes", "on", "1", "true"}, word) != d.inverted
		}
		if named {
			return false, false
		}
	}
	return false, false
}
