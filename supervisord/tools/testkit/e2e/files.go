package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Path is a path in the directory of the daemon.
func (d *Daemon) Path(name string) string { return filepath.Join(d.Dir, name) }

// Write writes a file in the directory of the daemon and returns its path.
func (d *Daemon) Write(name, text string) string {
	d.T.Helper()
	if err := os.WriteFile(d.Path(name), []byte(text), 0o644); err != nil {
		d.T.Fatal(err)
	}
	return d.Path(name)
}

// Touch writes an empty file.
func (d *Daemon) Touch(name string) { d.T.Helper(); d.Write(name, "") }

// WriteScript writes an executable shell script and returns its path.
func (d *Daemon) WriteScript(name, text string) string {
	d.T.Helper()
	path := d.Write(name, "#!/bin/sh\n"+text)
	if err := os.Chmod(path, 0o755); err != nil {
		d.T.Fatal(err)
	}
	return path
}

// Read returns what a file contains, or "" if it can't be read.
func (d *Daemon) Read(name string) string {
	data, _ := os.ReadFile(d.Path(name))
	return string(data)
}

// Exists reports whether there is a file of this name.
func (d *Daemon) Exists(name string) bool {
	_, err := os.Lstat(d.Path(name))
	return err == nil
}

// Remove removes files.
func (d *Daemon) Remove(names ...string) {
	d.T.Helper()
	for _, name := range names {
		if err := os.Remove(d.Path(name)); err != nil {
			d.T.Fatal(err)
		}
	}
}

// Mkdir makes a directory.
func (d *Daemon) Mkdir(name string) {
	d.T.Helper()
	if err := os.Mkdir(d.Path(name), 0o755); err != nil {
		d.T.Fatal(err)
	}
}

// Configure writes supervisord.conf. All programs have MARK in their environment,
// by which Processes finds them.
func (d *Daemon) Configure(programs string) {
	d.T.Helper()
	d.Write("supervisord.conf", fmt.Sprintf(`[supervisord]
nodaemon=true
logfile=%[1]s/supervisord.log
pidfile=%[1]s/supervisord.pid
childlogdir=%[1]s
environment=MARK="%[1]s"
[unix_http_server]
file=%[1]s/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%[1]s/s.sock
%[2]s`, d.Dir, programs))
}

// EditConfig replaces the first occurrence of a text in supervisord.conf.
func (d *Daemon) EditConfig(old, replacement string) {
	d.T.Helper()
	text := d.Read("supervisord.conf")
	if !strings.Contains(text, old) {
		d.T.Fatalf("supervisord.conf has no %q", old)
	}
	d.Write("supervisord.conf", strings.Replace(text, old, replacement, 1))
}

// AddOptions adds lines to [supervisord].
func (d *Daemon) AddOptions(options string) {
	d.T.Helper()
	d.EditConfig("[supervisord]", "[supervisord]\n"+options)
}

// PathInNamespace is a path as it is seen in the mount namespace of the daemon.
func (d *Daemon) PathInNamespace(name string) string {
	return fmt.Sprintf("/proc/%d/root%s", d.PID(), d.Path(name))
}

// AwaitFile waits until there is a file of this name.
func (d *Daemon) AwaitFile(name string) {
	d.T.Helper()
	d.Await(name+" exists", func() bool { return d.Exists(name) })
}

// AwaitText waits until a file contains a text.
func (d *Daemon) AwaitText(name, text string) {
	d.T.Helper()
	d.Await(fmt.Sprintf("%q in %s", text, name), func() bool { return strings.Contains(d.Read(name), text) })
}

// AwaitGrowth waits until a file is longer than it was.
func (d *Daemon) AwaitGrowth(name string) {
	d.T.Helper()
	before := FileSize(d.Path(name))
	d.Await(name+" grows", func() bool { return FileSize(d.Path(name)) > before })
}

// FileSize is the size of a file, 0 if there is none.
func FileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Log returns what the daemons have written to supervisord.log.
func (d *Daemon) Log() string { return d.Read("supervisord.log") }

// AwaitLog waits until supervisord.log contains a text.
func (d *Daemon) AwaitLog(text string) {
	d.T.Helper()
	d.AwaitText("supervisord.log", text)
}

// CountLogged counts how often supervisord.log contains a text.
func (d *Daemon) CountLogged(text string) int { return strings.Count(d.Log(), text) }

// CheckNumbered fails the test unless the lines of a log, its backups included, are
// the numbers from 1 on. It returns how many there are.
func (d *Daemon) CheckNumbered(log string) int {
	d.T.Helper()
	var all strings.Builder
	backups, _ := filepath.Glob(d.Path(log + ".*"))
	oldest := 0
	for _, path := range backups { // a daemon killed in a rotation leaves a number out
		n, _ := strconv.Atoi(filepath.Ext(path)[1:])
		oldest = max(oldest, n)
	}
	for i := oldest; i > 0; i-- {
		all.WriteString(d.Read(log + "." + strconv.Itoa(i)))
	}
	all.WriteString(d.Read(log))
	text := all.String()
	lines := strings.Split(text[:strings.LastIndexByte(text, '\n')+1], "\n")
	lines = lines[:len(lines)-1]
	for i, line := range lines {
		if line != strconv.Itoa(i+1) {
			d.T.Fatalf("line %d of %s is %q", i+1, log, line)
		}
	}
	return len(lines)
}
