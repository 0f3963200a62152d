package rpc

import (
	"context"

	"supervisor/supervisord/api"
)

func (f *fake) RefreshProcess(_ context.Context, name string) ([]api.CallResult, error) {
	f.note("RefreshProcess", name)
	_, err := f.find(name)
	return nil, err
}

func (f *fake) RefreshGroup(_ context.Context, name string) ([]api.CallResult, error) {
	f.note("RefreshGroup", name)
	return nil, nil
}

func (f *fake) RefreshAll(context.Context) ([]api.CallResult, error) {
	f.note("RefreshAll")
	return nil, nil
}

func (f *fake) Environment(name string, reveal bool) ([]api.Variable, error) {
	f.note("Environment", name, reveal)
	return []api.Variable{{Name: "A", Value: "b", Source: "configuration"}}, nil
}
