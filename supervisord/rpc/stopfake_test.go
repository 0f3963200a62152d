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
