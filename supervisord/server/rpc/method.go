package rpc

import (
	"context"
	"slices"
	"strings"
)

// method is one row of the table of methods.
type method struct {
	name       string // without the namespace
	alias      string // another name of the method, "" for none
	help       string
	params     []param
	result     string // the type of the result
	resultHelp string
	// duringShutdown is set for methods that can be called while the daemon shuts down.
	duringShutdown bool
	// unlisted is set for methods that Supervisor does not have. listMethods leaves
	// them out, because clients compare lists.
	unlisted bool
	call     func(ctx context.Context, d *dispatcher, a arguments) (any, error)
}

// helpText is the result of system.methodHelp: a text, then a line for each parameter
// and for the result, in a form that programs can parse.
func (m *method) helpText() string {
	var b strings.Builder
	b.WriteString(m.help)
	b.WriteString("\n\n")
	for _, p := range m.params {
		b.WriteString("@param " + p.kind.String() + " " + p.name + " " + p.help + "\n")
	}
	b.WriteString("@return " + m.result + " " + m.resultHelp + "\n")
	return b.String()
}

// signature is the result of system.methodSignature: the types of the result and of the
// parameters.
func (m *method) signature() []string {
	types := []string{m.result}
	for _, p := range m.params {
		types = append(types, p.kind.String())
	}
	return types
}

// Parameters that several methods have.
var (
	processName    = param{name: "name", kind: text, help: "the process, as name or group:name"}
	processOrGroup = param{name: "name", kind: text, help: "the process, as name or group:name; group:* for a whole group"}
	groupName      = param{name: "name", kind: text, help: "the group"}
	signalName     = param{name: "signal", kind: anyText, help: "the signal, by name (with or without SIG) or by number"}
	offset         = param{name: "offset", kind: number, help: "the byte to begin with"}
	length         = param{name: "length", kind: number, help: "how many bytes to return"}
	waitStarted    = param{name: "wait", kind: flag, byDefault: true, help: "answer only when it is known whether the start succeeded; default true"}
	waitStopped    = param{name: "wait", kind: flag, byDefault: true, help: "answer only when the process has stopped; default true"}
)

const (
	alwaysTrue  = "always true"
	resultsHelp = "a struct for each process: name, group, status (80 or a fault code), description"
)

// supervisorMethods returns the methods of a [rpcinterface:x], in the order of the
// documentation.
func supervisorMethods() []method {
	return slices.Concat(identityMethods(), daemonMethods(), infoMethods(), runMethods(), conditionMethods(), startMethods(), stopMethods(),
		signalMethods(), refreshMethods(), resetMethods(), groupMethods(), logMethods(), operationMethods())
}

// Description describes a method.
type Description struct {
	Name      string // with its namespace; a [rpcinterface:x] may give it another one
	Alias     string // another name of the method, "" for none
	Signature string // result and parameters: "boolean (string name)"
	Help      string
	Unlisted  bool // Supervisor does not have it, and system.listMethods leaves it out
}

// Methods describes all methods, in the order of the documentation.
func Methods() []Description {
	var list []Description
	for _, ns := range []struct {
		name    string
		methods []method
	}{{"supervisor", supervisorMethods()}, {systemNamespace, systemMethods()}} {
		for _, m := range ns.methods {
			d := Description{Name: ns.name + "." + m.name, Signature: m.prototype(), Help: m.help, Unlisted: m.unlisted}
			if m.alias != "" {
				d.Alias = ns.name + "." + m.alias
			}
			list = append(list, d)
		}
	}
	return list
}

func (m *method) prototype() string {
	words := make([]string, len(m.params))
	for i, p := range m.params {
		words[i] = p.kind.String() + " " + p.name
	}
	return m.result + " (" + strings.Join(words, ", ") + ")"
}
