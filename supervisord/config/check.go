package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"supervisor/supervisord/config/envfile"
)

// Check reads a configuration without using it, as supervisord -t does, and
// writes what is wrong with it: a line for each error, naming file, section,
// option and value, then the warnings, among them what Supervisor ignores
// without a word: sections and options that do not exist. With asJSON it
// writes what Config.JSON or Errors.JSON does instead. It returns the exit
// status, 0 or 2, and an error only if writing failed. Where the configuration is
// to be strict the warnings are errors.
func Check(w io.Writer, o LoadOptions, asJSON bool) (status int, err error) {
	l := newLoader(o)
	l.versionDiffs = make(map[optionKey]string)
	l.load()
	envFileErrors := l.checkEnvFiles()
	if len(l.errs) > 0 || l.conf.Supervisord.Strict && len(envFileErrors) > 0 {
		status = 2
	}
	if asJSON {
		return status, l.writeJSON(w)
	}
	var b strings.Builder
	for _, e := range l.errs {
		fmt.Fprintf(&b, "error: %s\n", joinPosition(e.Position(), oneLine(cmp.Or(e.detail, e.Text))))
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
		fmt.Fprintf(&b, "The configuration in %s is fine.\n", l.mainFile)
	}
	_, err = io.WriteString(w, b.String())
	return status, err
}

// checkEnvFiles tells what is wrong, as of now, with files that programs are started
// with. Until then it may be put right, so that it does not keep a daemon from
// starting.
func (l *loader) checkEnvFiles() []string {
	var list []string
	seen := make(map[EnvFile]bool)
	for _, g := range l.conf.Groups {
		for _, p := range g.Processes {
			for _, f := range p.EnvFiles {
				if seen[f] {
					continue
				}
				seen[f] = true
				_, err := envfile.Read(f.Path, nil)
				if err != nil && !(f.Optional && errors.Is(err, fs.ErrNotExist)) {
					at := l.table.Position(p.Section, "env_file")
					e := Error{File: at.File, Line: at.Line, Section: p.Section, Option: "env_file"}
					list = append(list, joinPosition(e.Position(), err.Error()))
				}
			}
		}
	}
	return list
}

// warningsToErrors makes errors of the warnings. Their texts say where they are, because
// a daemon that doesn't start prints nothing else.
func (l *loader) warningsToErrors() {
	for _, text := range slices.Concat(l.conf.Warnings, l.conf.ExtensionWarnings) {
		l.addFileError("", 0, text)
	}
	for _, e := range l.unknownEntries() {
		e.Text, e.detail = joinPosition(e.Position(), e.Text), e.Text
		l.errs = append(l.errs, e)
	}
	l.conf.Warnings, l.conf.ExtensionWarnings = nil, nil
}

func joinPosition(place, text string) string {
	if place == "" {
		return text
	}
	return place + ": " + text
}

func (l *loader) writeJSON(w io.Writer) error {
	text, err := l.conf.JSON()
	if len(l.errs) > 0 {
		text, err = l.errs.JSON()
	}
	_, writeErr := w.Write(text)
	return errors.Join(err, writeErr)
}

// unknownEntries lists the sections and options that nobody reads.
func (l *loader) unknownEntries() []*Error {
	var list []*Error
	for _, section := range l.table.Sections() {
		in, known := sectionKind(section)
		if !known {
			at := l.table.Position(section, "")
			list = append(list, &Error{File: at.File, Line: at.Line, Section: section,
				Text: "unknown section" + suggest(section, Sections(^uint16(0)).Headers())})
			continue
		}
		for _, option := range l.table.Options(section) {
			if e := l.unknownOption(in, section, option); e != nil {
				list = append(list, e)
			}
		}
	}
	return list
}

// unknownOption returns what to say of an option, if anything. Plug-ins may
// take any, and those of [DEFAULT] are not meant for every section.
func (l *loader) unknownOption(in Sections, section, option string) *Error {
	at, own := l.table.OwnPosition(section, option)
	if !own || in&(InRPCInterface|InCtlPlugin) != 0 || find(in, option) != nil {
		return nil
	}
	value, _ := l.table.Get(section, option)
	if LooksSecret(option) {
		value = "" // not for terminals and logs
	}
	hint := suggest(option, optionNames(in))
	if o := find(^in, option); o != nil && hint == "" {
		hint = fmt.Sprintf(", it belongs in [%s]", strings.Join(o.In.Headers(), "], ["))
	}
	return &Error{File: at.File, Line: at.Line, Section: section, Option: option, Value: value, Text: "unknown option" + hint}
}

// sectionKind tells what kind of section a name belongs to.
func sectionKind(section string) (Sections, bool) {
	for in := InSupervisord; in <= InSocket; in <<= 1 {
		header := in.Headers()[0]
		prefix, hasName := strings.CutSuffix(header, "x")
		switch {
		case in&inServers != 0:
			hasName, prefix = true, header // told by the beginning alone
		case section == header && !strings.Contains(header, ":"):
			return in, true
		}
		if hasName && strings.HasPrefix(section, prefix) {
			return in, true
		}
	}
	return 0, false
}

func optionNames(in Sections) []string {
	var names []string
	for _, o := range options {
		if o.In&in != 0 {
			names = append(names, o.Name)
		}
	}
	return names
}

// suggest finds what was probably meant: the candidate that takes the fewest
// edits, if they are few.
func suggest(word string, candidates []string) string {
	word, _, _ = strings.Cut(word, ":")
	best, bestDistance := "", 1+len(word)/3
	for _, c := range candidates {
		bare, _, _ := strings.Cut(c, ":")
		if d := distance(word, bare); d <= bestDistance {
			if best == "" || d < bestDistance {
				best, bestDistance = c, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %s?", best)
}

// distance counts the insertions, deletions and replacements of bytes that
// make a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
