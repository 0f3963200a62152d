// Echo_supervisord_conf prints a sample configuration.
package main

import (
	"fmt"

	"supervisor/supervisord/tools/sampleconf"
)

func main() {
	fmt.Print(sampleconf.Text())
}
