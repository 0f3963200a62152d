package process

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"supervisor/supervisord/config/envfile"
	"supervisor/supervisord/system/accounts"
)

// The variables by which a child knows its name.
const (
	processNameVar = "SUPERVISOR_PROCESS_NAME"
	groupNameVar   = "SUPERVISOR_GROUP_NAME"
	serverURLVar   = "SUPERVISOR_SERVER_URL"
)

// Variable is a variable of a child and where it comes from.
type Variable struct {
	Name, Value string
	// Source is "supervisord" for what the daemon itself has, "supervisor" for what
	// every child is told, "user" for user_env, "configuration" for environment=, or
	// the path of the file of env_file.
	Source string
}

// The sources that are no files.
const (
	fromDaemon        = "supervisord"
	fromSupervisor    = "supervisor"
	fromUser          = "user"
	fromProviders     = "provider"
	fromConfiguration = "configuration"
)

// Environment is what a child that was born now would get, but for what others
// provide, as sockets. It reads the files of env_file, and fails if the birth would
// for their sake. It may be called from anywhere.
func (p *Process) Environment() ([]Variable, error) {
	var all []Variable
	at := make(map[string]int)
	err := p.compose(nil, func(kv, source string) {
		name, value, _ := strings.Cut(kv, "=")
		i, known := at[name]
		if !known {
			i = len(all)
			at[name] = i
			all = append(all, Variable{})
		}
		all[i] = Variable{name, value, source}
	})
	return all, err
}

// environment is what a child gets.
func (p *Process) environment(provisions []Provision) ([]string, error) {
	env := make(environment, 0, len(p.Environ)+len(p.Config.Environment)+4)
	err := p.compose(provisions, func(kv, _ string) { env.put(kv) })
	return env, err
}

// compose tells each variable and its source, those that count for more later:
// the daemon's own, what Supervisor tells every child, the user's, the files', what
// is provided, the configuration's.
func (p *Process) compose(provisions []Provision, put func(kv, source string)) error {
	for _, kv := range p.Environ {
		put(kv, fromDaemon)
	}
	put("SUPERVISOR_ENABLED=1", fromSupervisor)
	if url := p.serverURL(); url != "" {
		put(serverURLVar+"="+url, fromSupervisor)
	}
	put(processNameVar+"="+p.Config.Name, fromSupervisor)
	put(groupNameVar+"="+p.Config.Group, fromSupervisor)
	if err := p.composeOwn(put); err != nil {
		return err
	}
	for _, one := range provisions {
		for _, kv := range one.Env {
			put(kv, fromProviders)
		}
	}
	for _, v := range p.Config.Environment {
		put(v.Name+"="+v.Value, fromConfiguration)
	}
	return nil
}

// composeOwn is the part of compose that Supervisor doesn't know.
func (p *Process) composeOwn(put func(kv, source string)) error {
	if p.Config.UserEnv {
		uid := os.Getuid()
		if p.Config.UID != nil {
			uid = *p.Config.UID
		}
		l, err := findLogin(uid)
		if err != nil {
			return fmt.Errorf("user_env: %w", err)
		}
		for _, kv := range []string{"HOME=" + l.home, "USER=" + l.name, "LOGNAME=" + l.name, "SHELL=" + l.shell} {
			put(kv, fromUser)
		}
	}
	for _, f := range p.Config.EnvFiles {
		list, err := envfile.Read(f.Path, p.daemonHas)
		if f.Optional && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("env_file: %w", err)
		}
		for _, v := range list {
			put(v.Name+"="+v.Value, f.Path)
		}
	}
	return nil
}

// daemonHas looks a variable up in the daemon's own environment.
func (p *Process) daemonHas(name string) (string, bool) {
	for _, kv := range p.Environ {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// environment is a list of NAME=value with each name once. It is short enough
// to be searched faster than an index of it could be made.
type environment []string

func (e *environment) put(kv string) {
	name, _, isPair := strings.Cut(kv, "=")
	if !isPair {
		kv += "="
	}
	name = kv[:len(name)+1]
	for i, old := range *e {
		if strings.HasPrefix(old, name) {
			(*e)[i] = kv
			return
		}
	}
	*e = append(*e, kv)
}

func lookup(environ []string, name string) string {
	for _, kv := range environ {
		if k, v, _ := strings.Cut(kv, "="); k == name {
			return v
		}
	}
	return ""
}

// login is how a user is known to programs.
type login struct{ name, home, shell string }

// passwdFile is where the shell of a user stands; os/user does not tell it.
const passwdFile = "/etc/passwd"

// findLogin looks a user up. One whose shell is not known has the one that is used
// where none is said.
func findLogin(uid int) (login, error) {
	if text, err := os.ReadFile(passwdFile); err == nil {
		if l, ok := parseLogin(string(text), uid); ok {
			return l, nil
		}
	}
	u, err := accounts.System().UserID(uid)
	if err != nil {
		return login{}, fmt.Errorf("can't find uid %d", uid)
	}
	return login{u.Name, cmp.Or(u.Home, "/"), cmp.Or(u.Shell, defaultShell)}, nil
}

const defaultShell = "/bin/sh"

// parseLogin finds the first line of a user in the text of a passwd file.
func parseLogin(text string, uid int) (login, bool) {
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		if len(fields) < 7 || fields[2] != strconv.Itoa(uid) || fields[0] == "" || fields[0][0] == '#' {
			continue
		}
		l := login{fields[0], fields[5], fields[6]}
		if l.shell == "" {
			l.shell = defaultShell
		}
		if l.home == "" {
			l.home = "/"
		}
		return l, true
	}
	return login{}, false
}

// serverURL is what a child is told of it, "" for nothing.
func (p *Process) serverURL() string {
	if p.Config.ServerURL != "" {
		return p.Config.ServerURL
	}
	return p.ServerURL
}
