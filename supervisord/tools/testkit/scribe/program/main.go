package main

import (
	"os"

	"supervisor/supervisord/tools/testkit/scribe"
)

func main() { scribe.Main(os.Args[1:]) }
