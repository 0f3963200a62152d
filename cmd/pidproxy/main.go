// Pidproxy runs a command and forwards the signals that it gets to the process
// whose pid is in a file.
package main

import (
	"os"

	"supervisor/supervisord/tools/pidproxy"
)

func main() {
	os.Exit(pidproxy.Main(os.Args, os.Stdout, os.Stderr))
}
