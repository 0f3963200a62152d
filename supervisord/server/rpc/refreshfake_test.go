package rpc

import (
	"context"

	"supervisor/supervisord/api"
)

func (f *fake) RefreshProcess(_ context.Context, name string) ([]api.CallResult, error) {
	f.record("RefreshProcess", name)
	_, err := f.find(name)
	return nil, err
}

func (f *fake) RefreshGroup(_ context.Context, name string) ([]api.CallResult, error) {
	f.record("RefreshGroup", name)
	return nil, nil
}

func (f *fake) RefreshAll(context.Context) ([]api.CallResult, error) {
	f.record("RefreshAll")
	return nil, nil
}

func (f *fake) Environment(name string, reveal bool) ([]api.Variable, error) {
	f.record("Environment", name, reveal)
	return []api.Variable{{Name: "A", Value: "b", Source: "configuration"}}, nil
}
