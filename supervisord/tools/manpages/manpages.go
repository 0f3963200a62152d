package manpages

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"

	"supervisor/ctl"
	"supervisor/ctl/action"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/getopt"
	"supervisor/supervisord/config/load"
	"supervisor/supervisord/config/option"
)

// frames are the pages, with @NAMES@ where the tables go.
//
//go:embed *.md
var frames embed.FS

// Pages returns the manual pages as troff, by the names of their files.
func Pages() map[string][]byte {
	pages := make(map[string][]byte)
	for name, tables := range map[string]*strings.Replacer{
		"supervisord.8": strings.NewReplacer("@OPTIONS@", commandLine(load.CommandLine())),
		"supervisorctl.1": strings.NewReplacer("@OPTIONS@", commandLine(ctl.Options()),
			"@ACTIONS@", actions(func(a *action.Spec) bool { return !a.IsExtension() }),
			"@EXTENSIONS@", actions((*action.Spec).IsExtension)),
		"supervisord.conf.5": strings.NewReplacer("@SECTIONS@", sections()),
	} {
		frame, err := frames.ReadFile(name + ".md")
		if err != nil {
			panic(err) // it is embedded
		}
		title, section := strings.TrimRight(name, ".158"), name[len(name)-1:]
		head := fmt.Sprintf("%% \"%s\" %s \"\" supervisord \"supervisord manual\"\n\n", strings.ToUpper(title), section)
		pages[name] = md2man.Render([]byte(head + tables.Replace(string(frame))))
	}
	return pages
}

// sections returns the sections of the configuration with their options.
func sections() string {
	var b strings.Builder
	for _, header := range option.Sections(^uint16(0)).Headers() {
		in, _ := option.KindOf(header)
		fmt.Fprintf(&b, "# [%s]\n\n", header)
		if in == option.InEventListener || in == option.InFastCGI {
			b.WriteString("It has the options of [program:x], and these.\n\n")
		}
		seen := make(map[string]bool)
		for _, o := range config.Options() {
			inherited := in != option.InProgram && o.In&option.InProgram != 0 && (in == option.InEventListener || in == option.InFastCGI)
			if o.In&in == 0 || inherited || seen[o.Name] {
				continue
			}
			seen[o.Name] = true
			writeSetting(&b, o)
		}
	}
	return b.String()
}

// writeSetting writes an option of the file.
func writeSetting(b *strings.Builder, o option.Option) {
	mark := ""
	if o.Extension {
		mark = " **+**"
	}
	facts := []string{o.ValueType().Name}
	switch {
	case o.Required:
		facts = append(facts, "required")
	case o.Default != "":
		facts = append(facts, "default "+o.Default)
	}
	fmt.Fprintf(b, "**%s**%s\n: %s (%s)\n\n", escape(o.Name), mark, escape(o.Help), escape(strings.Join(facts, ", ")))
}

// commandLine returns the options of a command line.
func commandLine(options []getopt.Option) string {
	var b strings.Builder
	for _, o := range options {
		var forms []string
		for letter := range strings.SplitSeq(o.Short, "") {
			if letter != "" {
				forms = append(forms, "**-"+letter+"**")
			}
		}
		forms = append(forms, "**--"+escape(o.Long)+"**")
		argument := ""
		if o.Arg != "" {
			argument = " *" + escape(o.Arg) + "*"
		}
		fmt.Fprintf(&b, "%s%s\n: %s\n\n", strings.Join(forms, ", "), argument, escape(o.Help))
	}
	return b.String()
}

// actions returns the actions that are wanted, each with its help and its flags.
func actions(wanted func(*action.Spec) bool) string {
	var b strings.Builder
	list := slices.DeleteFunc(slices.Clone(ctl.Table().All()), func(a *action.Spec) bool {
		return a.Help == nil || !wanted(a)
	})
	for _, a := range list {
		fmt.Fprintf(&b, "## %s\n\n", escape(a.Name))
		b.WriteString("```\n")
		for _, line := range a.Help {
			b.WriteString(expandTabs(line) + "\n")
		}
		b.WriteString("```\n\n")
		for _, f := range a.Flags {
			fmt.Fprintf(&b, "**%s**\n: %s\n\n", escape(f.Usage()), escape(f.Help))
		}
	}
	return b.String()
}

// expandTabs replaces tabs by blanks up to the next of the tab stops, which are 8 columns
// apart.
func expandTabs(line string) string {
	var b strings.Builder
	column := 0
	for _, r := range line {
		if r != '\t' {
			b.WriteRune(r)
			column++
			continue
		}
		n := 8 - column%8
		b.WriteString(strings.Repeat(" ", n))
		column += n
	}
	return b.String()
}

// escape keeps Markdown from finding markup in a text.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", `\<`, "[", `\[`, "`", "\\`").Replace(text)
}
