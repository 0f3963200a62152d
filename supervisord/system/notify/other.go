//go:build !linux

package notify

import (
	"context"
	"errors"
	"os"

	"supervisor/supervisord/system/descriptors"
)

var errUnsupported = errors.New("programs can't notify supervisord on this system")

// Receiver receives nothing on this system.
type Receiver struct{}

// NewReceiver returns a receiver.
func NewReceiver(string, func(Received)) *Receiver { return &Receiver{} }

// Run waits until ctx ends.
func (*Receiver) Run(ctx context.Context) { <-ctx.Done() }

// Listen fails.
func (*Receiver) Listen(string, int) (string, error) { return "", errUnsupported }

// Pipe fails.
func (*Receiver) Pipe(string) (*os.File, error) { return nil, errUnsupported }

// ReopenPipe fails.
func (*Receiver) ReopenPipe(string, int, int) error { return errUnsupported }

// Has returns false.
func (*Receiver) Has(string) bool { return false }

// Close does nothing.
func (*Receiver) Close(string) {}

// CloseAll does nothing.
func (*Receiver) CloseAll() {}

// HandOver returns nothing.
func (*Receiver) HandOver(descriptors.Set, func(string) bool) []State { return nil }

// Restore does nothing.
func (*Receiver) Restore([]State, descriptors.Set) error { return nil }
