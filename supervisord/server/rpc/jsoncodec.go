package rpc

import (
	"bytes"
	"encoding/json"
	"net/http"

	gorilla "github.com/gorilla/rpc/v2"
	"github.com/gorilla/rpc/v2/json2"

	"supervisor/supervisord/server/longtext"
)

const typeJSON = "application/json"

// jsonCodec implements JSON-RPC 2.0. Faults have the same code and text as in XML-RPC;
// errors of the protocol have the protocol's codes.
type jsonCodec struct{ *json2.Codec }

func newJSONCodec() jsonCodec {
	return jsonCodec{json2.NewCustomCodecWithErrorMapper(gorilla.DefaultEncoderSelector, func(err error) error {
		fault := asFault(err)
		return &json2.Error{Code: json2.ErrorCode(fault.Code), Message: fault.Error()}
	})}
}

// NewRequest decodes the request except for its parameters.
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

// WriteResponse writes the result of a call, an *any.
func (q *jsonRequest) WriteResponse(w http.ResponseWriter, reply any) {
	var long longtext.Placeholders
	result := insertPlaceholders(*reply.(*any), &long)
	if long.IsEmpty() {
		q.CodecRequest.WriteResponse(w, &result)
		return
	}
	buffered := &bufferedResponse{head: w.Header()}
	q.CodecRequest.WriteResponse(buffered, &result)
	if buffered.body.Len() == 0 {
		return // a notification
	}
	if err := long.Send(w, buffered.body.Bytes(), jsonEscaper); err != nil { // the log was removed, or can't be read
		q.WriteError(w, http.StatusOK, asFault(err))
	}
}

func jsonEscaper() longtext.Escaper {
	return func(dst []byte, piece string, _ bool) []byte {
		quoted, _ := json.Marshal(piece) // never fails for a string
		return append(dst, quoted[1:len(quoted)-1]...)
	}
}

// bufferedResponse holds back the body of an answer. It has the head of the real one.
type bufferedResponse struct {
	head http.Header
	body bytes.Buffer
}

// Header implements http.ResponseWriter.
func (b *bufferedResponse) Header() http.Header { return b.head }

// WriteHeader does nothing: an answer with a result is always 200.
func (b *bufferedResponse) WriteHeader(int) {}

// Write implements http.ResponseWriter.
func (b *bufferedResponse) Write(p []byte) (int, error) { return b.body.Write(p) }
