package follow

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"supervisor/supervisord/logs/timestamp"
)

// pieceHeader is the header of a part of a log in a stream of the daemon.
type pieceHeader struct {
	Log   int    `json:"log"`
	Bytes int    `json:"bytes"`
	Next  string `json:"next"`
	Lost  bool   `json:"lost"`
	Cut   bool   `json:"cut"`
	Dated bool   `json:"dated"`
	Error string `json:"error"`
}

// maxPieceBytes bounds what a broken server could have us allocate.
const maxPieceBytes = 16 << 20

// readPieces calls handle for each part of a stream until that ends or handle fails. The
// text is valid only during the call. At the regular end of the stream the error is
// io.EOF.
func readPieces(body io.Reader, handle func(h pieceHeader, text []byte) error) error {
	in := bufio.NewReaderSize(body, 64<<10)
	var text []byte
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return err
		}
		var h pieceHeader
		if err := json.Unmarshal(line, &h); err != nil {
			return fmt.Errorf("bad header of a log: %w", err)
		}
		if h.Bytes < 0 || h.Bytes > maxPieceBytes || h.Log < 0 {
			return fmt.Errorf("bad header of a log: %s", line)
		}
		text = slices.Grow(text[:0], h.Bytes)[:h.Bytes]
		if _, err := io.ReadFull(in, text); err != nil {
			return err
		}
		if err := handle(h, text); err != nil {
			return readError{err}
		}
	}
}

// pastLog is the past lines of one log.
type pastLog struct {
	source *logSource
	header pieceHeader
	text   []byte
}

// datedLine is a line and when it was written, as far as that is known.
type datedLine struct {
	source *logSource
	text   []byte // with its line end
	at     time.Time
}

// inOrderOfTime merges the lines of several logs. The lines of one log stay in their
// order: one without a time, or with an earlier one than the line before, has the time
// of that. Lines before the first time of their log come before it.
func inOrderOfTime(past []pastLog, now time.Time) []datedLine {
	var all []datedLine
	for _, one := range past {
		first := len(all)
		var last time.Time
		for text := range bytes.Lines(one.text) {
			if at, ok := timestamp.Parse(text, now); ok && at.After(last) {
				if last.IsZero() { // of those before nothing is known
					for i := first; i < len(all); i++ {
						all[i].at = at
					}
				}
				last = at
			}
			all = append(all, datedLine{one.source, text, last})
		}
	}
	slices.SortStableFunc(all, func(a, b datedLine) int { return a.at.Compare(b.at) })
	return all
}
