package hook

import (
	"strings"
	"sync"

	"supervisor/supervisord/spawn/output"
)

// tailBuffer passes output on to a log and keeps the end of it.
type tailBuffer struct {
	log  output.Sink
	mu   sync.Mutex
	tail []byte // guarded by mu
}

// Write implements output.Sink.
func (b *tailBuffer) Write(data []byte) {
	const limit = 1 << 10
	b.log.Write(data)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tail = append(b.tail, data...)
	if n := len(b.tail); n > limit {
		b.tail = append(b.tail[:0], b.tail[n-limit:]...)
	}
}

// lastLines returns the last lines that are not empty, at most two: often the last
// one only says that there was an error, and the one before says which. It is "" if
// there are none.
func (b *tailBuffer) lastLines() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []string
	for line := range strings.Lines(string(b.tail)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(len(lines)-2, 0):], "; ")
}
