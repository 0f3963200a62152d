package supervisord

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/server/rpc"
)

// namespaces returns the names under which methods are offered: those of supervisord,
// and those of the twiddler.
func (r *daemonRun) namespaces() (own []string, twiddlers []rpc.Twiddler) {
	for _, i := range r.conf.RPCInterfaces {
		switch {
		case i.BuiltIn:
			own = append(own, i.Name)
		case i.Twiddler:
			twiddlers = append(twiddlers, rpc.Twiddler{Namespace: i.Name, Whitelist: i.Whitelist})
		}
	}
	return own, twiddlers
}

// interfaces returns the names of the interfaces that are built in, in file order.
func (r *daemonRun) interfaces() []string {
	var names []string
	for _, i := range r.conf.RPCInterfaces {
		if i.BuiltIn || i.Twiddler {
			names = append(names, i.Name)
		}
	}
	return names
}

// loadChecked is loadFrom, and checks the interfaces too: they must not refuse the
// configuration later, when all programs have been stopped or have no daemon.
func (r *daemonRun) loadChecked(from *source.Snapshot, scales []config.Scale) (*config.Config, error) {
	conf, err := r.loadFrom(from, scales)
	if err == nil {
		err = r.checkInterfaces(conf)
	}
	return conf, err
}

// checkInterfaces refuses options that an interface doesn't have. A server makes the
// interfaces, so without one there is nothing to check.
func (r *daemonRun) checkInterfaces(conf *config.Config) error {
	if len(conf.Servers) == 0 {
		return nil
	}
	for _, i := range conf.RPCInterfaces {
		options := slices.Sorted(maps.Keys(i.Options))
		if i.Twiddler {
			options = slices.DeleteFunc(options, func(name string) bool { return name == "whitelist" })
		}
		if (i.BuiltIn || i.Twiddler) && len(options) > 0 {
			r.log.Warn(fmt.Sprintf("[%s] can't have these options, be they its own or from [DEFAULT]: %s",
				i.Section, strings.Join(options, ", ")))
			return fmt.Errorf("Could not make %s rpc interface", i.Name) //nolint:staticcheck // Supervisor's words
		}
	}
	return nil
}
