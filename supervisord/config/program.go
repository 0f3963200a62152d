package config

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"supervisor/supervisord/config/python"
)

// sectionOf tells in which kind of section the processes of a group are defined.
func sectionOf(k Kind) Sections {
	return [...]Sections{ProgramGroup: InProgram, EventListener: InEventListener, FastCGI: InFastCGI}[k]
}

// processes reads the options that all program-like sections have and makes
// the section's processes.
func (l *loader) processes(kind Kind, section, group string, socket *FastCGISocket) ([]*Process, Program) {
	r := l.reader(sectionOf(kind), section)
	r.withLocation = true
	r.vars.group = group
	r.vars.program = r.sectionName()
	proto := Process{Group: group, Program: r.vars.program, Section: section, Kind: kind, Socket: socket}
	r.commonOptions(&proto)
	count, start := get[int](r, "numprocs"), get[int](r, "numprocs_start")
	r.outputOptions(&proto)
	r.userOptions(&proto)
	numbered := r.processName(count)
	if proto.StopAsGroup && !proto.KillAsGroup {
		r.fail("killasgroup", "Cannot set stopasgroup=true and killasgroup=false")
	}
	var list []*Process
	r.vars.numprocs = count // also where the program is scaled: it must not change what is there already
	hasExtensions := r.hasExtensions()
	for num := start; num-start < l.effectiveNumprocs(group, section, count, numbered); num++ {
		errors := len(r.errs)
		r.vars.num = num
		p := proto
		p.Num = num
		r.processOptions(&p)
		if hasExtensions {
			r.policy(&p.Policy)
			r.dependentStartup(&p)
		}
		list = append(list, &p)
		if len(r.errs) > errors {
			break // the others would only repeat the complaints
		}
	}
	// All have one priority, so the names decide: p_10 comes before p_2.
	slices.SortStableFunc(list, func(a, b *Process) int { return strings.Compare(a.Name, b.Name) })
	return list, Program{Name: proto.Program, Section: section, Numprocs: count, Numbered: numbered}
}

// effectiveNumprocs is how many processes a program has for which its file says count.
func (l *loader) effectiveNumprocs(group, section string, count int, numbered bool) int {
	for _, s := range l.Scales {
		if s.Group == group && s.Section == section && s.Of == count && (numbered || s.Numprocs <= 1) {
			return s.Numprocs
		}
	}
	return count
}

// isNumbered tells whether a pattern of names makes different ones.
func isNumbered(pattern string) bool { return strings.Contains(pattern, "%(process_num)") }

// MakeProgram makes the processes of a program that stands in no file: those that
// [program:name] with these options would make, if it were of that group. The
// error is an Errors.
func MakeProgram(o LoadOptions, group, name string, options map[string]string) ([]*Process, error) {
	l := newLoader(o)
	l.search() // tells what here is
	section := "program:" + name
	for option, value := range options {
		l.table.Set(section, option, value)
	}
	list, _ := l.processes(ProgramGroup, section, group, nil)
	if len(l.errs) > 0 {
		return nil, l.errs
	}
	return list, nil
}

// commonOptions reads the options of starting and stopping.
func (r *reader) commonOptions(p *Process) {
	p.Priority = get[int](r, "priority")
	p.Autostart = get[bool](r, "autostart")
	p.Autorestart = get[Autorestart](r, "autorestart")
	p.StartSecs = get[int](r, "startsecs")
	p.StartRetries = get[int](r, "startretries")
	p.StopSignal = get[syscall.Signal](r, "stopsignal")
	p.StopWaitSecs = get[int](r, "stopwaitsecs")
	p.StopAsGroup = get[bool](r, "stopasgroup")
	p.KillAsGroup = p.StopAsGroup
	if r.isSet("killasgroup") {
		p.KillAsGroup = get[bool](r, "killasgroup")
	}
	p.ExitCodes = get[[]int](r, "exitcodes")
	p.RedirectStderr = get[bool](r, "redirect_stderr")
}

