// Supervisorctl controls the programs that a supervisord runs.
package main

import (
	"os"
	"runtime/debug"

	"supervisor/ctl"
)

func main() {
	// Most runs end before there is much garbage, and collecting it would take a large
	// part of their time. A long session uses a few megabytes more.
	debug.SetGCPercent(400)
	os.Exit(ctl.Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
