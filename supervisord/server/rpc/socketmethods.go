package rpc

import "context"

// socketMethods are those that Supervisor does not have.
func socketMethods() []method {
	return []method{
		{name: "getSockets", unlisted: true, result: "array",
			resultHelp: "a struct for each: name, url, state (open, closed, failed), error, processes, waiting, backlog",
			help:       "Tells of the sockets of [socket:x]. What is not known of their queues is -1.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.ListenSockets()), nil
			}},
	}
}
