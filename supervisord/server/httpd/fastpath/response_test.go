package fastpath

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestAnswerInPieces: an answer with a Content-Length is sent as it is written, and an
// incomplete one is an error, which closes the connection.
func TestAnswerInPieces(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pieces []string
		left   int64
		fails  bool
	}{
		"complete": {[]string{"ab", "", "cd"}, 0, false},
		"in one":   {[]string{"abcd"}, 0, false},
		"too few":  {[]string{"ab", "c"}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := net.Pipe()
			got := make(chan string, 1)
			go func() {
				data, _ := io.ReadAll(there)
				got <- string(data)
			}()
			w := &responseWriter{conn: here, header: make(http.Header)}
			w.header.Set("Content-Length", "4")
			for _, piece := range tt.pieces {
				if _, err := w.Write([]byte(piece)); err != nil {
					t.Error(err)
				}
			}
			if len(w.body) > 0 {
				t.Errorf("%q is held back", w.body)
			}
			if err := w.finish(); (err != nil) != tt.fails {
				t.Errorf("got %v", err)
			}
			here.Close()
			_, body, _ := strings.Cut(<-got, "\r\n\r\n")
			if body != strings.Join(tt.pieces, "") || w.left != tt.left {
				t.Errorf("got %q, %d are left", body, w.left)
			}
		})
	}
}
