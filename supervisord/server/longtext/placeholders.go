package longtext

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"

	"supervisor/supervisord/logs"
)

// Placeholders stand for the long excerpts of an answer. Each is encoded like any other
// text, as a token in place of the excerpt. The zero value is ready to use.
type Placeholders struct {
	token string
	all   []logs.Excerpt
}

// Add returns the text to encode for an excerpt: its own if it is short, else a token.
// Excerpts must be added in the order in which they are encoded.
func (p *Placeholders) Add(e logs.Excerpt) string {
	if text, ok := e.Short(); ok {
		return text
	}
	if p.token == "" {
		p.token = rand.Text() // letters and digits, which no encoding changes and no client can guess
	}
	p.all = append(p.all, e)
	return p.token
}

// IsEmpty reports whether all excerpts so far were short.
func (p *Placeholders) IsEmpty() bool { return len(p.all) == 0 }

// Escaper appends a piece of text in the encoding of an answer. Each text has an Escaper
// of its own, so that it can hold something back until the next or last piece.
type Escaper func(dst []byte, piece string, last bool) []byte

// errTruncated is the error of a log with another length than was counted.
var errTruncated = errors.New("the log has changed while it was read")

// Send sends an encoded answer with the excerpts in place of their tokens. If it returns
// an error, nothing has been sent. If a log changes while it is sent, it panics with
// http.ErrAbortHandler, which closes the connection.
func (p *Placeholders) Send(w http.ResponseWriter, encoded []byte, escaper func() Escaper) error {
	parts := [][]byte{encoded}
	if !p.IsEmpty() {
		parts = bytes.Split(encoded, []byte(p.token))
	}
	if len(parts) != len(p.all)+1 {
		return errors.New("the encoding has changed an excerpt's token")
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
			return nil // the client has gone
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

// sendExcerpt sends an excerpt of a counted length, and reports whether the client has
// gone.
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

// forEachPiece calls f with the escaped pieces of an excerpt. Each is valid until f
// returns.
func forEachPiece(e logs.Excerpt, escape Escaper, f func([]byte) error) error {
	var buf []byte
	return e.Pieces(func(piece string, last bool) error {
		buf = escape(buf[:0], piece, last)
		return f(buf)
	})
}
