package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/internal/access"
)

// A device token is dv_, 16 random bytes that name the device, and a MAC that
// binds them to one account. It proves nothing but that somebody has signed in
// to the account there before: the login guard gives such a device a budget of
// its own. It holds for good, on any server.
const (
	devicePrefix = "dv_"
	deviceIDLen  = 16
)

// newDeviceToken makes the token of a device that has just signed in as the
// user.
func (s *Service) newDeviceToken(user uuid.UUID) string {
	id := make([]byte, deviceIDLen)
	rand.Read(id)
	return devicePrefix + base64.RawURLEncoding.EncodeToString(append(id, s.deviceMAC(user, id)...))
}

func (s *Service) deviceMAC(user uuid.UUID, id []byte) []byte {
	mac := hmac.New(sha256.New, s.GuardKey.Reveal())
	mac.Write([]byte("device"))
	mac.Write(user[:])
	mac.Write(id)
	return mac.Sum(nil)
}

// knownDevice gives the name of the device, "" where the token was not made for
// the user.
func (s *Service) knownDevice(user uuid.UUID, token string) string {
	coded, ok := strings.CutPrefix(token, devicePrefix)
	if !ok || len(coded) > base64.RawURLEncoding.EncodedLen(deviceIDLen+sha256.Size) {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(coded)
	if err != nil || len(raw) != deviceIDLen+sha256.Size || !hmac.Equal(raw[deviceIDLen:], s.deviceMAC(user, raw[:deviceIDLen])) {
		return ""
	}
	return hex.EncodeToString(raw[:deviceIDLen])
}

// deviceToken gives what the client of ctx is to keep: the token that it has
// shown, where that is the user's, or else a new one.
func (s *Service) deviceToken(ctx context.Context, user uuid.UUID) string {
	if shown := access.RequestOf(ctx).Device; s.knownDevice(user, shown) != "" {
		return shown
	}
	return s.newDeviceToken(user)
}

// deviceOf says which known device of the user acts in ctx, "" for a stranger. A
// session of the user's that is alive is as good as its device.
func (s *Service) deviceOf(ctx context.Context, user uuid.UUID) string {
	if device := s.knownDevice(user, access.RequestOf(ctx).Device); device != "" {
		return device
	}
	if v := access.FromContext(ctx); v != nil && v.UserID == user && v.SessionID != uuid.Nil {
		return v.SessionID.String()
	}
	return ""
}

// hidden stands for a text that must not be kept as it is: what somebody has
// typed as a login may be a password.
func (s *Service) hidden(purpose, text string) string {
	mac := hmac.New(sha256.New, s.GuardKey.Reveal())
	mac.Write([]byte(purpose + "\x00" + text))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
