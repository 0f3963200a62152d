package rpc

import (
	"context"
	"time"

	"supervisor/supervisord/api"
)

func (f *fake) Healths() []api.Health { return nil }

func (f *fake) WaitFor(_ context.Context, name, goal string, patience time.Duration) (bool, error) {
	f.note("WaitFor", name, goal, patience)
	_, err := f.find(name)
	return err == nil, err
}
