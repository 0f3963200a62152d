package option

import (
	"fmt"
	"strings"
	"unicode"

	"supervisor/supervisord/config/python"
)

// The plug-ins that are built in: Supervisor's own, and two widely used ones.
const (
	MainRPCInterface     = "supervisor.rpcinterface:make_main_rpcinterface"
	TwiddlerRPCInterface = "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface"
	// StdoutResultHandler is that of coderanger's supervisor-stdout.
	StdoutResultHandler  = "supervisor_stdout:event_handler"
	DefaultResultHandler = "supervisor.dispatchers:default_handler"
)

// IsThirdParty reports whether a reference names something in a Python package of
// others. Whether it exists is not known, so it is accepted: the rest of the
// configuration works without it.
func IsThirdParty(reference string) bool {
	reference, _, _ = strings.Cut(reference, "[") // extras are ignored
	module, attribute, _ := strings.Cut(reference, ":")
	module, attribute = python.Strip(module), python.Strip(attribute)
	return isDotted(module) && isDotted(attribute) && !strings.HasPrefix(module+".", "supervisor.")
}

// isDotted reports whether s is made of words and dots.
func isDotted(s string) bool {
	inner := func(r rune) bool { return r != '.' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	return s != "" && !strings.ContainsFunc(s, inner)
}

// ResolveBuiltIn reports why a plug-in, module:callable, can't be loaded. Only the
// built-in ones can: there is no Python to import others. The error texts are
// those of an installation without them.
func ResolveBuiltIn(reference string) error {
	if reference == MainRPCInterface || reference == DefaultResultHandler || reference == StdoutResultHandler {
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
