package load

import (
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
)

// rpcInterfaces reads the sections [rpcinterface:x].
func (l *loader) rpcInterfaces() []config.RPCInterface {
	var plugins []config.RPCInterface
	for _, header := range l.Sections("rpcinterface:") {
		p, ok := l.Plugin(option.InRPCInterface, header, config.RPCInterfaceFactory)
		if !ok {
			continue
		}
		i := config.RPCInterface{
			Name: p.Name, Section: header, Factory: p.Factory, Options: p.Options,
			BuiltIn: p.Factory == option.MainRPCInterface, Twiddler: p.Factory == option.TwiddlerRPCInterface,
		}
		if i.Twiddler {
			i.Whitelist, _ = option.ParseList(i.Options["whitelist"]) // it never fails
		}
		if !i.BuiltIn && !i.Twiddler && l.Input.Resolve == nil {
			l.warn("[%s] asks for %s, which is Python and can't be loaded here; "+
				"its methods are missing, remove the section if no client calls them", header, i.Factory)
		}
		plugins = append(plugins, i)
	}
	return plugins
}
