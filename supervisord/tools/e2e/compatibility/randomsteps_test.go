package compatibility

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"supervisor/supervisord/api/xmlrpc"
)

// testCommands are the commands of programs. They end at once, or when they are stopped.
var testCommands = []string{
	"/bin/cat", "/bin/cat", "/bin/sleep 1000", "/bin/true", "/bin/false", "/bin/sh -c 'echo out; echo err >&2; exit 3'",
	"/bin/sh -c 'echo ready; exec cat'", `/bin/sh -c "trap 'exit 7' USR1 TERM; echo up; while :; do sleep 0.05; done"`,
	"/no/such/file", "nosuchcommand -x", "/tmp", "/bin/sh -c 'unfinished",
}

// randomConfig writes a configuration with random programs and groups.
func (d *comparison) randomConfig() string {
	r := d.random
	var b strings.Builder
	b.WriteString(`[supervisord]
logfile=@DIR@/sup.log
pidfile=@DIR@/sup.pid
childlogdir=@DIR@
[unix_http_server]
file=@DIR@/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://@DIR@/s.sock
`)
	var loose, grouped []string
	for i := range 2 + r.IntN(4) {
		name := fmt.Sprintf("p%d", i)
		count := 1
		if r.IntN(4) == 0 {
			count = 2
		}
		group := name
		if r.IntN(3) == 0 {
			group, grouped = "g", append(grouped, name)
		} else {
			loose = append(loose, name)
		}
		for n := range count {
			process := name
			if count > 1 {
				process = fmt.Sprintf("%s_%d", name, n)
			}
			full := group + ":" + process
			if group == process {
				full = process
			}
			d.programs = append(d.programs, full)
		}
		d.randomProgram(&b, name, count)
	}
	d.groups = loose
	if len(grouped) > 0 {
		d.groups = append(d.groups, "g")
		fmt.Fprintf(&b, "[group:g]\nprograms=%s\npriority=%d\n", strings.Join(grouped, ","), r.IntN(3))
	}
	d.programs = append(d.programs, "nope", "g:nope", "p0:*", "")
	d.groups = append(d.groups, "nope")
	return b.String()
}

func (d *comparison) randomProgram(b *strings.Builder, name string, count int) {
	r := d.random
	command := testCommands[r.IntN(len(testCommands))]
	fmt.Fprintf(b, "[program:%s]\ncommand=%s\n", name, command)
	if count > 1 {
		fmt.Fprintf(b, "numprocs=%d\nprocess_name=%%(program_name)s_%%(process_num)d\n", count)
	}
	choose := func(option string, values ...string) {
		if v := values[r.IntN(len(values))]; v != "" {
			fmt.Fprintf(b, "%s=%s\n", option, v)
		}
	}
	ends := slices.Contains([]string{"/bin/true", "/bin/false"}, command) || strings.Contains(command, "exit 3")
	if ends {
		// A program that ends at once and is always restarted has no final state. With
		// startsecs=0, Python Supervisor may or may not have noticed the exit when it
		// answers.
		b.WriteString("autorestart=false\nstartsecs=5\n")
	} else {
		choose("autorestart", "", "true", "false", "unexpected")
		b.WriteString("startsecs=0\n")
	}
	b.WriteString("startretries=0\n")
	choose("autostart", "", "true", "false")
	choose("priority", "", "1", "5", "999")
	choose("exitcodes", "", "0,3", "7", "")
	choose("stopsignal", "", "TERM", "INT", "KILL", "USR1")
	b.WriteString("stopwaitsecs=2\n")
	choose("stopasgroup", "", "true")
	choose("redirect_stderr", "", "true")
	choose("stdout_logfile", "", "NONE", "@DIR@/"+name+".log")
	choose("directory", "", "/", "@DIR@")
}

