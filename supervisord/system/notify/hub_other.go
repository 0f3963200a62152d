//go:build !linux

package notify

import (
	"context"
	"errors"
	"os"
)

var errUnsupported = errors.New("programs can't notify supervisord on this system")

// Hub hears nobody on this system.
type Hub struct{}

// NewHub returns a hub.
func NewHub(string, func(Heard)) *Hub { return &Hub{} }

// Run waits until ctx ends.
func (*Hub) Run(ctx context.Context) { <-ctx.Done() }

// Listen fails.
func (*Hub) Listen(string, int) (string, error) { return "", errUnsupported }

// Pipe fails.
func (*Hub) Pipe(string) (*os.File, error) { return nil, errUnsupported }

// Overhear fails.
func (*Hub) Overhear(string, int, int) error { return errUnsupported }

// Hears tells that there is nothing.
func (*Hub) Hears(string) bool { return false }

// Close does nothing.
func (*Hub) Close(string) {}

// CloseAll does nothing.
func (*Hub) CloseAll() {}

// Bequeath returns nothing.
func (*Hub) Bequeath(func(string) bool) []Bequest { return nil }

// Inherit has nothing to go on with.
func (*Hub) Inherit([]Bequest) error { return nil }
