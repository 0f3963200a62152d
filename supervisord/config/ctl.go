package config

import (
	"errors"
	"fmt"
	"strings"

	"supervisor/supervisord/config/inifile"
	"supervisor/supervisord/config/python"
)

// Ctl is what supervisorctl reads from a configuration file.
type Ctl struct {
	Path        string // the file, absolute; "" if there is none
	ServerURL   string
	Username    string // "" for none
	Password    string // likewise
	Prompt      string
	HistoryFile string         // absolute, "" for none
	Plugins     []RPCInterface // [ctlplugin:x]
}

// LoadCtl reads the section [supervisorctl]. Without a file it returns the
// defaults; a file without the section is an error, and the error is an Errors.
// supervisorctl includes no further files.
func LoadCtl(o LoadOptions) (*Ctl, error) {
	l := newLoader(o)
	l.table = inifile.New(func(section string) bool {
		return section == "supervisorctl" || strings.HasPrefix(section, "ctlplugin:")
	})
	c := new(Ctl)
	if l.search() {
		c.Path = l.conf.Path
		if !l.readMain() {
			return nil, l.errs
		}
		if !l.table.Has("supervisorctl") {
			l.addFileError(l.mainFile, 0, ".ini file does not include supervisorctl section")
			return nil, l.errs
		}
	}
	l.supervisorctl(c)
	if len(l.errs) > 0 {
		return nil, l.errs
	}
	return c, nil
}

func (l *loader) supervisorctl(c *Ctl) {
	r := l.reader(InSupervisorctl, "supervisorctl")
	c.ServerURL = get[string](r, "serverurl")
	if path, ok := strings.CutPrefix(c.ServerURL, "unix://"); ok {
		c.ServerURL = "unix://" + l.host.Normalize(path)
	}
	c.Prompt = get[string](r, "prompt")
	c.Username = get[string](r, "username")
	c.Password = get[string](r, "password")
	if c.HistoryFile = get[string](r, "history_file"); c.HistoryFile != "" {
		c.HistoryFile = l.host.Normalize(c.HistoryFile)
	}
	for _, section := range l.sections("ctlplugin:") {
		if p, ok := l.plugin(InCtlPlugin, section, "supervisor.ctl_factory"); ok {
			c.Plugins = append(c.Plugins, p)
		}
	}
}

// CheckURL accepts what Supervisor takes for a URL on the command line of
// supervisorctl: a scheme, and something after it.
func CheckURL(value string) error {
	url := strings.TrimLeftFunc(value, func(r rune) bool { return r <= ' ' })
	url = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(url)
	scheme, rest, ok := strings.Cut(url, ":")
	if !ok || !isScheme(scheme) {
		return fmt.Errorf("value %s is not a URL", python.Repr(value))
	}
	netloc, hasNetloc := strings.CutPrefix(rest, "//")
	if hasNetloc {
		netloc, rest = cutAny(netloc, "/?#")
		if strings.Contains(netloc, "[") != strings.Contains(netloc, "]") {
			return errors.New("Invalid IPv6 URL")
		}
	} else {
		netloc = ""
	}
	path, _ := cutAny(rest, "?#")
	if netloc == "" && path == "" {
		return fmt.Errorf("value %s is not a URL", python.Repr(value))
	}
	return nil
}

// cutAny splits s before the first of the characters.
func cutAny(s, chars string) (before, rest string) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// isScheme tells whether s is a letter followed by letters, digits and "+-.".
func isScheme(s string) bool {
	for i, r := range s {
		letter := 'a' <= r|0x20 && r|0x20 <= 'z'
		if !letter && (i == 0 || !('0' <= r && r <= '9' || strings.ContainsRune("+-.", r))) {
			return false
		}
	}
	return s != ""
}
