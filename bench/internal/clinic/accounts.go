package clinic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"clinicgraph/internal/auth"
)

// NewPasswords draws a password for each login that can have one.
func (c *Clinic) NewPasswords() map[string]string {
	passwords := map[string]string{}
	for _, login := range c.Logins() {
		passwords[login] = auth.NewRandomPassword()
	}
	return passwords
}

// Hashes hashes the passwords as the server with that secret file does.
func Hashes(ctx context.Context, secretFile string, passwords map[string]string) (map[string]string, error) {
	secret, err := auth.LoadSecret(secretFile)
	if err != nil {
		return nil, err
	}
	keys, err := auth.DeriveKeys(secret)
	if err != nil {
		return nil, err
	}
	hasher := auth.NewPasswords(keys.Pepper.Reveal(), auth.Params{})
	hashes := map[string]string{}
	for login, password := range passwords {
		if hashes[login], err = hasher.Hash(ctx, password); err != nil {
			return nil, fmt.Errorf("hash the password of %s: %w", login, err)
		}
	}
	return hashes, nil
}

// WritePasswords keeps the passwords by login in a file of its own, for its owner
// alone (0600). It overwrites nothing.
func WritePasswords(file string, passwords map[string]string) (err error) {
	text, err := json.MarshalIndent(passwords, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keep the passwords: %s is there already; remove it or name another file", file)
	}
	if err != nil {
		return fmt.Errorf("keep the passwords: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	return errors.Join(err, f.Close())
}

// ReadPasswords reads the passwords by login.
func ReadPasswords(file string) (passwords map[string]string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the passwords: %w", err)
	}
	return passwords, json.Unmarshal(text, &passwords)
}
