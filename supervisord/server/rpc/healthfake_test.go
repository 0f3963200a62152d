package rpc

import (
	"context"
	"time"

	"supervisor/supervisord/api"
)

func (f *fake) Healths() []api.Health { return nil }

func (f *fake) WaitFor(_ context.Context, name, goal string, timeout time.Duration) (bool, error) {
	f.record("WaitFor", name, goal, timeout)
	_, err := f.find(name)
	return err == nil, err
}
