package rpc

import (
	"context"
	"maps"
	"slices"

	"supervisor/supervisord/api/faults"
)

// systemMethods returns the methods of the namespace system.
func systemMethods() []method {
	named := []param{{name: "name", kind: text, help: "the method, with its namespace"}}
	return []method{
		{name: "listMethods", duringShutdown: true, result: "array", resultHelp: "the names",
			help: "Returns the names of all methods.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				names := slices.Sorted(maps.Keys(d.table))
				return slices.DeleteFunc(names, func(name string) bool { return d.table[name].unlisted }), nil
			}},
		{name: "methodHelp", duringShutdown: true, params: named, result: "string", resultHelp: "the text",
			help: "Returns what a method does.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				m, err := d.findMethod(a.text(0))
				if err != nil {
					return nil, err
				}
				return m.helpText(), nil
			}},
		{name: "methodSignature", duringShutdown: true, params: named, result: "array", resultHelp: "the type of the result, then those of the parameters",
			help: "Returns the types of a method.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				m, err := d.findMethod(a.text(0))
				if err != nil {
					return nil, err
				}
				return m.signature(), nil
			}},
		{name: multicall, duringShutdown: true, result: "array", resultHelp: "the results; for a fault a struct of faultCode and faultString",
			params: []param{{name: "calls", kind: list, help: "a struct of methodName and params for each call"}},
			help:   "Makes several calls, one after the other. Unlike in other implementations a result is not wrapped in an array.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return d.multicall(ctx, a.list(0))
			}},
	}
}

const multicall = "multicall"

// findMethod returns the method of that name, or a fault.
func (d *dispatcher) findMethod(name string) (*method, error) {
	m, ok := d.table[name]
	if !ok {
		return nil, faults.Bare(faults.SignatureUnsupported)
	}
	return m, nil
}

// failure is a fault among the results of a multicall.
type failure struct {
	Code faults.Code `json:"faultCode"`
	Text string      `json:"faultString"`
}

// multicall makes the calls one after the other. When the client hangs up the
// remaining ones are dropped.
func (d *dispatcher) multicall(ctx context.Context, calls []any) (any, error) {
	results := make([]any, 0, len(calls))
	for _, c := range calls {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v, err := d.callOne(ctx, c)
		if err != nil {
			fault := asFault(err)
			v = failure{fault.Code, fault.Error()}
		}
		results = append(results, v)
	}
	return results, nil
}

// callOne makes one call of a multicall.
func (d *dispatcher) callOne(ctx context.Context, c any) (any, error) {
	call, ok := c.(map[string]any)
	if !ok {
		return nil, incorrectParams()
	}
	var params Params
	switch p := call["params"].(type) {
	case []any:
		params.List = p
	case map[string]any:
		params.Named = p
	default:
		if _, given := call["params"]; given {
			return nil, incorrectParams()
		}
	}
	name, ok := call["methodName"].(string)
	switch {
	case call["methodName"] == nil:
		return nil, faults.New(faults.IncorrectParameters, "No methodName")
	case !ok:
		return nil, incorrectParams()
	case name == systemNamespace+"."+multicall:
		return nil, faults.New(faults.IncorrectParameters, "Recursive system.multicall forbidden")
	}
	v, err := d.call(ctx, name, params)
	return withoutNotes(v), err
}
