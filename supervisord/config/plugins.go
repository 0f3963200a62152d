package config

import (
	"fmt"
	"strings"
	"unicode"

	"supervisor/supervisord/config/python"
)

// The plug-ins that are built in: Supervisor's own, and two that others count on.
const (
	mainRPCInterface     = "supervisor.rpcinterface:make_main_rpcinterface"
	twiddlerRPCInterface = "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface"
	// StdoutResultHandler is that of coderanger's supervisor-stdout.
	StdoutResultHandler  = "supervisor_stdout:event_handler"
	defaultResultHandler = "supervisor.dispatchers:default_handler"
)

// rpcInterfaces reads the sections [rpcinterface:x].
func (l *loader) rpcInterfaces() []RPCInterface {
	var plugins []RPCInterface
	for _, section := range l.sections("rpcinterface:") {
		p, ok := l.plugin(InRPCInterface, section, "supervisor.rpcinterface_factory")
		if !ok {
			continue
		}
		p.BuiltIn = p.Factory == mainRPCInterface
		p.Twiddler = p.Factory == twiddlerRPCInterface
		if p.Twiddler {
			p.Whitelist, _ = list(p.Options["whitelist"]) // it never fails
		}
		if !p.BuiltIn && !p.Twiddler && l.Resolve == nil {
			l.warn("[%s] asks for %s, which is Python and can't be loaded here; "+
				"its methods are missing, remove the section if nobody calls them", section, p.Factory)
		}
		plugins = append(plugins, p)
	}
	return plugins
}

// plugin reads a section that names a factory; all its other options, whatever
// their names, are the factory's arguments.
func (l *loader) plugin(in Sections, section, factory string) (RPCInterface, bool) {
	r := l.reader(in, section)
	_, name, _ := strings.Cut(section, ":")
	p := RPCInterface{Name: name, Section: section, Options: make(map[string]string)}
	if !r.isSet(factory) {
		r.fail(factory, fmt.Sprintf("section [%s] does not specify a %s", section, factory))
		return p, false
	}
	p.Factory, _ = r.text(factory)
	if (r.Resolve != nil || !isThirdParty(p.Factory)) && !r.resolve(factory, p.Factory) {
		return p, false
	}
	for _, option := range l.table.Options(section) {
		if option == factory {
			continue
		}
		value, _ := l.table.Get(section, option)
		value, err := r.vars.expand(0, value, section+"."+option)
		if err != nil {
			r.fail(option, err.Error())
		}
		p.Options[option] = value
	}
	return p, true
}

// isThirdParty tells whether a reference names something in somebody else's Python
// package. Whether it is there is not known, so it is given the benefit of the
// doubt: the rest of the configuration works without it.
func isThirdParty(reference string) bool {
	reference, _, _ = strings.Cut(reference, "[") // extras, which nobody reads
	module, attribute, _ := strings.Cut(reference, ":")
	module, attribute = python.Strip(module), python.Strip(attribute)
	return isDotted(module) && isDotted(attribute) && !strings.HasPrefix(module+".", "supervisor.")
}

// isDotted tells whether s is made of words and dots.
func isDotted(s string) bool {
	inner := func(r rune) bool { return r != '.' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	return s != "" && !strings.ContainsFunc(s, inner)
}

// resolve checks that the plug-in which an option names can be had.
func (r *reader) resolve(option, reference string) bool {
	resolve := r.Resolve
	if resolve == nil {
		resolve = resolveBuiltIn
	}
	err := resolve(reference)
	if err != nil {
		r.fail(option, fmt.Sprintf("%s cannot be resolved within [%s]: %v", reference, r.section, err))
	}
	return err == nil
}

// resolveBuiltIn knows Supervisor's own plug-ins only: there is no Python to
// import others. The texts are those of an installation without them.
func resolveBuiltIn(reference string) error {
	if reference == mainRPCInterface || reference == defaultResultHandler || reference == StdoutResultHandler {
		return nil
	}
	module, attribute, _ := strings.Cut(reference, ":")
	module, attribute = python.Strip(module), python.Strip(attribute)
	switch {
	case module == "supervisor.rpcinterface", module == "supervisor.dispatchers":
		return fmt.Errorf("module %s has no attribute %s", python.Repr(module), python.Repr(attribute))
	case !strings.HasPrefix(module, "supervisor."):
		module, _, _ = strings.Cut(module, ".")
	}
	return fmt.Errorf("No module named %s", python.Repr(module))
}
