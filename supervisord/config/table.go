package config

import (
	"slices"

	"supervisor/supervisord/config/ctlconf"
	"supervisor/supervisord/config/option"
)

// Options returns the table of all options, of the daemon and of supervisorctl, in
// the order in which they are read.
func Options() option.Table { return slices.Clone(options) }

// options is the only place that describes options. Parsing, comparing, the
// digest, the JSON output, the command line, the sample configuration and the
// documentation are drawn from it.
var options option.Table = slices.Concat(
	commandLineOptions,
	supervisordOptions,
	option.Table{
		{Name: "profile_options", Flag: &option.Flag{Arg: "LIST"}, Help: "accepted for compatibility, without effect"},

		{Name: "files", In: option.InInclude, Required: true, Names: option.NameHere | option.NameHost,
			Help: "patterns of further files to read, separated by white space"},

		{Name: RPCInterfaceFactory, In: option.InRPCInterface, Required: true, Help: "module:callable that makes the interface"},
	},
	ctlconf.PluginOptions(),
	groupOptions,
	socketOptions,
	listenerOptions,
	fastCGIOptions,
	programOptions,
	extensionOptions,
	serverOptions,
	ctlconf.Options(),
)

// RPCInterfaceFactory is the option of [rpcinterface:x] that names its factory.
const RPCInterfaceFactory = "supervisor.rpcinterface_factory"

// in completes the rows of one kind of section. Rows without names of their own get
// those that %(name)s may refer to there.
func in(sections option.Sections, names option.Names, rows option.Table) option.Table {
	for i := range rows {
		rows[i].In = sections
		if rows[i].Names == 0 {
			rows[i].Names = names
		}
	}
	return rows
}

// commandLineOptions are those that no file has.
var commandLineOptions = option.Table{
	{Name: "help", Flag: &option.Flag{Short: "h?"}, Help: "show this text and exit"},
	{Name: "version", Flag: &option.Flag{Short: "v"}, Help: "show the version and exit"},
	{Name: "long", Extension: true, Flag: &option.Flag{}, Help: "with -v: show release, commit and Go as well"},
	{Name: "configuration", Flag: &option.Flag{Short: "c", Arg: "FILENAME"}, Help: "read this configuration file instead of searching for one"},
	{Name: "test", Extension: true, Flag: &option.Flag{Short: "t"}, Help: "check the configuration, report all errors and exit; together with options for a daemon, -t is --strip_ansi"},
	{Name: "json", Extension: true, Flag: &option.Flag{}, Help: "with -t: print the resulting configuration as JSON"},
}

// groupOptions are those of [group:x].
var groupOptions = in(option.InGroup, option.NameHere, option.Table{
	{Name: "programs", Type: option.List, Help: "names of the programs in the group"},
	{Name: "priority", Type: option.Integer, Default: "999",
		Help:  "start and stop order of the group, lower starts earlier and stops later",
		Field: option.FieldOf(func(s *Group) any { return &s.Priority }), Live: true},
	{Name: "depends_on", Extension: true, Type: dependenciesType, Help: "what all processes of the group depend on"},
})

// socketOptions are those of [socket:x].
var socketOptions = in(option.InSocket, option.NameHere, option.Table{
	{Name: "listen", Extension: true, Required: true, Names: option.NameHere | option.NameHost,
		Help: "tcp://host:port or unix:///absolute/path that supervisord listens on"},
	{Name: "backlog", Extension: true, Type: option.Positive, Help: "length of the queue of connections, the system's maximum by default"},
	{Name: "reuse_port", Extension: true, Type: option.Boolean, Default: "false", Help: "let others listen on the same TCP port (SO_REUSEPORT)"},
	{Name: "socket_owner", Extension: true, Type: option.Owner, Help: "owner of the Unix socket", InvalidPrefix: "Invalid socket_owner value "},
	{Name: "socket_mode", Extension: true, Type: option.Octal, Default: "0700", InvalidPrefix: "Invalid socket_mode value ",
		Help: "mode of the Unix socket"},
})

// listenerOptions are those of [eventlistener:x] that programs do not have.
var listenerOptions = in(option.InEventListener, option.NameHere, option.Table{
	{Name: "buffer_size", Type: option.Integer, Default: "10",
		Help:  "events that may wait for the pool",
		Field: option.FieldOf(func(s *Group) any { return &s.BufferSize })},
	{Name: "binary_events", Extension: true, Type: option.Boolean, Default: "false",
		Help:  "len counts bytes, and data is sent unchanged, for listeners that do not read text",
		Field: option.FieldOf(func(s *Group) any { return &s.BinaryEvents })},
	{Name: "result_handler", Default: option.DefaultResultHandler,
		Help:  "module:callable that judges results",
		Field: option.FieldOf(func(s *Group) any { return &s.ResultHandler })},
	{Name: "events", Type: eventsType, Required: true,
		Help:  "names of the events to receive",
		Field: option.FieldOf(func(s *Group) any { return &s.Events })},
})

// fastCGIOptions are those of [fcgi-program:x] that programs do not have.
var fastCGIOptions = in(option.InFastCGI, option.NameHere, option.Table{
	{Name: "socket_backlog", Type: option.Integer, Help: "length of the queue of connections, the system's maximum by default"},
	{Name: "socket_owner", Type: option.Owner, Help: "owner of the Unix socket", InvalidPrefix: "Invalid socket_owner value "},
	{Name: "socket_mode", Type: option.Octal, Help: "mode of the Unix socket, 0700 by default", InvalidPrefix: "Invalid socket_mode value "},
	{Name: "socket", Type: socketType, Required: true, Names: option.NameHere | option.NameProgram,
		Help:  "unix:///absolute/path or tcp://host:port",
		Field: option.FieldOf(func(s *Process) any { return &s.Socket })},
})

// serverOptions are those of [unix_http_server] and [inet_http_server].
var serverOptions = option.Table{
	{Name: "port", In: option.InInetServer, Type: option.InetAddress, Required: true, Help: "port or host:port to listen on"},
	{Name: "get_actions", Extension: true, In: option.InInetServer, Type: option.Boolean, Default: "false",
		Help: "also carry out actions of the web pages by GET, which any site can make a browser send"},
	{Name: "allowed_hosts", Extension: true, In: option.InInetServer, Type: option.List,
		Help: "host names that a server without a password answers for, besides those of this machine; *.x for all names below x, * for any"},
	{Name: "file", In: option.InUnixServer, Required: true, Names: option.NameHere, Help: "path of the socket"},
	{Name: "username", In: option.InServers, Help: "user that clients must name"},
	{Name: "password", In: option.InServers,
		Help: "password that clients must give: clear, {bcrypt} and its hash, which `htpasswd -bnBC 10 '' WORD` prints after a colon, or {SHA} and its SHA-1"},
	{Name: "chown", In: option.InUnixServer, Type: option.Owner, Help: "owner of the socket", InvalidPrefix: "Invalid sockchown value "},
	{Name: "chmod", In: option.InUnixServer, Type: option.Octal, Default: "0700", Help: "mode of the socket", InvalidPrefix: "Invalid chmod value "},
}
