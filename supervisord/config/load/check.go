package load

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/envfile"
	"supervisor/supervisord/config/lint"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/section"
)

// Check reads a configuration without using it, as supervisord -t does, and
// writes what is wrong with it: a line for each error, with file, section, option
// and value, then the warnings, then hints about settings that are valid but known to
// hurt. It also warns of sections and options that do not exist, which Supervisor
// ignores silently. With asJSON it writes how the configuration was understood, or the
// first error, as JSON. It returns the exit status, 0 or 2, and an error only if writing
// fails. If the configuration is strict, warnings are errors; hints never are.
func Check(w io.Writer, o Options, sys lint.System, asJSON bool) (status int, err error) {
	l := newLoader(o)
	l.versionDiffs = make(map[section.Key]string)
	l.Observe = l.noteVersionDiff
	l.load()
	envFileErrors := l.checkEnvFiles()
	if len(l.Errs) > 0 || l.conf.Supervisord.Strict && len(envFileErrors) > 0 {
		status = 2
	}
	if asJSON {
		return status, l.writeJSON(w)
	}
	var b strings.Builder
	for _, e := range l.Errs {
		fmt.Fprintf(&b, "error: %s\n", joinPosition(e.Position(), section.OneLine(cmp.Or(e.Detail, e.Text))))
	}
	for _, text := range slices.Concat(l.conf.Warnings, l.conf.ExtensionWarnings) {
		fmt.Fprintf(&b, "warning: %s\n", text)
	}
	for _, text := range l.versionWarnings() {
		fmt.Fprintf(&b, "warning: %s\n", text)
	}
	kind := "warning"
	if l.conf.Supervisord.Strict {
		kind = "error"
	}
	for _, text := range envFileErrors {
		fmt.Fprintf(&b, "%s: %s\n", kind, text)
	}
	if !l.conf.Supervisord.Strict {
		for _, e := range l.unknownEntries() {
			fmt.Fprintf(&b, "warning: %s\n", joinPosition(e.Position(), e.Text))
		}
	}
	if status == 0 {
		l.writeHints(&b, sys)
		fmt.Fprintf(&b, "The configuration in %s is fine.\n", l.Main)
	}
	_, err = io.WriteString(w, b.String())
	return status, err
}

// writeHints writes what is valid but known to hurt.
func (l *loader) writeHints(w io.Writer, sys lint.System) {
	for _, f := range lint.Check(l.conf, sys) {
		at := l.Table.Position(f.Section, f.Option)
		e := section.Error{File: at.File, Line: at.Line, Section: f.Section, Option: f.Option}
		fmt.Fprintf(w, "hint: %s\n", section.OneLine(joinPosition(e.Position(), f.String())))
	}
}

// checkEnvFiles returns what is wrong now with the files of env_file=. They may be
// corrected before the programs start, so supervisord starts with them.
func (l *loader) checkEnvFiles() []string {
	var list []string
	seen := make(map[config.EnvFile]bool)
	for _, g := range l.conf.Groups {
		for _, p := range g.Processes {
			for _, f := range p.EnvFiles {
				if seen[f] {
					continue
				}
				seen[f] = true
				_, err := envfile.Read(f.Path, nil)
				if err != nil && !(f.Optional && errors.Is(err, fs.ErrNotExist)) {
					at := l.Table.Position(p.Section, "env_file")
					e := section.Error{File: at.File, Line: at.Line, Section: p.Section, Option: "env_file"}
					list = append(list, joinPosition(e.Position(), err.Error()))
				}
			}
		}
	}
	return list
}

// warningsToErrors turns the warnings into errors. Their texts contain the position,
// because a daemon that does not start prints nothing else.
func (l *loader) warningsToErrors() {
	for _, text := range slices.Concat(l.conf.Warnings, l.conf.ExtensionWarnings) {
		l.Fail("", 0, text)
	}
	for _, e := range l.unknownEntries() {
		e.Text, e.Detail = joinPosition(e.Position(), e.Text), e.Text
		l.Errs = append(l.Errs, e)
	}
	l.conf.Warnings, l.conf.ExtensionWarnings = nil, nil
}

func joinPosition(place, text string) string {
	if place == "" {
		return text
	}
	return place + ": " + text
}

// writeJSON writes what was understood, or "accepted", which is false, and "error",
// the text that Supervisor prints.
func (l *loader) writeJSON(w io.Writer) error {
	if len(l.Errs) > 0 {
		return encodeJSON(w, struct {
			Accepted bool   `json:"accepted"`
			Error    string `json:"error"`
		}{false, l.Errs.Error()})
	}
	return writeConfig(w, l.conf, l.rows)
}

// unknownEntries lists the sections and options that supervisord does not know.
func (l *loader) unknownEntries() []*section.Error {
	var list []*section.Error
	for _, header := range l.Table.Sections() {
		in, known := option.KindOf(header)
		if !known {
			at := l.Table.Position(header, "")
			list = append(list, &section.Error{File: at.File, Line: at.Line, Section: header,
				Text: "unknown section" + option.Suggest(header, option.Sections(^uint16(0)).Headers())})
			continue
		}
		for _, name := range l.Table.Options(header) {
			if e := l.unknownOption(in, header, name); e != nil {
				list = append(list, e)
			}
		}
	}
	return list
}

// unknownOption returns an error for an option that is not known, else nil. A plug-in
// may have any option, and those of [DEFAULT] need not fit every section.
func (l *loader) unknownOption(in option.Sections, header, name string) *section.Error {
	at, own := l.Table.OwnPosition(header, name)
	if !own || in&(option.InRPCInterface|option.InCtlPlugin) != 0 || l.rows.all.Find(in, name) != nil {
		return nil
	}
	value, _ := l.Table.Get(header, name)
	if option.LooksSecret(name) {
		value = "" // a terminal or a log must not show it
	}
	hint := option.Suggest(name, l.rows.all.Names(in))
	if o := l.rows.all.Find(^in, name); o != nil && hint == "" {
		hint = fmt.Sprintf(", it belongs in [%s]", strings.Join(o.In.Headers(), "], ["))
	}
	return &section.Error{File: at.File, Line: at.Line, Section: header, Option: name, Value: value, Text: "unknown option" + hint}
}
