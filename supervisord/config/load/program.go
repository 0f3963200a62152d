package load

import (
	"slices"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/section"
)

// processes reads the options that all kinds of programs have and makes the
// section's processes.
func (l *loader) processes(kind config.Kind, header, group string, socket *config.FastCGISocket) ([]*config.Process, config.Program) {
	r := l.reader(kind.Section(), header)
	r.WithLocation = true
	r.Vars.Group = group
	r.Vars.Program = r.sectionName()
	proto := &l.proto
	*proto = config.Process{Group: group, Program: r.Vars.Program, Section: header, Kind: kind, Socket: socket}
	n := r.onceOptions(proto)
	count, start := n.Numprocs, n.Start
	numbered := r.processName(count)
	if proto.StopAsGroup && !proto.KillAsGroup {
		r.Fail("killasgroup", "Cannot set stopasgroup=true and killasgroup=false")
	}
	var list []*config.Process
	r.Vars.Numprocs = count // a scale must not change the existing processes
	hasExtensions := r.hasExtensions()
	for num := start; num-start < l.effectiveNumprocs(group, header, count, numbered); num++ {
		errors := len(r.Errs)
		r.Vars.Num = num
		p := *proto
		p.Num = num
		r.processOptions(&p)
		if hasExtensions {
			r.policy(&p.Policy)
			r.dependentStartup(&p)
		}
		list = append(list, &p)
		if len(r.Errs) > errors {
			break // the others would have the same errors
		}
	}
	// All have one priority, so the names decide: p_10 comes before p_2.
	slices.SortStableFunc(list, func(a, b *config.Process) int { return strings.Compare(a.Name, b.Name) })
	return list, config.Program{Name: proto.Program, Section: header, Numprocs: count, Numbered: numbered}
}

// effectiveNumprocs is the number of processes of a program whose file says count.
func (l *loader) effectiveNumprocs(group, header string, count int, numbered bool) int {
	for _, s := range l.scales {
		if s.Group == group && s.Section == header && s.Of == count && (numbered || s.Numprocs <= 1) {
			return s.Numprocs
		}
	}
	return count
}

// isNumbered reports whether a pattern makes different names.
func isNumbered(pattern string) bool { return strings.Contains(pattern, "%(process_num)") }

// MakeProgram makes the processes of a program that is in no file: those that
// [program:name] with these options would make in that group. The error is a
// section.Errors.
func MakeProgram(o Options, group, name string, options map[string]string) ([]*config.Process, error) {
	l := newLoader(o)
	l.Search() // sets %(here)s
	header := "program:" + name
	for name, value := range options {
		l.Table.Set(header, name, value)
	}
	list, _ := l.processes(config.ProgramGroup, header, group, nil)
	if len(l.Errs) > 0 {
		return nil, l.Errs
	}
	return list, nil
}

// onceOptions reads the options that are read once.
func (r *reader) onceOptions(p *config.Process) (n config.Numbering) {
	p.Umask = -1
	r.Fill(r.rows.once, p, &n)
	if !r.IsSet("killasgroup") {
		p.KillAsGroup = p.StopAsGroup
	}
	r.noteEmpty(p, "serverurl", p.ServerURL)
	if strings.ToUpper(python.Strip(p.ServerURL)) == "AUTO" {
		p.ServerURL = ""
	}
	if p.UID != nil {
		p.User, _ = r.Text("user")
	}
	return n
}

// processName checks the pattern of the names before it is expanded, and reports
// whether it makes different names.
func (r *reader) processName(count int) (numbered bool) {
	pattern, ok := r.Written("process_name")
	if !ok {
		pattern = r.Option("process_name").Default
	}
	if _, err := option.ParseName(pattern); err != nil {
		r.Fail("process_name", err.Error())
	}
	numbered = isNumbered(pattern)
	if count > 1 && !numbered {
		r.Fail("process_name", "%(process_num) must be present within process_name when numprocs > 1")
	}
	return numbered
}

// processOptions reads the options that can be different for each process.
func (r *reader) processOptions(p *config.Process) {
	r.Fill(r.rows.environment, p)
	r.Vars.ProgramEnv = p.Environment.Map()
	r.Fill(r.rows.perProcess, p)
	r.noteEmpty(p, "directory", p.Directory)
	r.checkLog(p, "stdout", &p.Stdout)
	r.checkLog(p, "stderr", &p.Stderr)
	if p.RedirectStderr {
		if p.Stderr.File != "" || p.IsEmpty("stderr_logfile") {
			r.warn("For [%s], redirect_stderr=true but stderr_logfile has also been set to a filename, "+
				"the filename has been ignored", r.Section)
		}
		p.Stderr.File, p.Stderr.Auto = "", false
	}
	pattern, ok := r.Text("process_name")
	badSection := r.Reported(section.Key{Section: r.Section})
	if _, err := option.ParseName(pattern); err != nil && ok && !badSection {
		r.Fail("process_name", err.Error())
	}
	p.Name = python.Strip(pattern)
}

func (r *reader) noteEmpty(p *config.Process, name, value string) {
	if value == "" && r.IsSet(name) {
		p.Empty = append(slices.Clip(p.Empty), name) // the processes share the slice
	}
}

// checkLog warns of what is deprecated or unwise about one of the two output streams.
func (r *reader) checkLog(p *config.Process, stream string, log *config.Log) {
	if !log.Auto && log.File == "" {
		r.checkTarget(p, stream, log)
	}
	if log.Auto && log.MaxBytes == 0 {
		r.warn("For [%s], AUTO logging used for %s_logfile without rollover, "+
			"set maxbytes > 0 to avoid filling up filesystem unintentionally", r.Section, stream)
	}
}

// checkTarget distinguishes NONE, SYSLOG and an empty text, none of which is a file.
func (r *reader) checkTarget(p *config.Process, stream string, log *config.Log) {
	target := get[config.LogTarget](r, stream+"_logfile")
	if target == (config.LogTarget{}) {
		text, _ := r.Text(stream + "_logfile")
		r.noteEmpty(p, stream+"_logfile", text)
	}
	if target.Syslog {
		log.Syslog = true
		r.warn("For [%s], %s_logfile=syslog but this is deprecated and will be removed.  "+
			"Use %s_syslog=true to enable syslog instead.", r.Section, stream, stream)
	}
}
