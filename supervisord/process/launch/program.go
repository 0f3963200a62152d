package launch

import (
	"errors"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/accounts"
)

// Program is what all children of one process are spawned with.
type Program struct {
	Config *config.Process
	// Environ is the environment of the daemon, NAME=value.
	Environ []string
	// ServerURL is SUPERVISOR_SERVER_URL unless the program sets its own, "" for none.
	ServerURL string
}

// Spec returns a spec for a command: with the directory, umask and user of the
// program, but without outputs.
func (p *Program) Spec(file string, argv, env []string) *spawn.Spec {
	s := &spawn.Spec{Path: file, Args: argv, Env: env, Dir: p.Config.Directory, Umask: p.Config.Umask}
	if p.Config.UID != nil {
		s.Become = accounts.CredentialsOf(*p.Config.UID) // looked up each time: users come and go
	}
	return s
}

// HookSpec returns a spec for a command that runs beside the child, as the same
// user, in the same directory and with the same environment, plus variables
// (NAME=value). Where its output goes is left to the caller.
func (p *Program) HookSpec(command string, variables ...string) (*spawn.Spec, error) {
	file, argv, err := p.Resolve(command)
	if err != nil {
		return nil, errors.New(err.(*faults.Error).Detail)
	}
	all, err := p.Env(nil)
	if err != nil {
		return nil, err
	}
	env := environment(all)
	for _, kv := range variables {
		env.put(kv)
	}
	s := p.Spec(file, argv, env)
	s.IsShortLived = true
	return s, nil
}

// SetMarkers sets the variables by which descendants of the child are recognised.
func (p *Program) SetMarkers(s *spawn.Spec) {
	s.Markers = []string{processNameVar + "=" + p.Config.Name, groupNameVar + "=" + p.Config.Group}
	if url := p.serverURL(); url != "" {
		s.DaemonMarker = serverURLVar + "=" + url
	}
}

// serverURL is what the child gets as SUPERVISOR_SERVER_URL, "" for nothing.
func (p *Program) serverURL() string {
	if p.Config.ServerURL != "" {
		return p.Config.ServerURL
	}
	return p.ServerURL
}