// randomStep chooses a step. It returns its description and how to do it.
func (d *comparison) randomStep() (string, func(*side) string) {
	r := d.random
	name := d.programs[r.IntN(len(d.programs))]
	group := d.groups[r.IntN(len(d.groups))]
	sig := []string{"HUP", "TERM", "SIGKILL", "9", "usr1", "BOGUS", "0"}[r.IntN(7)]
	switch r.IntN(22) {
	case 0, 1, 2:
		return rpcStep("startProcess", name, true)
	case 3, 4, 5:
		return rpcStep("stopProcess", name, true)
	case 6:
		return rpcStep("startProcessGroup", group, true)
	case 7:
		return rpcStep("stopProcessGroup", group, true)
	case 8:
		return rpcStep([]string{"startAllProcesses", "stopAllProcesses"}[r.IntN(2)], true)
	case 9, 10:
		return rpcStep("signalProcess", name, sig)
	case 11:
		return rpcStep("signalProcessGroup", group, sig)
	case 12:
		return rpcStep("getProcessInfo", name)
	case 13:
		return rpcStep("sendProcessStdin", name, "some text\n")
	case 14:
		return rpcStep([]string{"readProcessStdoutLog", "readProcessStderrLog", "tailProcessStdoutLog"}[r.IntN(3)], name, r.IntN(9)-2, r.IntN(5)*r.IntN(40)-1)
	case 15:
		return rpcStep([]string{"removeProcessGroup", "addProcessGroup"}[r.IntN(2)], group)
	case 16:
		return rpcStep([]string{"reloadConfig", "getState", "getIdentification", "getAPIVersion"}[r.IntN(4)])
	case 17:
		return rpcStep("getAllConfigInfo")
	default:
		return ctlStep(d.randomCtlLine(name, group, sig))
	}
}

// randomCtlLine chooses a command line of supervisorctl.
func (d *comparison) randomCtlLine(name, group, sig string) string {
	lines := []string{
		"status", "status " + name, "status " + group + ":*", "start " + name, "stop " + name, "restart " + name,
		"start " + group + ":*", "stop " + group + ":*", "signal " + sig + " " + name, "pid " + name, "tail " + name,
		"avail", "reread", "update", "clear p0", "add " + group, "remove " + group, "start all", "stop all", "start", "tail",
	}
	return lines[d.random.IntN(len(lines))]
}

func rpcStep(method string, args ...any) (string, func(*side) string) {
	return fmt.Sprintf("%s%v", method, args), func(s *side) string {
		var reply any
		err := s.call("supervisor."+method, &reply, args...)
		var fault *xmlrpc.Fault
		switch {
		case errors.As(err, &fault):
			return fmt.Sprintf("fault %d %s", fault.Code, fault.Text)
		case err != nil:
			return err.Error()
		}
		if list, ok := reply.([]any); ok && strings.Contains(fmt.Sprint(reply), " status:") {
			return unordered(list)
		}
		if method == "getAllConfigInfo" {
			reply = withoutAutorestart(reply) // Debian's version has no such member
		}
		return fmt.Sprintf("%v", reply)
	}
}

// unordered sorts results. The daemons list them in the order of completion, which
// depends on the main loop of Python Supervisor.
func unordered(list []any) string {
	var lines []string
	for _, e := range list {
		lines = append(lines, fmt.Sprint(e))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func withoutAutorestart(reply any) any {
	list, _ := reply.([]any)
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			delete(m, "autorestart")
		}
	}
	return list
}

func ctlStep(line string) (string, func(*side) string) {
	return "ctl " + line, func(s *side) string {
		cmd := exec.Command(s.ctl, append([]string{"-c", filepath.Join(s.dir, "c.conf")}, strings.Fields(line)...)...)
		out, _ := cmd.CombinedOutput()
		lines := strings.Split(string(out), "\n")
		if !strings.HasPrefix(line, "tail") {
			slices.Sort(lines) // for the same reason as in unordered
		}
		return fmt.Sprintf("%s\nexit %d", strings.Join(lines, "\n"), cmd.ProcessState.ExitCode())
	}
}
