package load

import (
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
)

// rows are the rows of the table of options, grouped in the order in which they are
// read.
type rows struct {
	all         option.Table
	first, last []*option.Option // of [supervisord]

	// Of all kinds of programs: those read once per section, and those read for each
	// process. The latter may refer to the process's environment.
	once, environment, perProcess []*option.Option
	parts                         []partRows // extensions
}

// partRows are the extensions of a part of a Policy.
type partRows struct {
	name    string
	options []*option.Option
}

func newRows() *rows {
	all := config.Options()
	r := &rows{all: all}
	// These two are read last, so that the first error of a file is the one that
	// Supervisor reports.
	comesLast := func(o *option.Option) bool { return o.Name == "strict" || o.Name == "environment" }
	r.first = all.Select(func(o *option.Option) bool { return o.In == option.InSupervisord && !comesLast(o) })
	r.last = all.Select(func(o *option.Option) bool { return o.In == option.InSupervisord && comesLast(o) })

	r.once = all.Select(func(o *option.Option) bool { return o.In == option.InPrograms && !o.PerProcess })
	perProcess := func(o *option.Option) bool { return o.In == option.InPrograms && o.PerProcess && !o.Extension }
	r.environment = all.Select(func(o *option.Option) bool { return perProcess(o) && o.Name == "environment" })
	r.perProcess = all.Select(func(o *option.Option) bool { return perProcess(o) && o.Name != "environment" })
	for _, name := range config.Parts() {
		inPart := func(o *option.Option) bool { return isExtension(o) && o.Part == name }
		pairs := all.Select(func(o *option.Option) bool { return inPart(o) && isPair(o) })
		others := all.Select(func(o *option.Option) bool { return inPart(o) && !isPair(o) })
		r.parts = append(r.parts, partRows{name, append(pairs, others...)})
	}
	return r
}

// isExtension reports whether an option of processes is one that Supervisor does not
// have.
func isExtension(o *option.Option) bool { return o.In == option.InPrograms && o.Extension }

// isPair reports whether an option has two values in one text. It is read before the
// other options of its part.
func isPair(o *option.Option) bool { return o.Name == "health_action" || o.Name == "restart_limit" }
