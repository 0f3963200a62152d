package main

import (
	"os"

	"supervisor/supervisord/tools/testkit/linewriter"
)

func main() { linewriter.Main(os.Args[1:]) }
