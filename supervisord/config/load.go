package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"supervisor/supervisord/config/inifile"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/source"
)

// LoadOptions says what to read and how to judge it. Reading a file again with
// the same options starts from the same environment and the same paths,
// whatever the daemon did to itself meanwhile.
type LoadOptions struct {
	Path      string    // file as named by -c, "" to search for one
	Program   string    // argv[0], from which the search starts
	Overrides Overrides // what the command line says
	Host      source.Host
	// Scales are in force instead of the numprocs of the files.
	Scales []Scale

	// Snapshot is read from instead of files and host, as far as it has what is
	// asked for, and keeps the rest. Nil for neither.
	Snapshot *source.Snapshot

	// Resolve reports why a plug-in, module:callable, cannot be had. Without
	// it only those that are built in can; a configuration that names others as
	// factories is warned about, and one that names another result handler is
	// refused.
	Resolve func(reference string) error
}

// Overrides holds the values that a command line gives to options.
type Overrides map[string]any

// SearchPaths returns where a configuration file is looked for if none is
// named. Relative ones start from the working directory.
func SearchPaths(program string) []string {
	parent := python.Dirname(python.Dirname(program))
	return []string{
		python.Join(parent, "etc/supervisord.conf"),
		python.Join(parent, "supervisord.conf"),
		"supervisord.conf",
		"etc/supervisord.conf",
		"/etc/supervisord.conf",
		"/etc/supervisor/supervisord.conf",
	}
}

// Load reads the configuration of supervisord. If anything is wrong with it
// the error is an Errors.
func Load(o LoadOptions) (*Config, error) {
	l := newLoader(o)
	l.load()
	if len(l.errs) > 0 {
		return nil, l.errs
	}
	return l.conf, nil
}

// loader is the state of one Load.
type loader struct {
	LoadOptions
	host             *source.Host
	mainFile         string // the main file as it was named
	table            *inifile.Table
	vars             vars // known everywhere
	conf             *Config
	errs             Errors
	reported         map[optionKey]reportedError
	versionDiffs     map[optionKey]string // what 4.2.5 reads otherwise, nil if nobody wants to know
	inheritsPriority []*Process           // whose priority is that of what they depend on

	sectionOptions map[Sections]optionsByName // of the kinds of sections met so far
	defaults       map[*Option]any            // the values of defaults that are the same everywhere
}

func newLoader(o LoadOptions) *loader {
	l := &loader{
		LoadOptions:    o,
		table:          inifile.New(nil),
		conf:           new(Config),
		reported:       make(map[optionKey]reportedError),
		sectionOptions: make(map[Sections]optionsByName),
		defaults:       make(map[*Option]any),
	}
	l.host = &l.Host
	l.Host = o.Snapshot.Host(o.Host)
	l.Host.IsDir = memoize(l.Host.IsDir)
	l.vars = vars{host: l.Host.Name, env: make(map[string]string)}
	for _, e := range l.Host.Environ {
		name, value, ok := strings.Cut(e, "=")
		if _, twice := l.vars.env[name]; ok && !twice {
			l.vars.env[name] = value
		}
	}
	return l
}

// memoize makes a function look at each path but once: a thousand programs
// mostly log into one directory.
func memoize(isDir func(string) bool) func(string) bool {
	known := make(map[string]bool)
	return func(path string) bool {
		is, ok := known[path]
		if !ok {
			is = isDir(path)
			known[path] = is
		}
		return is
	}
}

