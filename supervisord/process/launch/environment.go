package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"supervisor/supervisord/config/envfile"
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
	// Source is "supervisord" for the daemon's own environment, "supervisor" for what
	// every child gets, "user" for user_env, "configuration" for environment=, or the
	// path of a file of env_file.
	Source string
}

// The sources that are not files.
const (
	fromDaemon        = "supervisord"
	fromSupervisor    = "supervisor"
	fromUser          = "user"
	fromProviders     = "provider"
	fromConfiguration = "configuration"
)

// Variables returns the environment that a child spawned now would get, without
// provisions. It reads the files of env_file, and fails where a spawn would fail
// because of them.
func (p *Program) Variables() ([]Variable, error) {
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

// Env returns the environment of a child, NAME=value.
func (p *Program) Env(provisions []Provision) ([]string, error) {
	env := make(environment, 0, len(p.Environ)+len(p.Config.Environment)+4)
	err := p.compose(provisions, func(kv, _ string) { env.put(kv) })
	return env, err
}

// compose puts each variable with its source. A later one overrides an earlier
// one: the daemon's own, what Supervisor gives every child, user_env, env_file,
// provisions, environment=.
func (p *Program) compose(provisions []Provision, put func(kv, source string)) error {
	for _, kv := range p.Environ {
		put(kv, fromDaemon)
	}
	put("SUPERVISOR_ENABLED=1", fromSupervisor)
	if url := p.serverURL(); url != "" {
		put(serverURLVar+"="+url, fromSupervisor)
	}
	put(processNameVar+"="+p.Config.Name, fromSupervisor)
	put(groupNameVar+"="+p.Config.Group, fromSupervisor)
	if err := p.composeUser(put); err != nil {
		return err
	}
	if err := p.composeFiles(put); err != nil {
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

// composeUser puts what user_env asks for.
func (p *Program) composeUser(put func(kv, source string)) error {
	if !p.Config.UserEnv {
		return nil
	}
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
	return nil
}

// composeFiles puts what the files of env_file say.
func (p *Program) composeFiles(put func(kv, source string)) error {
	for _, f := range p.Config.EnvFiles {
		list, err := envfile.Read(f.Path, p.lookupDaemon)
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

// lookupDaemon looks a variable up in the daemon's own environment.
func (p *Program) lookupDaemon(name string) (string, bool) {
	for _, kv := range p.Environ {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// environment is a list of NAME=value with each name once. It is so short that
// searching it is faster than building an index.
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
