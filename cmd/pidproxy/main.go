// Pidproxy runs a command and passes signals on to another process, whose pid
// is in a file.
package main

import (
	"os"

	"supervisor/supervisord/tools/pidproxy"
)

func main() {
	os.Exit(pidproxy.Main(os.Args, os.Stdout, os.Stderr))
}
