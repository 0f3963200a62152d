package rpc

import "strings"

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
