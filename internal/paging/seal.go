package paging

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/access"
)

// Key seals cursors. Cursors of one key open with no other: when the key goes,
// clients start their lists anew.
type Key struct {
	aead  cipher.AEAD
	owner uuid.UUID
}

// Of gives the key of one user's cursors, which open for nobody else: a cursor
// says where a row stands, and who is handed one may not see that row.
func (k *Key) Of(user uuid.UUID) *Key { return &Key{aead: k.aead, owner: user} }

// head is what is authenticated beside a cursor.
func (k *Key) head() []byte { return append([]byte{version}, k.owner[:]...) }

// NewKey derives a key from a secret of at least 16 bytes, which may serve other
// purposes too.
func NewKey(secret []byte) (*Key, error) {
	if len(secret) < 16 {
		return nil, errors.New("cursor key: the secret is shorter than 16 bytes")
	}
	raw, err := hkdf.Key(sha256.New, secret, nil, "clinicgraph cursor v1", 32)
	if err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	return &Key{aead: aead}, nil
}

type keyContext struct{}

// WithKey gives the key to the cursors that are read and written below ctx. They
// are the viewer's own; see Key.Of.
func WithKey(ctx context.Context, key *Key) context.Context {
	return context.WithValue(ctx, keyContext{}, key)
}

func keyFrom(ctx context.Context) (*Key, bool) {
	key, ok := ctx.Value(keyContext{}).(*Key)
	if !ok || key == nil {
		return nil, false
	}
	if v := access.FromContext(ctx); v != nil {
		key = key.Of(v.UserID)
	}
	return key, true
}

// version is the first byte of a cursor, in the clear and authenticated.
const version = 1

// maxSealed bounds what Open looks at; the order value of a real cursor is a
// column of at most a few hundred bytes.
const maxSealed = 4096

var errForeign = errors.New("not a cursor of ours")

// Seal writes the cursor as an opaque string.
func (k *Key) Seal(c Cursor) (string, error) {
	plain, err := c.encode()
	if err != nil {
		return "", err
	}
	sealed := k.aead.Seal([]byte{version}, nil, plain, k.head())
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open reads what Seal wrote. Every error means the same: it is not ours.
func (k *Key) Open(s string) (Cursor, error) {
	if len(s) > maxSealed {
		return Cursor{}, errForeign
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) < 1 || raw[0] != version {
		return Cursor{}, errForeign
	}
	plain, err := k.aead.Open(nil, nil, raw[1:], k.head())
	if err != nil {
		return Cursor{}, errForeign
	}
	return decode(plain)
}

// The types of a value, as the byte before it.
const (
	tagNone   = 'n'
	tagString = 's'
	tagInt    = 'i'
	tagBool   = 'b'
	tagID     = 'u'
	tagTime   = 't'
)

func (c Cursor) encode() ([]byte, error) {
	b := make([]byte, 0, 96)
	for _, s := range []string{c.List.Kind, c.List.Order, string(c.List.Direction)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = append(b, c.ID[:]...)
	switch v := c.Value.(type) {
	case nil:
		b = append(b, tagNone)
	case string:
		b = append(append(b, tagString), v...)
	case int64:
		b = binary.BigEndian.AppendUint64(append(b, tagInt), uint64(v))
	case bool:
		b = append(b, tagBool, 0)
		if v {
			b[len(b)-1] = 1
		}
	case uuid.UUID:
		b = append(append(b, tagID), v[:]...)
	case time.Time:
		b = binary.BigEndian.AppendUint64(append(b, tagTime), uint64(v.Unix()))
		b = binary.BigEndian.AppendUint32(b, uint32(v.Nanosecond()))
	default:
		return nil, fmt.Errorf("cursor of %s.%s: no encoding for a %T", c.List.Kind, c.List.Order, v)
	}
	return b, nil
}

// decode reads authenticated bytes; it is careful all the same, because an
// older version of this program may have written them.
func decode(b []byte) (Cursor, error) {
	var list [3]string
	for i := range list {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return Cursor{}, errForeign
		}
		list[i], b = string(b[size:size+int(n)]), b[size+int(n):]
	}
	c := Cursor{List: List{Kind: list[0], Order: list[1], Direction: OrderDirection(list[2])}}
	if len(b) < len(c.ID)+1 {
		return Cursor{}, errForeign
	}
	copy(c.ID[:], b)
	tag, b := b[len(c.ID)], b[len(c.ID)+1:]
	switch {
	case tag == tagNone && len(b) == 0:
	case tag == tagString:
		c.Value = string(b)
	case tag == tagInt && len(b) == 8:
		c.Value = int64(binary.BigEndian.Uint64(b))
	case tag == tagBool && len(b) == 1:
		c.Value = b[0] == 1
	case tag == tagID && len(b) == 16:
		c.Value = uuid.UUID(b)
	case tag == tagTime && len(b) == 12:
		c.Value = time.Unix(int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint32(b[8:]))).UTC()
	default:
		return Cursor{}, errForeign
	}
	return c, nil
}
