package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	gorilla "github.com/gorilla/rpc/v2"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
)

// Options is what New needs.
type Options struct {
	Services
	// Namespaces are the names x of the sections [rpcinterface:x] that have
	// Supervisor's own methods. The namespace system always exists.
	Namespaces []string
	Twiddlers  []Twiddler
	Version    string // the result of getSupervisorVersion
	Upgrades   int    // how many binaries this process has executed before the present one
	Log        *slog.Logger
}

// dispatcher has all methods that can be called.
type dispatcher struct {
	Options
	table map[string]*method // by name with namespace, aliases too
}

// New returns the handler for /RPC2. It answers POST only. It refuses what is not a
// call with a bare status, to which the server adds a page.
func New(o Options) (http.Handler, error) {
	d := &dispatcher{Options: o, table: map[string]*method{}}
	for _, ns := range o.Namespaces {
		if ns != systemNamespace { // reserved
			d.add(ns, supervisorMethods())
		}
	}
	for _, t := range o.Twiddlers {
		d.add(t.Namespace, t.methods())
	}
	d.add(systemNamespace, systemMethods())
	server := gorilla.NewServer()
	server.RegisterCodec(&xmlCodec{log: o.Log}, typeXML)
	server.RegisterCodec(newJSONCodec(), typeJSON)
	if err := server.RegisterService(&service{d}, serviceName); err != nil {
		return nil, err
	}
	return handler{server, o.Log}, nil
}

const systemNamespace = "system"

// add puts the methods of a namespace into the table.
func (d *dispatcher) add(ns string, methods []method) {
	for i := range methods {
		m := &methods[i]
		d.table[ns+"."+m.name] = m
		if m.alias != "" {
			d.table[ns+"."+m.alias] = m
		}
	}
}

// Gorilla's server finds methods by reflection. The methods that clients may call are a
// table instead, so the server has one service with one method, to which the codecs
// direct every call.
const (
	serviceName = "dispatcher"
	goMethod    = serviceName + ".Call"
)

type service struct{ dispatcher *dispatcher }

// Call makes a call. Its errors are *faults.Error.
func (s *service) Call(r *http.Request, c *Call, reply *any) (err error) {
	*reply, err = s.dispatcher.callAndLog(r.Context(), c.Method, c.Params)
	if r.Header.Get("Content-Type") != typeXML {
		*reply = withoutNotes(*reply)
	}
	return err
}

// callAndLog makes a call and logs it.
func (d *dispatcher) callAndLog(ctx context.Context, name string, params Params) (any, error) {
	shown := strings.Map(printable, name)
	d.trace(ctx, "XML-RPC method called: %s()", shown)
	v, err := d.call(ctx, name, params)
	if err != nil {
		fault := asFault(err)
		d.trace(ctx, "XML-RPC method %s() returned fault: [%d] %v", shown, fault.Code, fault)
		return nil, fault
	}
	d.trace(ctx, "XML-RPC method %s() returned successfully", shown)
	return v, nil
}

// printable replaces control characters, so that a client can't write lines of its own
// to the log.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return utf8.RuneError
	}
	return r
}

func (d *dispatcher) trace(ctx context.Context, format string, a ...any) {
	if d.Log.Enabled(ctx, logs.LevelTrace) {
		d.Log.Log(ctx, logs.LevelTrace, fmt.Sprintf(format, a...))
	}
}

// call makes a call. As in Supervisor the number of parameters is checked first, then
// the state of the daemon, then the types of the parameters.
func (d *dispatcher) call(ctx context.Context, name string, params Params) (any, error) {
	m, ok := d.table[name]
	if !ok {
		return nil, faults.Bare(faults.UnknownMethod)
	}
	a, err := bindParams(m.params, params)
	if err != nil {
		return nil, err
	}
	if !m.duringShutdown && d.Daemon.Mood() != states.DaemonRunning {
		return nil, faults.Bare(faults.ShutdownState)
	}
	if err := a.convert(m.params); err != nil {
		return nil, err
	}
	return m.call(ctx, d, a)
}

// asFault returns err as a fault; one that is not a fault becomes FAILED.
func asFault(err error) *faults.Error {
	if fault, ok := errors.AsType[*faults.Error](err); ok {
		return fault
	}
	return faults.New(faults.Failed, err.Error())
}
