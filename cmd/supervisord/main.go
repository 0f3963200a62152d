// Supervisord starts programs and keeps them running.
package main

import (
	"os"

	"supervisor/supervisord"
	"supervisor/supervisord/spawn"
)

func main() {
	spawn.RunExecutor() // does not return in a process that was started to become a child
	os.Exit(supervisord.Main(os.Args, os.Stdout, os.Stderr))
}
