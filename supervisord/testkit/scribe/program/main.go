package main

import (
	"os"

	"supervisor/supervisord/testkit/scribe"
)

func main() { scribe.Main(os.Args[1:]) }
