package web

import (
	"bytes"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var static embed.FS

// contentTypes does not ask the system, which may know others or none.
var contentTypes = map[string]string{".css": "text/css", ".gif": "image/gif", ".png": "image/png"}

// file serves a file. The statuses are Supervisor's.
func (s *server) file(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.URL.Path == "" || strings.HasSuffix(r.URL.Path, "/") { // there are only files to be had
		w.WriteHeader(http.StatusNotFound)
		return
	}
	name := "static"
	for part := range strings.SplitSeq(r.URL.Path, "/") {
		if part != "" {
			name += "/" + part
		}
	}
	info, err := fs.Stat(static, name) // refuses every path that is not plain
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if info.IsDir() {
		redirect(w, path.Base(name)+"/", http.StatusMovedPermanently)
		return
	}
	data, err := static.ReadFile(name)
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", contentTypes[strings.ToLower(path.Ext(name))])
	w.Header().Set("Cache-Control", "no-cache") // ask whether it is still the same
	http.ServeContent(w, r, name, s.since, bytes.NewReader(data))
}
