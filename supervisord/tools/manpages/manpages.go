package manpages

import (
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

// Pages returns the manual pages as troff, by the names of their files.
func Pages() map[string][]byte {
	pages := make(map[string][]byte)
	for name, text := range map[string]string{
		"supervisord.8":      daemonPage(),
		"supervisorctl.1":    ctlPage(),
		"supervisord.conf.5": configPage(),
	} {
		title, section := strings.TrimRight(name, ".158"), name[len(name)-1:]
		head := fmt.Sprintf("%% \"%s\" %s \"\" supervisord \"supervisord manual\"\n\n", strings.ToUpper(title), section)
		pages[name] = md2man.Render([]byte(head + text))
	}
	return pages
}

func daemonPage() string {
	var b strings.Builder
	b.WriteString(`# NAME

supervisord - run programs and keep them running

# SYNOPSIS

**supervisord** [*options*]

**supervisord** **-t** [**--json**] [**--strict**] [*file* ...]

# DESCRIPTION

**supervisord** starts the programs of its configuration file, writes what they print into
log files, and starts those again that exit. supervisorctl(1) controls it. Without **-n** it
goes into the background.

It takes the place of the Python program of the same name: it reads the same files, writes
the same lines and has the same interface.

# OPTIONS

`)
	writeOptions(&b, load.CommandLine())
	b.WriteString(`# SIGNALS

**SIGTERM**, **SIGINT**, **SIGQUIT**
: stop all programs, and exit

**SIGHUP**
: stop all programs, read the configuration again, and start them; a configuration that
  can't be used is refused

**SIGUSR2**
: close and open the log files again

**SIGKILL**
: supervisord ends at once, the programs run on; the next supervisord takes them over

# EXIT STATUS

**0**
: it was asked to exit

**1**
: it failed at its work

**2**
: the command line, the configuration or the system does not allow it to run

The option exit_code of supervisord.conf(5) sets another one for the case that a program
ends supervisord.

# FILES

Without **-c** the first of these that exists is the configuration file, where *DIR* is the
directory above that of the binary: *DIR/etc/supervisord.conf*, *DIR/supervisord.conf*,
*supervisord.conf*, *etc/supervisord.conf*, */etc/supervisord.conf*,
*/etc/supervisor/supervisord.conf*.

# SEE ALSO

supervisorctl(1), supervisord.conf(5)
`)
	return b.String()
}

func ctlPage() string {
	var b strings.Builder
	b.WriteString(`# NAME

supervisorctl - control the programs of supervisord

# SYNOPSIS

**supervisorctl** [*options*] [*action* [*arguments*]]

# DESCRIPTION

**supervisorctl** asks a running supervisord(8), and has it start, stop and restart programs.
Without an action it reads actions from the terminal, with completion and history.

A name is that of a process, **group:process** or **group:\***. Where nothing has that name,
a pattern such as **'web\_\*'** or a regular expression between slashes is tried. **all** means
every process.

Into a pipe or a file, the actions of Supervisor write what they write there. On a terminal
they may say more.

# OPTIONS

`)
	writeOptions(&b, ctl.Options())
	b.WriteString("# ACTIONS OF SUPERVISOR\n\n")
	writeActions(&b, func(a *action.Spec) bool { return !a.IsExtension() })
	b.WriteString("# FURTHER ACTIONS\n\n")
	writeActions(&b, (*action.Spec).IsExtension)
	b.WriteString(`# EXIT STATUS

**0**
: it has worked

**1**
: it has failed

**2**
: the command line is wrong

**3**
: **status**: a process is not running

**4**
: there is no such process, or nobody answers

**7**
: a process could not be started, or was not running

# SEE ALSO

supervisord(8), supervisord.conf(5)
`)
	return b.String()
}

func configPage() string {
	var b strings.Builder
	b.WriteString(`# NAME

supervisord.conf - configuration of supervisord and supervisorctl

# DESCRIPTION

The file has sections with a *name = value* in each line. A line that begins with ; or #, and
what follows a ; behind a blank, is a comment. A line that begins with a blank continues the
one above it. *%(ENV_X)s* stands for the environment variable X, *%(here)s* for the directory
of the file; a % is written as %%.

Options that are marked with **+** are those that Supervisor does not have. It ignores them.
Their times are seconds, or numbers with a unit: *500ms*, *10s*, *5m*, *1h*. The times of the
others are whole seconds. Sizes are bytes, or numbers with KB, MB or GB.

`)
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
	b.WriteString("# SEE ALSO\n\nsupervisord(8), supervisorctl(1)\n")
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

// writeOptions writes the options of a command line.
func writeOptions(b *strings.Builder, options []getopt.Option) {
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
		fmt.Fprintf(b, "%s%s\n: %s\n\n", strings.Join(forms, ", "), argument, escape(o.Help))
	}
}

// writeActions writes the actions that are wanted, each with its help and its flags.
func writeActions(b *strings.Builder, wanted func(*action.Spec) bool) {
	list := slices.DeleteFunc(slices.Clone(ctl.Table().All()), func(a *action.Spec) bool {
		return a.Help == nil || !wanted(a)
	})
	for _, a := range list {
		fmt.Fprintf(b, "## %s\n\n", escape(a.Name))
		b.WriteString("```\n")
		for _, line := range a.Help {
			b.WriteString(expandTabs(line) + "\n")
		}
		b.WriteString("```\n\n")
		for _, f := range a.Flags {
			fmt.Fprintf(b, "**%s**\n: %s\n\n", escape(f.Usage()), escape(f.Help))
		}
	}
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
