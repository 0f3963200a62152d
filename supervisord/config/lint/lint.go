package lint

import (
	"fmt"
	"path/filepath"
	"strings"

	"supervisor/supervisord/config"
)

// Finding is one setting that is known to hurt.
type Finding struct {
	Section, Option string // where it is set, or would be
	What            string // what the setting does
	Why             string // what comes of it
	Write           string // what to write instead
}

// String returns the finding in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s; write %s", f.What, f.Why, f.Write)
}

// System is what the rules ask the machine. A function that is nil is not asked.
type System struct {
	ReadFile    func(path string) ([]byte, error)
	LookPath    func(command string) error   // an error if there is no such command
	CanWrite    func(directory string) error // an error if the daemon can't make files there
	InContainer bool
}

// Check returns the findings of a configuration, those of the programs in the order of the
// groups. A program with many processes is reported once.
func Check(c *config.Config, sys System) []Finding {
	r := &checker{sys: sys, seen: make(map[Finding]bool), rotated: make(map[string]string)}
	for _, s := range c.Servers {
		r.checkServer(s)
	}
	for _, g := range c.Groups {
		for _, p := range g.Processes {
			r.section = p.Section
			r.checkCommand(p)
			r.checkRestarts(p)
			r.checkStop(p)
			r.checkLog(p, "stdout_logfile", p.Stdout, c.Supervisord.ChildLogDir)
			if !p.RedirectStderr {
				r.checkLog(p, "stderr_logfile", p.Stderr, c.Supervisord.ChildLogDir)
			}
		}
	}
	return r.list
}

// checker is the state of one call of Check.
type checker struct {
	sys     System
	section string // of the current process
	list    []Finding
	seen    map[Finding]bool
	rotated map[string]string // the process that rotates each file, by path
}

func (r *checker) add(option, what, why, write string) {
	f := Finding{Section: r.section, Option: option, What: what, Why: why, Write: write}
	if !r.seen[f] {
		r.seen[f] = true
		r.list = append(r.list, f)
	}
}

func (r *checker) checkServer(s config.Server) {
	if s.Family != "tcp" || s.Credentials {
		return
	}
	r.section = s.Section
	who := "everybody who reaches the port"
	switch s.Host {
	case "localhost", "127.0.0.1", "::1":
		who = "every user of this machine"
	}
	r.add("port", "the server asks for no password", who+" can start and stop programs and read their logs",
		"username= and password=, or use [unix_http_server] instead")
}

func (r *checker) checkRestarts(p *config.Process) {
	if p.StartSecs == 0 && p.Autorestart != config.RestartNever && !p.Restart.HasDelay() && p.Restart.Limit == 0 {
		r.add("startsecs", "with startsecs = 0 every start counts as successful",
			"a program that fails at once is restarted at once, for ever, and never becomes FATAL",
			"startsecs = 1, or autorestart = false for a task that runs once")
	}
}

// dockerGrace is the time in seconds after which docker stop kills a container, unless it
// is told otherwise.
const dockerGrace = 10

func (r *checker) checkStop(p *config.Process) {
	if !r.sys.InContainer || p.StopWaitSecs <= dockerGrace {
		return
	}
	r.add("stopwaitsecs", fmt.Sprintf("the program may take %d s to stop", p.StopWaitSecs),
		"docker stop kills the whole container after 10 s, Kubernetes after 30 s",
		"a longer time there: docker run --stop-timeout, stop_grace_period, terminationGracePeriodSeconds")
}

func (r *checker) checkLog(p *config.Process, name string, log config.Log, childLogDir string) {
	switch file := log.File; {
	case log.Auto:
		r.checkDirectory(name, childLogDir)
	case file == "" || log.Syslog:
	case strings.HasPrefix(file, "/dev/"):
		if log.MaxBytes != 0 {
			r.add(name, file+" can't be rotated", "Supervisor fails with it, and this supervisord only ignores the size",
				name+"_maxbytes = 0")
		}
	default:
		r.checkDirectory(name, filepath.Dir(file))
		r.checkRotation(p, name, log)
	}
}

func (r *checker) checkDirectory(name, directory string) {
	if r.sys.CanWrite == nil || directory == "" {
		return
	}
	if err := r.sys.CanWrite(directory); err != nil {
		r.add(name, "this user can't make files in "+directory+": "+err.Error(), "a program whose log can't be opened does not start",
			"a directory that supervisord may write to")
	}
}

func (r *checker) checkRotation(p *config.Process, name string, log config.Log) {
	if log.MaxBytes == 0 {
		return
	}
	who := p.Section + " " + p.Name + " " + name
	other, taken := r.rotated[log.File]
	if !taken {
		r.rotated[log.File] = who
		return
	}
	section, _, _ := strings.Cut(other, " ")
	what, write := fmt.Sprintf("[%s] rotates %s too", section, log.File), "another file, or "+name+"_maxbytes = 0 in both"
	if section == p.Section {
		what, write = "several processes rotate "+log.File, "%(process_num)d into the name of the file"
		if strings.HasPrefix(other, p.Section+" "+p.Name+" ") {
			what, write = "stdout and stderr rotate "+log.File+" both", "redirect_stderr = true"
		}
	}
	r.add(name, what, "each renames it under the other, and lines are lost", write)
}
