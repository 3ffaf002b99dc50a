package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// device is a browser with an authenticator in it, in software: one key, and a
// story may have it lie about anything (WebAuthn 6.1, 6.5.4).
type device struct {
	t        *testing.T
	key      *ecdsa.PrivateKey
	id       []byte
	handle   []byte // of the user, as the registration gave it
	rpID     string
	origin   string
	counter  uint32
	verified bool // the device has verified its user
}

const (
	flagPresent  = 0x01
	flagVerified = 0x04
	flagData     = 0x40
)

func newDevice(t *testing.T) *device {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	rand.Read(id)
	return &device{t: t, key: key, id: id, rpID: "localhost", origin: "http://localhost:8080", verified: true}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (d *device) clientData(kind string, options any) []byte {
	text, err := json.Marshal(map[string]any{
		"type": kind, "challenge": options.(map[string]any)["challenge"], "origin": d.origin, "crossOrigin": false,
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return text
}

func (d *device) authData(attested []byte) []byte {
	hash := sha256.Sum256([]byte(d.rpID))
	flags := byte(flagPresent)
	if d.verified {
		flags |= flagVerified
	}
	if attested != nil {
		flags |= flagData
	}
	data := append(hash[:], flags)
	return append(binary.BigEndian.AppendUint32(data, d.counter), attested...)
}

// create makes the passkey that the options ask for.
func (d *device) create(options any) vars {
	d.t.Helper()
	handle, err := base64.RawURLEncoding.DecodeString(options.(map[string]any)["user"].(map[string]any)["id"].(string))
	if err != nil {
		d.t.Fatal(err)
	}
	d.handle = handle
	point, err := d.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		d.t.Fatal(err)
	}
	cose, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		d.t.Fatal(err)
	}
	attested := append(make([]byte, 16), 0, byte(len(d.id)))
	attested = append(append(attested, d.id...), cose...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.authData(attested)})
	if err != nil {
		d.t.Fatal(err)
	}
	return vars{
		"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "clientExtensionResults": vars{},
		"response": vars{"clientDataJSON": b64(d.clientData("webauthn.create", options)), "attestationObject": b64(object), "transports": []string{"internal"}},
	}
}

// get answers the challenge of the options.
func (d *device) get(options any) vars {
	d.t.Helper()
	d.counter++
	client, data := d.clientData("webauthn.get", options), d.authData(nil)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	if err != nil {
		d.t.Fatal(err)
	}
	return vars{
		"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "clientExtensionResults": vars{},
		"response": vars{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(d.handle)},
	}
}