// load reads everything, as far as errors let it.
func (l *loader) load() {
	if !l.search() {
		l.addFileError("", 0, fmt.Sprintf("No config file found at default paths (%s); "+
			"use the -c option to specify a config file at a different path", strings.Join(SearchPaths(l.Program), ", ")))
		return
	}
	if !l.readMain() || !l.include() {
		return
	}
	if !l.table.Has("supervisord") {
		l.addFileError(l.mainFile, 0, ".ini file does not include supervisord section")
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

// addFileError notes an error that concerns a whole file.
func (l *loader) addFileError(file string, line int, text string) {
	l.errs = append(l.errs, &Error{File: file, Line: line, Text: text})
}

// search decides which file is the main one. It reports whether there is one.
func (l *loader) search() bool {
	l.mainFile = l.Path
	for _, name := range SearchPaths(l.Program) {
		if l.mainFile != "" {
			break
		}
		if l.Snapshot.HasFile(python.Join(l.host.Cwd, name)) {
			l.mainFile = name
		}
	}
	if l.mainFile == "" {
		return false
	}
	l.conf.Path = python.Absolute(l.host.Cwd, l.mainFile)
	l.vars.here = python.Absolute(l.host.Cwd, python.Dirname(l.mainFile))
	return true
}

// readMain reads the main file into the table.
func (l *loader) readMain() bool {
	path := python.Join(l.host.Cwd, l.mainFile)
	if !l.Snapshot.HasFile(path) {
		l.addFileError(l.mainFile, 0, "could not find config file "+l.mainFile)
		return false
	}
	text, err := l.Snapshot.ReadText(path)
	if err != nil {
		l.addFileError(l.mainFile, 0, "could not read config file "+l.mainFile)
		return false
	}
	return l.add(text, l.mainFile, false)
}

// add parses a file's text into the table.
func (l *loader) add(text, name string, included bool) bool {
	err := l.table.Add(text, name, included)
	if err != nil {
		line := 0
		if e, ok := errors.AsType[*inifile.SyntaxError](err); ok {
			line = e.Line
		}
		l.addFileError(name, line, err.Error())
	}
	return err == nil
}

// fileOf returns the file that first had a section, as error texts name it.
func (l *loader) fileOf(section string) string {
	if file, ok := l.table.Origin(section); ok {
		return file
	}
	return l.mainFile
}

// sections lists the sections whose names begin with prefix.
func (l *loader) sections(prefix string) []string {
	return slices.DeleteFunc(l.table.Sections(), func(s string) bool { return !strings.HasPrefix(s, prefix) })
}

// literalHere is replaced as a text in everything read so far after each file, which is
// how an included file gets its own directory.
const literalHere = "%(here)s"

// include reads the files that [include] asks for.
func (l *loader) include() bool {
	if !l.table.Has("include") {
		return true
	}
	l.table.Replace(literalHere, l.vars.here)
	r := l.reader(InInclude, "include")
	if !r.isSet("files") {
		r.fail("files", ".ini file has [include] section, but no files setting")
		return false
	}
	files, ok := r.text("files")
	if !ok {
		return false
	}
	for _, word := range strings.FieldsFunc(files, python.IsSpace) {
		pattern := python.Join(l.vars.here, word)
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

// includeFile merges one file. A file that cannot be read is left out.
func (l *loader) includeFile(path string) bool {
	text, err := l.Snapshot.ReadText(path)
	if err != nil {
		l.warn("Could not include file \"%s\": %v", path, err)
		return true
	}
	l.conf.Infos = append(l.conf.Infos, fmt.Sprintf("Included extra file \"%s\" during parsing", path))
	if !l.add(text, path, true) {
		return false
	}
	l.table.Replace(literalHere, python.Absolute(l.host.Cwd, python.Dirname(path)))
	return true
}

func (l *loader) warn(format string, args ...any) {
	l.conf.Warnings = append(l.conf.Warnings, fmt.Sprintf(format, args...))
}

// warnExtension warns of something that Supervisor knows nothing of.
func (l *loader) warnExtension(format string, args ...any) {
	l.conf.ExtensionWarnings = append(l.conf.ExtensionWarnings, fmt.Sprintf(format, args...))
}

// addEnvironment makes variables of the files known as ENV_X to all that is
// read from here on.
func (l *loader) addEnvironment(env Environment) {
	l.vars.env = maps.Clone(l.vars.env)
	maps.Copy(l.vars.env, env.toMap())
}
