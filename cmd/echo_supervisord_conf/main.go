// Echo_supervisord_conf prints a configuration to begin with.
package main

import (
	"fmt"

	"supervisor/supervisord/tools/sampleconf"
)

func main() {
	fmt.Print(sampleconf.Text())
}
