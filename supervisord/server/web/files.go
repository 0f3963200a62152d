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

// contentTypes replaces the types of the system, which may have others or none.
var contentTypes = map[string]string{".css": "text/css", ".gif": "image/gif", ".png": "image/png"}

// file serves a file, with the statuses of Supervisor.
func (s *server) file(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.URL.Path == "" || strings.HasSuffix(r.URL.Path, "/") { // there are no listings of directories
		w.WriteHeader(http.StatusNotFound)
		return
	}
	name := "static"
	for part := range strings.SplitSeq(r.URL.Path, "/") {
		if part != "" {
			name += "/" + part
		}
	}
	info, err := fs.Stat(static, name) // fails for a path with . or ..
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
	w.Header().Set("Cache-Control", "no-cache") // browsers must revalidate
	http.ServeContent(w, r, name, s.since, bytes.NewReader(data))
}
