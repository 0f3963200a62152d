package rpc

import (
	"strings"

	"supervisor/supervisord/config/python"
)

// maxExcerpt is how much of a bad request goes to the log.
const maxExcerpt = 4096

// excerpt shows a request in the log, as Python shows a string, so that it
// stays on its line.
func excerpt(body []byte) string {
	if len(body) <= maxExcerpt {
		return python.Repr(string(body))
	}
	// The cut may have gone through a character, whose rest is dropped.
	return python.Repr(strings.ToValidUTF8(string(body[:maxExcerpt]), "")) + "..."
}
