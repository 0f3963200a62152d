package longtext

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"

	"supervisor/supervisord/logs"
)

// Placeholders are where long excerpts stand in an answer. Each is encoded like any other
// text, with a mark instead of what it says. The zero value is ready.
type Placeholders struct {
	token string
	all   []logs.Excerpt
}

// Add returns the text that is to be encoded for an excerpt: its own if it is short,
// else a mark. They are put in the order in which they are encoded.
func (p *Placeholders) Add(e logs.Excerpt) string {
	if text, ok := e.Short(); ok {
		return text
	}
	if p.token == "" {
		p.token = rand.Text() // letters and digits, which no encoding changes and no client knows
	}
	p.all = append(p.all, e)
	return p.token
}

// IsEmpty reports whether all excerpts so far were short.
func (p *Placeholders) IsEmpty() bool { return len(p.all) == 0 }

// Escaper appends a piece of text in the encoding of an answer. There is one for each
// text, so that it can keep something back until the next piece, or the last, comes.
type Escaper func(dst []byte, piece string, last bool) []byte

// errTruncated is the error of a log that has not as much text as was counted.
var errTruncated = errors.New("the log has changed while it was read")

// Send sends an encoded answer with the excerpts in their places. If it fails nothing
// has been sent. A log that is changed while it is sent aborts the handler
// (http.ErrAbortHandler).
func (p *Placeholders) Send(w http.ResponseWriter, encoded []byte, escaper func() Escaper) error {
	parts := [][]byte{encoded}
	if !p.IsEmpty() {
		parts = bytes.Split(encoded, []byte(p.token))
	}
	if len(parts) != len(p.all)+1 {
		return errors.New("an excerpt was not encoded as it was put")
	}
	size := int64(len(encoded) - len(p.all)*len(p.token))
	lengths := make([]int64, len(p.all))
	for i, e := range p.all {
		err := forEachPiece(e, escaper(), func(escaped []byte) error { lengths[i] += int64(len(escaped)); return nil })
		if err != nil {
			return err
		}
		size += lengths[i]
	}
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	for i, part := range parts {
		if _, err := w.Write(part); err != nil {
			return nil // a client that is gone misses nothing
		}
		if i == len(p.all) {
			break
		}
		if gone := sendExcerpt(w, p.all[i], escaper(), lengths[i]); gone {
			return nil
		}
	}
	return nil
}

// sendExcerpt sends an excerpt that has been counted, and reports whether the client is gone.
func sendExcerpt(w http.ResponseWriter, e logs.Excerpt, escape Escaper, length int64) (gone bool) {
	err := forEachPiece(e, escape, func(escaped []byte) error {
		if length -= int64(len(escaped)); length < 0 {
			return errTruncated
		}
		_, err := w.Write(escaped)
		gone = err != nil
		return err
	})
	if !gone && (err != nil || length != 0) {
		panic(http.ErrAbortHandler)
	}
	return gone
}

// forEachPiece calls f with the pieces of an excerpt, escaped. What f gets is good until it
// returns.
func forEachPiece(e logs.Excerpt, escape Escaper, f func([]byte) error) error {
	var buf []byte
	return e.Pieces(func(piece string, last bool) error {
		buf = escape(buf[:0], piece, last)
		return f(buf)
	})
}