// outputOptions reads what is done with the output of all processes alike.
func (r *reader) outputOptions(p *Process) {
	p.Stdout.CaptureMaxBytes = get[int64](r, "stdout_capture_maxbytes")
	p.Stdout.Events = get[bool](r, "stdout_events_enabled")
	p.Stderr.CaptureMaxBytes = get[int64](r, "stderr_capture_maxbytes")
	p.Stderr.Events = get[bool](r, "stderr_events_enabled")
}

// userOptions reads as what the processes run.
func (r *reader) userOptions(p *Process) {
	p.ServerURL = get[string](r, "serverurl")
	r.noteEmpty(p, "serverurl", p.ServerURL)
	if strings.ToUpper(python.Strip(p.ServerURL)) == "AUTO" {
		p.ServerURL = ""
	}
	if uid, ok := read[int](r, "user"); ok {
		p.UID = &uid
		p.User, _ = r.text("user")
	}
	p.Umask = -1
	if umask, ok := read[int](r, "umask"); ok {
		p.Umask = umask
	}
}

// processName checks the pattern of the names before it is expanded. It tells
// whether that makes different ones.
func (r *reader) processName(count int) (numbered bool) {
	pattern, ok := r.view.Get("process_name")
	if !ok {
		pattern = r.option("process_name").Default
	}
	if _, err := name(pattern); err != nil {
		r.fail("process_name", err.Error())
	}
	numbered = isNumbered(pattern)
	if count > 1 && !numbered {
		r.fail("process_name", "%(process_num) must be present within process_name when numprocs > 1")
	}
	return numbered
}

// processOptions reads the options that can be different for each process.
func (r *reader) processOptions(p *Process) {
	p.Environment = get[Environment](r, "environment")
	r.vars.programEnv = p.Environment.toMap()
	p.Directory = get[string](r, "directory")
	r.noteEmpty(p, "directory", p.Directory)
	r.log(p, "stdout", &p.Stdout)
	r.log(p, "stderr", &p.Stderr)
	if p.RedirectStderr {
		if p.Stderr.File != "" || p.isEmpty("stderr_logfile") {
			r.warn("For [%s], redirect_stderr=true but stderr_logfile has also been set to a filename, "+
				"the filename has been ignored", r.section)
		}
		p.Stderr.File, p.Stderr.Auto = "", false
	}
	if !r.isSet("command") {
		r.fail("command", fmt.Sprintf("program section %s does not specify a command", r.section))
	}
	p.Command = get[string](r, "command")
	pattern, ok := r.text("process_name")
	_, badSection := r.reported[optionKey{r.section, ""}]
	if _, err := name(pattern); err != nil && ok && !badSection {
		r.fail("process_name", err.Error())
	}
	p.Name = python.Strip(pattern)
}

func (r *reader) noteEmpty(p *Process, option, value string) {
	if value == "" && r.isSet(option) {
		p.empty = append(slices.Clip(p.empty), option) // processes share what they have in common
	}
}

// log reads where one of the two output streams goes.
func (r *reader) log(p *Process, stream string, log *Log) {
	target := get[logTarget](r, stream+"_logfile")
	if target == (logTarget{}) {
		text, _ := r.text(stream + "_logfile")
		r.noteEmpty(p, stream+"_logfile", text)
	}
	log.File, log.Auto = target.file, target.auto
	log.Backups = get[int](r, stream+"_logfile_backups")
	log.MaxBytes = get[int64](r, stream+"_logfile_maxbytes")
	log.Syslog = get[bool](r, stream+"_syslog")
	if target.syslog {
		log.Syslog = true
		r.warn("For [%s], %s_logfile=syslog but this is deprecated and will be removed.  "+
			"Use %s_syslog=true to enable syslog instead.", r.section, stream, stream)
	}
	if log.Auto && log.MaxBytes == 0 {
		r.warn("For [%s], AUTO logging used for %s_logfile without rollover, "+
			"set maxbytes > 0 to avoid filling up filesystem unintentionally", r.section, stream)
	}
}
