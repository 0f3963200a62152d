package rpc

import (
	"context"
	"strings"
)

// method is one row of the table of methods.
type method struct {
	name       string // without the namespace
	alias      string // another name for the same, "" for none
	help       string
	params     []param
	result     string // its type
	resultHelp string // what the result is
	// always is set for what can be called while the daemon shuts down.
	duringShutdown bool
	// unlisted is set for what Supervisor does not have: clients compare lists.
	unlisted bool
	call     func(ctx context.Context, d *dispatcher, a arguments) (any, error)
}

// helpText is what system.methodHelp tells: a text, then a line for each
// parameter and for the result, in a form that programs read.
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

// signature is what system.methodSignature tells: the types of the result and
// of the parameters.
func (m *method) signature() []string {
	types := []string{m.result}
	for _, p := range m.params {
		types = append(types, p.kind.String())
	}
	return types
}

// Description is what there is to say of a method.
type Description struct {
	Name      string // with its namespace; that of a [rpcinterface:x] may be another
	Alias     string // another name for the same, "" for none
	Signature string // result and parameters: "boolean (string name)"
	Help      string
	Unlisted  bool // system.listMethods leaves it out: Supervisor doesn't have it
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
