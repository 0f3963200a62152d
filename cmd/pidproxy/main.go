// Pidproxy runs a command, and forwards the signals it receives to the process whose pid
// is in a file.
package main

import (
	"os"

	"supervisor/supervisord/tools/pidproxy"
)

func main() {
	os.Exit(pidproxy.Main(os.Args, os.Stdout, os.Stderr))
}
