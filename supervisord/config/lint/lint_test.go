package lint

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
)

// files is a machine with some files; all other commands exist.
type files map[string]string

func (f files) system() System {
	return System{
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := f[path]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		},
		LookPath: func(command string) error {
			if command == "missing" || command == "/opt/missing" {
				return fs.ErrNotExist
			}
			return nil
		},
		CanWrite: func(directory string) error {
			if directory == "/readonly" {
				return errors.New("permission denied")
			}
			return nil
		},
	}
}

func checkOne(p config.Process, sys System) []Finding {
	p.Name, p.Section = "x", "program:x"
	if p.StartSecs == 0 && p.Autorestart == config.RestartNever {
		p.StartSecs = 1
	}
	return Check(&config.Config{Groups: []*config.Group{{Processes: []*config.Process{&p}}}}, sys)
}

// What is found in each command: a word of the finding, "" for none.
func TestCommands(t *testing.T) {
	t.Parallel()
	machine := files{
		"/etc/own.conf":       "worker_processes 1;\ndaemon off;\n",
		"/etc/on.conf":        "daemon on;\n",
		"/etc/fpm.conf":       "[global]\ndaemonize = no\n",
		"/etc/redis.conf":     "port 1\ndaemonize yes\n",
		"/etc/redis-own.conf": "daemonize no\n",
		"/etc/inner.conf":     "[supervisord]\nnodaemon=true\n",
		"/srv/run.sh":         "#!/bin/sh\ncd /srv\nnode server.js\n",
		"/srv/exec.sh":        "#!/bin/sh\ncd /srv\nexec node server.js\n",
	}
	const background, shell, ampersand = "background by itself", "runs on beside", "with &"
	for command, want := range map[string]string{
		"nginx":                                       background,
		"/usr/sbin/nginx -c /etc/on.conf":             background,
		`nginx -g "daemon off;"`:                      "",
		`nginx -g 'pid /run/x; daemon off;'`:          "",
		"nginx -c /etc/own.conf":                      "",
		"nginx -c /etc/unreadable.conf":               "",
		"nginx -t":                                    "",
		"php-fpm":                                     background,
		"/usr/sbin/php-fpm8.2":                        background,
		"/usr/sbin/php-fpm8.2 -F":                     "",
		"php-fpm --nodaemonize":                       "",
		"php-fpm -y /etc/fpm.conf":                    "",
		"redis-server":                                "",
		"redis-server /etc/redis.conf":                background,
		"redis-server --daemonize yes":                background,
		"redis-server /etc/redis-own.conf":            "",
		"redis-server /etc/redis.conf --daemonize no": "",
		"celery -A shop worker":                       "",
		"/venv/bin/celery -A shop worker -D":          background,
		"celery multi start w1":                       background,
		"celery beat --detach":                        background,
		"gunicorn app:app":                            "",
		"gunicorn -D app:app":                         background,
		"gunicorn --daemon app:app":                   background,
		"uwsgi --ini x.ini --daemonize=/var/log/u":    background,
		"apachectl start":                             background,
		"apache2ctl -D FOREGROUND":                    "",
		"/usr/sbin/apache2 -DFOREGROUND":              "",
		"/usr/sbin/sshd":                              background,
		"/usr/sbin/sshd -D -e":                        "",
		"cron":                                        background,
		"cron -f":                                     "",
		"supervisord -c /etc/inner.conf":              "",
		"supervisord -c /etc/absent.conf -n":          "",
		"supervisord":                                 background,
		"service mysql start":                         background,
		"systemctl start web":                         background,
		"/etc/init.d/mysql start":                     background,
		"docker run -d redis":                         background,
		"docker run --rm redis":                       "",
		"pm2 start app.js":                            background,
		"pm2-runtime app.js":                          "",

		"env A=1 nginx":                      background,
		"nice -n 5 env -u B gunicorn -D a:a": background,
		"sudo -u www gunicorn -D a:a":        background,
		"gosu www nginx":                     background,
		"timeout 60 memcached -d":            background,
		"env":                                "",
		"sh -c nginx":                        background,
		"sh -c 'cd /srv && exec nginx'":      background,
		"bash -lc 'gunicorn -D a:a'":         background,

		"sh -c 'node server.js'":                 "",
		"sh -c 'cd /srv && node server.js'":      shell,
		"bash -ec 'cd /srv; node server.js'":     shell,
		"sh -c 'node server.js | tee /tmp/x'":    shell,
		"sh -c 'cd /srv && exec node server.js'": "",
		`sh -c "echo 'a && b'"`:                  "",
		"sh -c 'node server.js 2>&1'":            "",
		"sh -c 'node server.js &> /tmp/x'":       "",
		"sh -c 'node server.js &'":               ampersand,
		"bash -c 'a & b & wait'":                 shell,
		"/srv/run.sh":                            shell,
		"sh /srv/run.sh":                         shell,
		"bash -e /srv/run.sh now":                shell,
		"/srv/exec.sh":                           "",
		"/srv/absent.sh":                         "",
		"sh":                                     "",
		"sh -c":                                  "",
		"'unbalanced":                            "",
		"":                                       "",
		"missing --flag":                         "no command missing",
		"/opt/missing":                           "no command /opt/missing",
		"./missing":                              "",
		"python -m http.server -d /srv":          "",
	} {
		found := checkOne(config.Process{Command: command}, machine.system())
		switch {
		case want == "" && len(found) > 0:
			t.Errorf("%s: %v", command, found)
		case want != "" && (len(found) != 1 || !strings.Contains(found[0].String(), want) || found[0].Option != "command"):
			t.Errorf("%s: %v, want one with %q", command, found, want)
		}
	}
}

