package load

import (
	"fmt"
	"maps"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/section"
)

// Options says what to read and how to judge it.
type Options struct {
	section.Input
	// Scales replace the numprocs of the files.
	Scales []config.Scale
	// Partial accepts a file without [supervisord], one for [include], as if the section
	// were there and empty.
	Partial bool
}

// Config reads the configuration of supervisord. If anything is wrong with it
// the error is a section.Errors.
func Config(o Options) (*config.Config, error) {
	l := newLoader(o)
	l.load()
	if len(l.Errs) > 0 {
		return nil, l.Errs
	}
	return l.conf, nil
}

// loader is the state of one call of Config.
type loader struct {
	*section.File
	rows             *rows
	scales           []config.Scale
	partial          bool
	conf             *config.Config
	versionDiffs     map[section.Key]string // what 4.2.5 reads differently, nil if not asked for
	inheritsPriority []*config.Process      // whose priority is that of what they depend on
	proto            config.Process         // what the processes of the current section have in common
}

func newLoader(o Options) *loader {
	rows := newRows()
	return &loader{File: section.NewFile(o.Input, rows.all, nil), rows: rows, scales: o.Scales, partial: o.Partial, conf: new(config.Config)}
}

// reader reads the options of one section.
type reader struct {
	*loader
	*section.Reader
}

func (l *loader) reader(in option.Sections, header string) *reader {
	return &reader{l, l.File.Reader(in, header)}
}

// read returns an option's value, like section.Read.
func read[T any](r *reader, name string) (T, bool) { return section.Read[T](r.Reader, name) }

// get returns an option's value, like section.Get.
func get[T any](r *reader, name string) T { return section.Get[T](r.Reader, name) }

// load reads everything that can be read despite errors.
func (l *loader) load() {
	if !l.Search() {
		l.Fail("", 0, fmt.Sprintf("No config file found at default paths (%s); "+
			"use the -c option to specify a config file at a different path", strings.Join(section.SearchPaths(l.Program), ", ")))
		return
	}
	l.conf.Path = l.File.Path
	if !l.ReadMain() || !l.include() {
		return
	}
	if l.partial && !l.Table.Has("supervisord") {
		l.Add("[supervisord]", l.Main, true)
	}
	if !l.Table.Has("supervisord") {
		l.Fail(l.Main, 0, ".ini file does not include supervisord section")
		return
	}
	l.supervisord()
	l.conf.RPCInterfaces = l.rpcInterfaces()
	l.sockets()
	l.groups()
	l.checkDependencies()
	l.warnOfSharedProbes()
	l.inheritPriorities()
	l.warnObsoletePlugin()
	l.servers()
	l.resolveUserAndURL()
	if l.conf.Supervisord.Strict {
		l.warningsToErrors()
	}
}

// literalHere is replaced, after each file, in everything read so far. That is how
// an included file gets its own directory.
const literalHere = "%(here)s"

// include reads the files that [include] asks for.
func (l *loader) include() bool {
	if !l.Table.Has("include") {
		return true
	}
	l.Table.Replace(literalHere, l.Vars.Here)
	r := l.reader(option.InInclude, "include")
	if !r.IsSet("files") {
		r.Fail("files", ".ini file has [include] section, but no files setting")
		return false
	}
	files, ok := r.Text("files")
	if !ok {
		return false
	}
	for _, word := range strings.FieldsFunc(files, python.IsSpace) {
		pattern := python.Join(l.Vars.Here, word)
		paths := l.Snapshot.Glob(pattern)
		if len(paths) == 0 {
			l.warn("No file matches via include \"%s\"", pattern)
		}
		for _, path := range paths {
			if !l.includeFile(path) {
				return false
			}
		}
	}
	return true
}

// includeFile merges one file. A file that can't be read is skipped with a warning.
func (l *loader) includeFile(path string) bool {
	text, err := l.Snapshot.ReadText(path)
	if err != nil {
		l.warn("Could not include file \"%s\": %v", path, err)
		return true
	}
	l.conf.Infos = append(l.conf.Infos, fmt.Sprintf("Included extra file \"%s\" during parsing", path))
	if !l.Add(text, path, true) {
		return false
	}
	l.Table.Replace(literalHere, python.Absolute(l.Host.Cwd, python.Dirname(path)))
	return true
}

func (l *loader) warn(format string, args ...any) {
	l.conf.Warnings = append(l.conf.Warnings, fmt.Sprintf(format, args...))
}

// warnExtension warns of something about an extension.
func (l *loader) warnExtension(format string, args ...any) {
	l.conf.ExtensionWarnings = append(l.conf.ExtensionWarnings, fmt.Sprintf(format, args...))
}

// addEnvironment makes variables of the file available as ENV_X to everything that
// is read afterwards.
func (l *loader) addEnvironment(env config.Environment) {
	l.Vars.Env = maps.Clone(l.Vars.Env)
	maps.Copy(l.Vars.Env, env.Map())
}
