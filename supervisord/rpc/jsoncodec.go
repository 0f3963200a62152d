package rpc

import (
	"net/http"

	gorilla "github.com/gorilla/rpc/v2"
	"github.com/gorilla/rpc/v2/json2"
)

const typeJSON = "application/json"

// jsonCodec speaks JSON-RPC 2.0. Faults have the code and text that they have
// in XML-RPC; the protocol's own errors have its own codes.
type jsonCodec struct{ *json2.Codec }

func newJSONCodec() jsonCodec {
	return jsonCodec{json2.NewCustomCodecWithErrorMapper(gorilla.DefaultEncoderSelector, func(err error) error {
		fault := asFault(err)
		return &json2.Error{Code: json2.ErrorCode(fault.Code), Message: fault.Error()}
	})}
}

// NewRequest decodes the request up to its parameters.
func (c jsonCodec) NewRequest(r *http.Request) gorilla.CodecRequest {
	return &jsonRequest{CodecRequest: c.Codec.NewRequest(r)}
}

type jsonRequest struct {
	gorilla.CodecRequest
	name string
}

// Method returns the one method that serves every call.
func (q *jsonRequest) Method() (_ string, err error) {
	q.name, err = q.CodecRequest.Method()
	return goMethod, err
}

// ReadRequest fills in a *Call.
func (q *jsonRequest) ReadRequest(call any) error {
	c := call.(*Call)
	c.Method = q.name
	return q.CodecRequest.ReadRequest(&c.Params)
}
