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

// handler chooses the codec for the RPC server, and refuses requests without a usable
// body.
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
	// Supervisor ignores the type, so everything that is not JSON is XML.
	codec := typeXML
	if strings.Contains(strings.ToLower(r.Header.Get("Content-Type")), "json") {
		codec = typeJSON
	}
	r.Header.Set("Content-Type", codec)
	h.server.ServeHTTP(w, r)
}

// maxPrealloc is how much memory is allocated for a body by its announced length alone.
const maxPrealloc = 64 << 10

// bufferedBody is a body that has been read completely. The XML codec uses data
// directly.
type bufferedBody struct {
	*bytes.Reader
	data []byte
}

// Close does nothing.
func (bufferedBody) Close() error { return nil }

// recoverPanic answers a panic with status 500, and logs it with the stack.
func (h handler) recoverPanic(w http.ResponseWriter, r *http.Request, body []byte) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v) // net/http ends the connection
	}
	h.log.Log(r.Context(), logs.LevelCritical, fmt.Sprintf(
		"Handling XML-RPC request with data %s raised an unexpected exception: %v\n%s", excerpt(body), v, debug.Stack()))
	w.WriteHeader(http.StatusInternalServerError)
}

// maxExcerpt is how many bytes of a bad request are logged.
const maxExcerpt = 4096

// excerpt returns a request in the form in which Python shows a string, on one line for
// the log.
func excerpt(body []byte) string {
	if len(body) <= maxExcerpt {
		return python.Repr(string(body))
	}
	// Drops a character that the cut has broken.
	return python.Repr(strings.ToValidUTF8(string(body[:maxExcerpt]), "")) + "..."
}
