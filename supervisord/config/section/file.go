package section

import (
	"errors"
	"slices"
	"strings"

	"supervisor/supervisord/config/inifile"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/source"
)

// Input says what to read and how to judge it. Reading a file again with the
// same input starts from the same environment and the same paths, whatever the
// daemon did to itself in between.
type Input struct {
	Path      string    // file as named by -c, "" to search for one
	Program   string    // argv[0], from which the search starts
	Overrides Overrides // what the command line says
	Host      source.Host

	// Snapshot answers instead of files and host as far as it can, and keeps the
	// answers that it lacks. It may be nil.
	Snapshot *source.Snapshot

	// Resolve reports why a plug-in, module:callable, can't be loaded. If it is
	// nil only the built-in ones can. Then a configuration that names another
	// one as a factory gets a warning, and one that names another result handler
	// is refused.
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

// File is a configuration file, with the files that it includes, while it is read.
type File struct {
	Input
	Main  string // the main file as it was named
	Path  string // the main file, absolute
	Table *inifile.Table
	Vars  option.Vars // what %(name)s may refer to everywhere
	Errs  Errors

	// Observe is called with each text that is converted, as written and with
	// %(name)s expanded. It may be nil.
	Observe func(r *Reader, o *option.Option, written, expanded string)

	options  option.Table
	kinds    map[option.Sections]*kind // of the sections read so far
	defaults map[*option.Option]any    // values of defaults that are the same everywhere
	reported map[Key]report
}

// Key names an option in a section.
type Key struct{ Section, Option string }

// NewFile returns a file of which nothing has been read. The options are those
// that its sections may have; wanted says which sections to keep, nil for all.
func NewFile(in Input, options option.Table, wanted func(section string) bool) *File {
	f := &File{
		Input:    in,
		Table:    inifile.New(wanted),
		options:  options,
		kinds:    make(map[option.Sections]*kind),
		defaults: make(map[*option.Option]any),
		reported: make(map[Key]report),
	}
	f.Host = in.Snapshot.Host(in.Host)
	f.Host.IsDir = memoize(f.Host.IsDir)
	f.Vars = option.Vars{Host: f.Host.Name, Env: make(map[string]string)}
	for _, e := range f.Host.Environ {
		name, value, ok := strings.Cut(e, "=")
		if _, twice := f.Vars.Env[name]; ok && !twice {
			f.Vars.Env[name] = value
		}
	}
	return f
}

// memoize makes a function look at each path only once: most of a thousand
// programs log into one directory.
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

// Search decides which file is the main one. It reports whether there is one.
func (f *File) Search() bool {
	f.Main = f.Input.Path
	for _, name := range SearchPaths(f.Program) {
		if f.Main != "" {
			break
		}
		if f.Snapshot.HasFile(python.Join(f.Host.Cwd, name)) {
			f.Main = name
		}
	}
	if f.Main == "" {
		return false
	}
	f.Path = python.Absolute(f.Host.Cwd, f.Main)
	f.Vars.Here = python.Absolute(f.Host.Cwd, python.Dirname(f.Main))
	return true
}

// ReadMain reads the main file into the table. It reports whether that went well.
func (f *File) ReadMain() bool {
	path := python.Join(f.Host.Cwd, f.Main)
	if !f.Snapshot.HasFile(path) {
		f.Fail(f.Main, 0, "could not find config file "+f.Main)
		return false
	}
	text, err := f.Snapshot.ReadText(path)
	if err != nil {
		f.Fail(f.Main, 0, "could not read config file "+f.Main)
		return false
	}
	return f.Add(text, f.Main, false)
}

// Add parses a file's text into the table. It reports whether that went well.
func (f *File) Add(text, name string, included bool) bool {
	err := f.Table.Add(text, name, included)
	if err != nil {
		line := 0
		if e, ok := errors.AsType[*inifile.SyntaxError](err); ok {
			line = e.Line
		}
		f.Fail(name, line, err.Error())
	}
	return err == nil
}

// Fail notes an error that concerns a whole file.
func (f *File) Fail(file string, line int, text string) {
	f.Errs = append(f.Errs, &Error{File: file, Line: line, Text: text})
}

// Sections lists the sections whose names begin with prefix.
func (f *File) Sections(prefix string) []string {
	return slices.DeleteFunc(f.Table.Sections(), func(s string) bool { return !strings.HasPrefix(s, prefix) })
}

// originOf returns the file that first had a section, as error texts name it.
func (f *File) originOf(section string) string {
	if file, ok := f.Table.Origin(section); ok {
		return file
	}
	return f.Main
}
