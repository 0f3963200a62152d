package ctlconf

import (
	"strings"

	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/section"
)

// Settings is what supervisorctl reads from a configuration file.
type Settings struct {
	Path        string   // the file, absolute; "" if there is none
	Searched    []string // where the file was searched, nil if it was named
	ServerURL   string
	Username    string // "" for none
	Password    string // likewise
	Prompt      string
	HistoryFile string // absolute, "" for none
	Plugins     []section.Plugin
}

// Options returns the table of the options of [supervisorctl].
func Options() option.Table {
	const in = option.InSupervisorctl
	return option.Table{
		{Name: "serverurl", In: in, Default: "http://localhost:9001", Names: option.NameHere, Help: "server to talk to",
			Field: option.FieldOf(func(s *Settings) any { return &s.ServerURL })},
		{Name: "prompt", In: in, Default: "supervisor", Help: "prompt of the shell",
			Field: option.FieldOf(func(s *Settings) any { return &s.Prompt })},
		{Name: "username", In: in, Help: "user to log in as",
			Field: option.FieldOf(func(s *Settings) any { return &s.Username })},
		{Name: "password", In: in, Help: "password to log in with, clear",
			Field: option.FieldOf(func(s *Settings) any { return &s.Password })},
		{Name: "history_file", In: in, Names: option.NameHere, Help: "file that keeps the shell's history",
			Field: option.FieldOf(func(s *Settings) any { return &s.HistoryFile })},
	}
}

// PluginOptions returns the table of the options of [ctlplugin:x]. A plug-in may
// also have any others.
func PluginOptions() option.Table {
	return option.Table{
		{Name: pluginFactory, In: option.InCtlPlugin, Required: true, Help: "module:callable that makes the actions"},
	}
}

const pluginFactory = "supervisor.ctl_factory"

// Load reads the section [supervisorctl]. Without a file it returns the
// defaults; a file without the section is an error. Errors are section.Errors.
func Load(in section.Input) (*Settings, error) {
	f := section.NewFile(in, append(Options(), PluginOptions()...), func(name string) bool {
		return name == "supervisorctl" || strings.HasPrefix(name, "ctlplugin:")
	})
	s := new(Settings)
	if in.Path == "" {
		s.Searched = section.SearchPaths(in.Program)
	}
	if f.Search() {
		s.Path = f.Path
		if !f.ReadMain() {
			return nil, f.Errs
		}
		if !f.Table.Has("supervisorctl") {
			f.Fail(f.Main, 0, ".ini file does not include supervisorctl section")
			return nil, f.Errs
		}
	}
	s.read(f)
	if len(f.Errs) > 0 {
		return nil, f.Errs
	}
	return s, nil
}

// read reads all sections of supervisorctl.
func (s *Settings) read(f *section.File) {
	r := f.Reader(option.InSupervisorctl, "supervisorctl")
	r.Fill(r.Options(), s)
	if path, ok := strings.CutPrefix(s.ServerURL, "unix://"); ok {
		s.ServerURL = "unix://" + f.Host.Normalize(path)
	}
	if s.HistoryFile != "" {
		s.HistoryFile = f.Host.Normalize(s.HistoryFile)
	}
	for _, name := range f.Sections("ctlplugin:") {
		if p, ok := f.Plugin(option.InCtlPlugin, name, pluginFactory); ok {
			s.Plugins = append(s.Plugins, p)
		}
	}
}
