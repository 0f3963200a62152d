package rpc

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	gorilla "github.com/gorilla/rpc/v2"

	"supervisor/supervisord/config/python"
	"supervisor/supervisord/logs"
)

// handler stands before the RPC server: it chooses the codec and refuses what
// no codec need see.
type handler struct {
	server *gorilla.Server
	log    *slog.Logger
}

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var buf bytes.Buffer
	buf.Grow(int(min(max(r.ContentLength, 0), maxPrealloc)) + bytes.MinRead)
	_, err := buf.ReadFrom(r.Body)
	body := buf.Bytes()
	if err != nil || len(body) == 0 || !utf8.Valid(body) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	defer h.recoverPanic(w, r, body)
	r.Body = bufferedBody{bytes.NewReader(body), body}
	// Supervisor does not look at the type, so whatever is not JSON is XML.
	codec := typeXML
	if strings.Contains(strings.ToLower(r.Header.Get("Content-Type")), "json") {
		codec = typeJSON
	}
	r.Header.Set("Content-Type", codec)
	h.server.ServeHTTP(w, r)
}

// maxPrealloc is how much memory a request gets for what it says is to come.
const maxPrealloc = 64 << 10

// bufferedBody is a body that is complete, for those who would rather have it as
// it is.
type bufferedBody struct {
	*bytes.Reader
	data []byte
}

// Close does nothing.
func (bufferedBody) Close() error { return nil }

// recoverPanic turns a panic into a status, and tells the log how it came about.
func (h handler) recoverPanic(w http.ResponseWriter, r *http.Request, body []byte) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v) // the server's own way to end a connection
	}
	h.log.Log(r.Context(), logs.LevelCritical, fmt.Sprintf(
		"Handling XML-RPC request with data %s raised an unexpected exception: %v\n%s", excerpt(body), v, debug.Stack()))
	w.WriteHeader(http.StatusInternalServerError)
}

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
