package transport

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
)

// The close codes of graphql-transport-ws.
const (
	closeBadRequest   websocket.StatusCode = 4400
	closeUnauthorized websocket.StatusCode = 4401
	closeForbidden    websocket.StatusCode = 4403
	closeSubprotocol  websocket.StatusCode = 4406
	closeInitTimeout  websocket.StatusCode = 4408
	closeDuplicate    websocket.StatusCode = 4409
	closeTooManyInits websocket.StatusCode = 4429
)

// message is one of a client.
type message struct {
	kind    string
	id      string
	payload map[string]any
}

// readMessage reads a message of a client. What a client may not send is an
// error, whose text is for the client.
func readMessage(text []byte, depth int) (m message, err error) {
	object, err := ReadObject(text, 1+depth)
	if err != nil {
		return m, errors.New("Invalid message: not a JSON object")
	}
	m.kind, _ = object["type"].(string)
	var hasID bool
	m.id, hasID = object["id"].(string)
	payload, hasPayload := object["payload"]
	if payload != nil {
		var ok bool
		if m.payload, ok = payload.(map[string]any); !ok {
			return m, errors.New("Invalid message: the payload is not an object")
		}
	}
	switch m.kind {
	case "connection_init", "ping", "pong":
		return m, nil
	case "subscribe":
		if !hasPayload || m.payload == nil {
			return m, errors.New("Invalid message: subscribe needs a payload")
		}
		fallthrough
	case "complete":
		if !hasID || m.id == "" || len(m.id) > maxOperationID {
			return m, errors.New("Invalid message: the id is not a string of 1 to 64 bytes")
		}
		return m, nil
	default:
		return m, errors.New("Invalid message: unknown type")
	}
}

// The messages of the server that are always the same.
var (
	messageAck  = []byte(`{"type":"connection_ack"}`)
	messagePong = []byte(`{"type":"pong"}`)
)

// messageNext carries a result of an operation.
func messageNext(id string, resp *graphql.Response) []byte {
	b := buffers.Get().(*bytes.Buffer)
	defer release(b)
	b.WriteString(`{"id":`)
	encode(b, id)
	b.WriteString(`,"type":"next","payload":`)
	Encode(b, resp)
	b.WriteByte('}')
	return bytes.Clone(b.Bytes())
}

// messageError ends an operation with errors.
func messageError(id string, resp *graphql.Response) []byte { return ending(id, "error", resp.Errors) }

// messageComplete ends an operation.
func messageComplete(id string) []byte { return ending(id, "complete", nil) }

func ending(id, kind string, payload any) []byte {
	text, err := json.Marshal(struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Payload any    `json:"payload,omitempty"`
	}{id, kind, payload})
	if err != nil {
		panic(err) // all of it is ours
	}
	return text
}
