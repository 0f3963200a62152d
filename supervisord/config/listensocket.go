package config

// ListenSocket is a [socket:x]: supervisord listens, programs accept.
type ListenSocket struct {
	Name      string // of the section; programs get it in LISTEN_FDNAMES
	Section   string
	URL       string // tcp://host:port or unix:///path
	Family    string // "unix" or "tcp"
	Path      string // unix
	Host      string // tcp: "" for all interfaces
	Port      int    // tcp
	Mode      uint32 // unix
	UID, GID  int    // unix, -1 to leave as it is
	Backlog   int    // 0 for the system's maximum
	ReusePort bool   // tcp
}
