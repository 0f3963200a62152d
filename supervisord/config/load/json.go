package load

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/shlex"
)

// writeConfig writes how a configuration was understood, for other programs: an
// object with "accepted", "groups", "http_servers", "infos", "rpcinterfaces",
// "supervisord" and "warnings". Modes and masks are octal text, the numbers of
// users come with the text that named them, log files are a path, "AUTO" or null.
func writeConfig(w io.Writer, c *config.Config, rows *rows) error {
	result := jsonConfig{
		Accepted:      true,
		Groups:        make([]jsonGroup, len(c.Groups)),
		HTTPServers:   make([]map[string]any, len(c.Servers)),
		Infos:         append([]string{}, c.Infos...),
		RPCInterfaces: make([]jsonPlugin, len(c.RPCInterfaces)),
		Supervisord:   rows.jsonSupervisord(&c.Supervisord),
		Warnings:      append([]string{}, c.Warnings...),
	}
	for i, g := range c.Groups {
		result.Groups[i] = rows.jsonGroup(g)
	}
	for i := range c.Servers {
		result.HTTPServers[i] = jsonServer(&c.Servers[i])
	}
	for _, s := range c.Sockets {
		result.Sockets = append(result.Sockets, jsonListen{s.Name, s.URL})
	}
	for i, r := range c.RPCInterfaces {
		result.RPCInterfaces[i] = jsonPlugin{r.Factory, r.Name, r.Options}
	}
	return encodeJSON(w, result)
}

// encodeJSON writes a value in the form of the output of -t --json.
func encodeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(v)
}

type jsonConfig struct {
	Accepted      bool             `json:"accepted"`
	Groups        []jsonGroup      `json:"groups"`
	HTTPServers   []map[string]any `json:"http_servers"`
	Infos         []string         `json:"infos"`
	RPCInterfaces []jsonPlugin     `json:"rpcinterfaces"`
	Sockets       []jsonListen     `json:"sockets,omitempty"` // an extension
	Supervisord   map[string]any   `json:"supervisord"`
	Warnings      []string         `json:"warnings"`
}

type jsonPlugin struct {
	Factory string            `json:"factory"`
	Name    string            `json:"name"`
	Options map[string]string `json:"options"`
}

type jsonListen struct {
	Name   string `json:"name"`
	Listen string `json:"listen"`
}

// jsonID is a user or group with the text that named it.
type jsonID struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
}

func newID(id int, text string) jsonID {
	if text == "" {
		text = strconv.Itoa(id)
	}
	return jsonID{id, text}
}

type jsonOwner struct {
	GID jsonID `json:"gid"`
	UID jsonID `json:"uid"`
}

// newOwner makes "user:group" and the ids found for it readable again.
func newOwner(uid, gid int, text string) jsonOwner {
	user, group, _ := strings.Cut(text, ":")
	return jsonOwner{GID: newID(gid, group), UID: newID(uid, user)}
}

func jsonMode[T int | uint32](mode T) string { return fmt.Sprintf("%04o", mode) }

// orNull is null for an empty text, unless that was configured.
func orNull(s string, configured bool) any {
	if s == "" && !configured {
		return nil
	}
	return s
}

func (r *rows) jsonSupervisord(s *config.Supervisord) map[string]any {
	v := r.jsonOptions(s, func(string) bool { return false })
	v["serverurl"] = orNull(s.ServerURL, false)
	v["uid"] = nil
	if s.UID != nil {
		v["uid"] = newID(*s.UID, s.User)
	}
	if s.StateFileSet {
		v["state_file"] = orNull(s.StateFile, false)
	}
	return v
}

// jsonOptions returns the values of all options that have a field in a section.
// isEmpty reports whether an option is set to an empty text.
func (r *rows) jsonOptions(section any, isEmpty func(name string) bool) map[string]any {
	v := make(map[string]any)
	for i := range r.all {
		o := &r.all[i]
		if o.JSON == option.JSONOmitted || !o.HasFieldIn(section) || o.JSON == option.JSONIfSet && o.IsDefault(section) {
			continue
		}
		value := o.ValueJSON(section)
		if o.JSON == option.JSONNullable && value == "" && !isEmpty(o.Name) {
			value = nil
		}
		v[o.Name] = value
	}
	return v
}

