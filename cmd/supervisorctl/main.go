// Supervisorctl controls the programs that a supervisord runs.
package main

import (
	"os"
	"runtime/debug"

	"supervisor/ctl"
)

func main() {
	// Most runs end before there is much to collect, and collecting would take
	// a good part of their time; a long one gets along with some megabytes more.
	debug.SetGCPercent(400)
	os.Exit(ctl.Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
