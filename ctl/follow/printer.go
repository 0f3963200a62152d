package follow

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"supervisor/ctl/names"
	"supervisor/ctl/session"
)

// maxLabel is how wide the names before lines may be. A longer one is cut in the middle.
const maxLabel = 32

// logPrinter shows lines of several logs, each behind the name of its process. Several
// goroutines may add lines.
type logPrinter struct {
	out   io.Writer
	grep  *regexp.Regexp
	width int // of the names, 0 if there are none
	color bool

	mu     sync.Mutex
	buffer bytes.Buffer
	// prefixes are what stands before the lines of a source.
	prefixes map[*logSource]string
}

func newLogPrinter(s *session.Session, sources []*logSource, grep *regexp.Regexp) *logPrinter {
	p := &logPrinter{out: s.Out(), grep: grep, color: s.UsesColor(), prefixes: make(map[*logSource]string)}
	labels := make(map[string]bool)
	for _, l := range sources {
		labels[l.label] = true
		p.width = max(p.width, min(utf8.RuneCountInString(l.label), maxLabel))
	}
	if len(labels) == 1 {
		p.width = 0 // there is nothing to tell apart
	}
	for _, l := range sources {
		p.prefixes[l] = p.prefix(l)
	}
	return p
}

// colors are those of names, by which neighbours can be told apart on light and dark
// terminals.
var colors = []int{36, 33, 32, 35, 34, 96, 93, 92, 95, 94}

// prefix returns what stands before the lines of a source.
func (p *logPrinter) prefix(l *logSource) string {
	if p.width == 0 {
		return ""
	}
	label := names.CutMiddle(l.label, maxLabel)
	pad := strings.Repeat(" ", p.width-utf8.RuneCountInString(label))
	if !p.color {
		return label + pad + " | "
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(l.label)) // never fails
	bar := "│"
	if l.channel == "stderr" {
		bar = "\x1b[31m│"
	}
	return fmt.Sprintf("\x1b[%dm%s%s %s\x1b[0m ", colors[h.Sum32()%uint32(len(colors))], label, pad, bar)
}

// print shows a line, with its line end if it has one, unless it is to be left out.
func (p *logPrinter) print(l *logSource, line []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.printLocked(l, line)
}

func (p *logPrinter) printLocked(l *logSource, line []byte) {
	if p.grep != nil && !p.grep.Match(bytes.TrimRight(line, "\r\n")) {
		return
	}
	p.buffer.WriteString(p.prefixes[l])
	p.buffer.Write(line)
	if len(line) == 0 || line[len(line)-1] != '\n' {
		p.buffer.WriteByte('\n')
	}
	if p.buffer.Len() > 64<<10 {
		p.flushLocked()
	}
}

// flush writes what has been gathered.
func (p *logPrinter) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flushLocked()
}

func (p *logPrinter) flushLocked() {
	_, _ = p.out.Write(p.buffer.Bytes()) // a reader that is gone ends us by SIGPIPE
	p.buffer.Reset()
}

// maxPartial is how long a line without an end may get before it is shown in parts, in
// bytes.
const maxPartial = 1 << 20

// addPiece shows the whole lines of a piece and keeps the beginning of the last one.
func (p *logPrinter) addPiece(l *logSource, h pieceHeader, text []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case h.Error != "":
		fmt.Fprintf(&p.buffer, "==> %s: %s <==\n", l.label, h.Error)
	case h.Lost:
		l.partial = nil
		fmt.Fprintf(&p.buffer, "==> lines of %s are lost: the log was cleared, or rotated too fast <==\n", l.label)
	}
	if h.Next != "" {
		l.cursor = h.Next
	}
	for line := range bytes.Lines(text) {
		switch {
		case line[len(line)-1] != '\n' && len(l.partial)+len(line) < maxPartial:
			l.partial = append(l.partial, line...)
		case len(l.partial) > 0:
			p.printLocked(l, append(l.partial, line...))
			l.partial = nil
		default:
			p.printLocked(l, line)
		}
	}
	p.flushLocked()
}
