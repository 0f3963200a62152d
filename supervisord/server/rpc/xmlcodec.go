package rpc

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"

	gorilla "github.com/gorilla/rpc/v2"

	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/server/longtext"
)

const typeXML = "text/xml"

// xmlCodec implements XML-RPC exactly as Supervisor does: a fault has status 200, and
// only what is not a call gets another one.
type xmlCodec struct {
	encoder xmlrpc.Encoder
	log     *slog.Logger
	buffers sync.Pool // of *[]byte, for answers
}

// NewRequest decodes the whole request. Its methods return the parts to the server.
func (c *xmlCodec) NewRequest(r *http.Request) gorilla.CodecRequest {
	q := &xmlRequest{codec: c}
	body := r.Body.(bufferedBody).data
	var err error
	q.call.Method, q.call.Params.List, err = xmlrpc.DecodeCall(body)
	switch {
	case errors.Is(err, xmlrpc.ErrNoMethod):
		q.refuse(body, "no method name")
	case err != nil:
		q.refuse(body, "unmarshallable")
	}
	return q
}

// errNoCall is the error for a body that is not a call. refuse has logged the reason.
var errNoCall = errors.New("not an XML-RPC call")

type xmlRequest struct {
	codec *xmlCodec
	call  Call
	err   error
}

func (q *xmlRequest) refuse(body []byte, reason string) {
	q.codec.log.Error(fmt.Sprintf("XML-RPC request data %s is invalid: %s", excerpt(body), reason))
	q.err = errNoCall
}

// Method returns the one method that serves every call.
func (q *xmlRequest) Method() (string, error) { return goMethod, q.err }

// ReadRequest fills in a *Call.
func (q *xmlRequest) ReadRequest(call any) error {
	*call.(*Call) = q.call
	return nil
}

// WriteResponse writes the result of a call, an *any.
func (q *xmlRequest) WriteResponse(w http.ResponseWriter, reply any) {
	var long longtext.Placeholders
	buf := q.codec.buffer()
	body, err := q.codec.encoder.Response((*buf)[:0], insertPlaceholders(writeNotes(w, *reply.(*any)), &long))
	if err != nil {
		panic(err) // a method returned a type that can't be encoded
	}
	if long.IsEmpty() {
		writeXML(w, body)
	} else {
		w.Header().Set("Content-Type", typeXML)
		if err := long.Send(w, body, xmlEscaper); err != nil { // the log was removed, or can't be read
			q.WriteError(w, http.StatusOK, err)
		}
	}
	if cap(body) <= maxPooled {
		*buf = body
		q.codec.buffers.Put(buf)
	}
}

func xmlEscaper() longtext.Escaper {
	return func(dst []byte, piece string, _ bool) []byte { return xmlrpc.AppendText(dst, piece) }
}

// maxPooled is the largest buffer that is kept for another answer. It is enough for
// thousands of processes.
const maxPooled = 4 << 20

// buffer returns a buffer for an answer, a used one if there is one. The answer for a
// thousand processes takes a megabyte; growing a new buffer to that size would cost
// more than encoding it.
func (c *xmlCodec) buffer() *[]byte {
	if buf, ok := c.buffers.Get().(*[]byte); ok {
		return buf
	}
	return new([]byte)
}

// WriteError writes the fault of a call, or refuses what is not a call.
func (q *xmlRequest) WriteError(w http.ResponseWriter, _ int, err error) {
	if errors.Is(err, errNoCall) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	fault := asFault(err)
	writeXML(w, xmlrpc.AppendFault(nil, fault.Code, fault.Error()))
}

func writeXML(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", typeXML)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // fails only if the client has gone
}
