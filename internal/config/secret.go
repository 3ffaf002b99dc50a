package config

import (
	"path/filepath"
	"strings"
)

// SecretPath is the file of the master secret. The file in the data folder may
// be created by the server; one that the operator has named may not: a wrong
// path must not become a new secret.
func (c Config) SecretPath() (path string, mayCreate bool) {
	if c.SecretFile != "" {
		return c.SecretFile, false
	}
	return filepath.Join(c.Database.Data, "secret.key"), true
}

func (c *Config) checkSecret() error {
	if c.Production() && c.SecretFile == "" {
		return wrong("secret-file", "", "is not set",
			"production needs a file that outlives the server: (umask 077; openssl rand -base64 32 > FILE)")
	}
	for i, path := range c.FormerSecretFiles {
		if c.FormerSecretFiles[i] = strings.TrimSpace(path); c.FormerSecretFiles[i] == "" {
			return wrong("former-secret-files", orEmpty(""), "names no file", "list files with commas, such as /etc/clinicgraph/secret-2026.key")
		}
	}
	return nil
}
