package control

import (
	"slices"

	"supervisor/ctl/session"
)

// Actions returns the actions of the package.
func Actions() []session.Action {
	return slices.Concat(
		processActions(), killActions(), refreshActions(), waitActions(),
		groupActions(), rollingActions(), daemonActions())
}
