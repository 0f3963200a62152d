package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/server/longtext"
)

// tailView is the view of the tail page.
type tailView struct {
	baseView
	Text    string
	Refresh string // address of this page, "" without a process
}

// minTail is the smallest number of bytes that is shown.
const minTail = 1024

// tail shows the end of the stdout log of a process.
func (s *server) tail(w http.ResponseWriter, _ *http.Request, f form) error {
	name, limit := f["processname"], tailLimit(f["limit"])
	if name == "" {
		view := tailView{baseView: s.baseView("Supervisor tail of process None"), Text: "No process name found"}
		return s.show(w, http.StatusOK, "tail.html", view)
	}
	var long longtext.Placeholders
	page, err := s.render("tail.html", tailView{
		baseView: s.baseView("Supervisor tail of process " + name),
		Text:     printable(long.Add(s.tailText(name, limit))),
		Refresh:  "tail.html?processname=" + quote(name) + "&limit=" + strconv.FormatInt(limit, 10),
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html;charset=utf-8")
	forbidCaching(h)
	return long.Send(w, page, textEscaper)
}

// tailText returns the end of the log, or the reason why there is none.
func (s *server) tailText(name string, limit int64) logs.Excerpt {
	err := s.checkRunning()
	var text logs.Excerpt
	if err == nil {
		text, err = s.opts.Logs.ReadLog(name, "stdout", -limit, 0)
	}
	switch {
	case err == nil:
		return text
	case faultCode(err) == faults.NoFile:
		return logs.Literal("No file for " + name)
	default:
		return logs.Literal("ERROR: " + unexpectedFault(err))
	}
}

// tailLimit parses the number of bytes to show. There is no upper limit; a number beyond
// 64 bits means everything.
func tailLimit(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if strings.Trim(s, "0123456789") != "" || err != nil && !errors.Is(err, strconv.ErrRange) {
		return minTail
	}
	return max(n, minTail)
}
