package rpc

import (
	"context"

	"supervisor/supervisord/api"
	"supervisor/supervisord/supervisor"
)

func (f *fake) ResetProcess(_ context.Context, name string) ([]api.CallResult, error) {
	f.record("ResetProcess", name)
	_, err := f.find(name)
	return nil, err
}

func (f *fake) ResetGroup(_ context.Context, name string) ([]api.CallResult, error) {
	f.record("ResetGroup", name)
	return nil, nil
}

func (f *fake) ResetAll(context.Context) ([]api.CallResult, error) {
	f.record("ResetAll")
	return nil, nil
}

func (f *fake) KillProcess(_ context.Context, name string, c supervisor.Call) ([]api.CallResult, error) {
	f.record("KillProcess", name, c.Wait)
	_, err := f.find(name)
	return nil, err
}

func (f *fake) KillGroup(_ context.Context, name string, c supervisor.Call) ([]api.CallResult, error) {
	f.record("KillGroup", name, c.Wait)
	return nil, nil
}

func (f *fake) KillAll(_ context.Context, c supervisor.Call) ([]api.CallResult, error) {
	f.record("KillAll", c.Wait)
	return nil, nil
}

func (f *fake) LeftBehind(name string, results []api.CallResult) []string {
	if len(f.leftBehind) > 0 {
		f.record("LeftBehind", name, len(results))
	}
	return f.leftBehind
}
