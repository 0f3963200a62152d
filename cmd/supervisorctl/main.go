// Supervisorctl controls the programs that a supervisord runs.
package main

import (
	"os"

	"supervisor/ctl"
)

func main() {
	os.Exit(ctl.Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
