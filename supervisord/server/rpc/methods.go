package rpc

import "slices"

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
	return slices.Concat(identityMethods(), daemonMethods(), infoMethods(), conditionMethods(), startMethods(), stopMethods(),
		signalMethods(), refreshMethods(), resetMethods(), groupMethods(), logMethods(), operationMethods())
}
