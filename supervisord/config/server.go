package config

// Server is one [unix_http_server] or [inet_http_server].
type Server struct {
	Section  string // the whole section name
	Family   string // "unix" or "tcp"
	Path     string // unix: absolute
	Mode     uint32 // unix: chmod=
	UID, GID int    // unix: chown=, -1 to leave as it is
	Host     string // tcp: "" for all interfaces
	Port     int    // tcp
	Username string // "" for no authentication
	Password string // clear, {SHA} and 40 lower-case hex digits, or {bcrypt} and a hash

	GetActions bool // tcp: the web pages also accept actions by GET
	// AllowedHosts are host names, in lower case, that a tcp server without
	// credentials accepts besides those of the machine: "*" for any, "*.x" for
	// all below x.
	AllowedHosts []string

	Credentials bool   // username= and password= are set, empty or not
	Owner       string // chown= as written
}

// RPCInterface is one [rpcinterface:x].
type RPCInterface struct {
	Name    string // the namespace
	Section string
	Factory string            // module:callable, as written
	Options map[string]string // further keys, expanded
	BuiltIn bool              // Factory is Supervisor's own
	// Twiddler reports whether Factory is supervisor_twiddler's, whose methods are
	// built in too. Whitelist names those to offer; if it is empty, all are.
	Twiddler  bool
	Whitelist []string
}
