package rpc

import (
	"context"

	"supervisor/supervisord/api"
)

func (f *fake) ResetProcess(_ context.Context, name string) ([]api.CallResult, error) {
	f.note("ResetProcess", name)
	_, err := f.find(name)
	return nil, err
}

func (f *fake) ResetGroup(_ context.Context, name string) ([]api.CallResult, error) {
	f.note("ResetGroup", name)
	return nil, nil
}

func (f *fake) ResetAll(context.Context) ([]api.CallResult, error) {
	f.note("ResetAll")
	return nil, nil
}

func (f *fake) KillProcess(_ context.Context, name string, wait bool) ([]api.CallResult, error) {
	f.note("KillProcess", name, wait)
	_, err := f.find(name)
	return nil, err
}

func (f *fake) KillGroup(_ context.Context, name string, wait bool) ([]api.CallResult, error) {
	f.note("KillGroup", name, wait)
	return nil, nil
}

func (f *fake) KillAll(_ context.Context, wait bool) ([]api.CallResult, error) {
	f.note("KillAll", wait)
	return nil, nil
}

func (f *fake) LeftBehind(name string, results []api.CallResult) []string {
	if len(f.left) > 0 {
		f.note("LeftBehind", name, len(results))
	}
	return f.left
}