// A shell whose whole group is stopped does no harm.
func TestShellStoppedWithItsProgram(t *testing.T) {
	t.Parallel()
	p := config.Process{Command: "sh -c 'a; b'", StopAsGroup: true}
	if found := checkOne(p, System{}); len(found) > 0 {
		t.Error(found)
	}
	p.StopAsGroup = false
	p.Stop.Scope = config.ScopeTree
	if found := checkOne(p, System{}); len(found) > 0 {
		t.Error(found)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	inContainer := files{}.system()
	inContainer.InContainer = true
	for _, test := range []struct {
		name string
		p    config.Process
		sys  System
		want string // the option and a word of the finding, "" for none
	}{
		{"loop", config.Process{Autorestart: config.RestartAlways}, System{}, "startsecs FATAL"},
		{"loop of failures", config.Process{Autorestart: config.RestartUnexpected}, System{}, "startsecs FATAL"},
		{"once", config.Process{Autorestart: config.RestartNever}, System{}, ""},
		{"with a delay", config.Process{Autorestart: config.RestartAlways,
			Policy: config.Policy{Restart: config.RestartPolicy{Delay: 1}}}, System{}, ""},
		{"long stop", config.Process{StopWaitSecs: 60}, System{}, ""},
		{"long stop in a container", config.Process{StopWaitSecs: 60}, inContainer, "stopwaitsecs 60 s"},
		{"short stop in a container", config.Process{StopWaitSecs: 10}, inContainer, ""},
		{"rotated device", config.Process{Stdout: config.Log{File: "/dev/stdout", MaxBytes: 50}}, System{}, "stdout_logfile rotated"},
		{"device", config.Process{Stdout: config.Log{File: "/dev/stdout"}}, System{}, ""},
		{"no directory", config.Process{Stderr: config.Log{File: "/readonly/a"}}, files{}.system(), "stderr_logfile permission"},
		{"redirected", config.Process{RedirectStderr: true, Stderr: config.Log{File: "/readonly/a"}}, files{}.system(), ""},
		{"both in one", config.Process{Stdout: config.Log{File: "/a", MaxBytes: 1}, Stderr: config.Log{File: "/a", MaxBytes: 1}},
			System{}, "stderr_logfile stdout and stderr rotate /a"},
		{"both in one, not rotated", config.Process{Stdout: config.Log{File: "/a"}, Stderr: config.Log{File: "/a"}}, System{}, ""},
		{"syslog", config.Process{Stdout: config.Log{File: "syslog", Syslog: true, MaxBytes: 1}, Stderr: config.Log{File: "syslog", Syslog: true, MaxBytes: 1}},
			files{}.system(), ""},
	} {
		found := checkOne(test.p, test.sys)
		name, words, _ := strings.Cut(test.want, " ")
		switch {
		case test.want == "" && len(found) > 0:
			t.Errorf("%s: %v", test.name, found)
		case test.want != "" && (len(found) != 1 || found[0].Option != name || !strings.Contains(found[0].String(), words)):
			t.Errorf("%s: %v, want %s", test.name, found, test.want)
		}
	}
}

// Many processes of one program are reported once, and a file of two programs with the
// other one's name.
func TestSharedLogs(t *testing.T) {
	t.Parallel()
	log := config.Log{File: "/var/log/x", MaxBytes: 1}
	var processes []*config.Process
	for _, p := range []struct{ section, name string }{{"program:a", "a_0"}, {"program:a", "a_1"}, {"program:a", "a_2"}, {"program:b", "b"}} {
		processes = append(processes, &config.Process{Section: p.section, Name: p.name, StartSecs: 1, Stdout: log})
	}
	got := Check(&config.Config{Groups: []*config.Group{{Processes: processes}}}, System{})
	const why = "each renames it under the other, and lines are lost"
	want := []Finding{
		{"program:a", "stdout_logfile", "several processes rotate /var/log/x", why, "%(process_num)d into the name of the file"},
		{"program:b", "stdout_logfile", "[program:a] rotates /var/log/x too", why, "another file, or stdout_logfile_maxbytes = 0 in both"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestServers(t *testing.T) {
	t.Parallel()
	found := Check(&config.Config{Servers: []config.Server{
		{Section: "inet_http_server", Family: "tcp"},
		{Section: "inet_http_server:local", Family: "tcp", Host: "127.0.0.1"},
		{Section: "inet_http_server:closed", Family: "tcp", Credentials: true},
		{Section: "unix_http_server", Family: "unix"},
	}}, System{})
	if len(found) != 2 || !strings.Contains(found[0].Why, "reaches the port") || !strings.Contains(found[1].Why, "of this machine") {
		t.Error(found)
	}
}
