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

// xmlCodec speaks XML-RPC exactly as Supervisor does: faults are answers like
// others, and only what is no call at all gets a status other than 200.
type xmlCodec struct {
	encoder xmlrpc.Encoder
	log     *slog.Logger
	buffers sync.Pool // of *[]byte, for answers
}

// NewRequest decodes the whole request; the server asks for its parts.
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

// errNoCall is the error for a body that is not a call. It is logged where it
// is made.
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
		panic(err) // a method with a result that is not in the table's types
	}
	if long.IsEmpty() {
		writeXML(w, body)
	} else {
		w.Header().Set("Content-Type", typeXML)
		if err := long.Send(w, body, xmlEscaper); err != nil { // the log is gone, or can't be read
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

// maxPooled is the largest memory for an answer that is kept for the next one: what
// thousands of processes need.
const maxPooled = 4 << 20

// buffer lends memory for an answer. That of a thousand processes takes a
// megabyte, and growing there by doubling would cost more than writing it.
func (c *xmlCodec) buffer() *[]byte {
	if buf, ok := c.buffers.Get().(*[]byte); ok {
		return buf
	}
	return new([]byte)
}

// WriteError writes the fault of a call, or refuses what was no call.
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
	_, _ = w.Write(body) // a client that is gone misses nothing
}