func jsonServer(s *config.Server) map[string]any {
	_, name, named := strings.Cut(s.Section, ":")
	v := map[string]any{
		"family":   s.Family,
		"name":     orNull(name, named),
		"password": orNull(s.Password, s.Credentials),
		"section":  s.Section,
		"username": orNull(s.Username, s.Credentials),
	}
	if s.Family == "unix" {
		v["chmod"] = jsonMode(s.Mode)
		v["chown"] = newOwner(s.UID, s.GID, s.Owner)
		v["file"] = s.Path
		return v
	}
	v["family"] = "inet"
	v["host"] = s.Host
	v["port"] = s.Port
	if s.GetActions {
		v["get_actions"] = true // an extension
	}
	if s.AllowedHosts != nil {
		v["allowed_hosts"] = s.AllowedHosts // an extension
	}
	return v
}

type jsonGroup struct {
	BinaryEvents  bool             `json:"binary_events,omitempty"` // an extension
	BufferSize    *int             `json:"buffer_size,omitempty"`
	Events        []string         `json:"events,omitempty"`
	Name          string           `json:"name"`
	Priority      int              `json:"priority"`
	Processes     []map[string]any `json:"processes"`
	ResultHandler string           `json:"result_handler,omitempty"`
	Socket        map[string]any   `json:"socket,omitempty"`
	Type          string           `json:"type"`
}

func (r *rows) jsonGroup(g *config.Group) jsonGroup {
	v := jsonGroup{
		Name:      g.Name,
		Priority:  g.Priority,
		Processes: make([]map[string]any, len(g.Processes)),
		Type:      [...]string{config.ProgramGroup: "group", config.EventListener: "eventlistener", config.FastCGI: "fcgi-program"}[g.Kind],
	}
	for i, p := range g.Processes {
		v.Processes[i] = r.jsonProcess(p)
	}
	switch g.Kind {
	case config.EventListener:
		v.BinaryEvents, v.BufferSize = g.BinaryEvents, &g.BufferSize
		v.Events = slices.Sorted(slices.Values(g.Events))
		v.ResultHandler = g.ResultHandler
	case config.FastCGI:
		v.Socket = jsonFastCGI(g.Socket)
	case config.ProgramGroup:
	}
	return v
}

func jsonFastCGI(s *config.FastCGISocket) map[string]any {
	v := map[string]any{"backlog": nil, "url": s.URL}
	if s.Backlog > 0 {
		v["backlog"] = s.Backlog
	}
	if s.Family == "unix" {
		v["mode"] = jsonMode(s.Mode)
		v["owner"] = nil
		if s.UID >= 0 {
			v["owner"] = newOwner(s.UID, s.GID, s.Owner)
		}
	}
	return v
}

func (r *rows) jsonProcess(p *config.Process) map[string]any {
	v := r.jsonOptions(p, p.IsEmpty)
	v["argv"] = argv(p.Command)
	v["autostart"] = p.Autostart && !p.AutostartByPlugin
	v["class"] = [...]string{config.ProgramGroup: "ProcessConfig", config.EventListener: "EventListenerConfig", config.FastCGI: "FastCGIProcessConfig"}[p.Kind]
	v["name"] = p.Name
	v["uid"] = nil
	if p.UID != nil {
		v["uid"] = newID(*p.UID, p.User)
	}
	if p.RedirectStderr && p.Stderr.File == "" && !p.Stderr.Auto {
		v["stderr_logfile"] = nil // where the output goes is an option of stdout
	}
	return v
}

// argv is the command as it will be split, or why that will fail.
func argv(command string) any {
	words, err := shlex.Split(command)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return append([]string{}, words...)
}
