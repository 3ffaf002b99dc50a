package seed

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// AccountsFile is the file in the data folder that keeps the demo accounts: a
// JSON list of role, unit, login and password, for its owner alone (0600).
const AccountsFile = "demo-accounts.json"

// ReadAccounts reads the demo accounts of a data folder. The error wraps
// fs.ErrNotExist where there is no demo clinic.
func ReadAccounts(folder string) ([]Account, error) {
	text, err := os.ReadFile(filepath.Join(folder, AccountsFile))
	if err != nil {
		return nil, fmt.Errorf("read demo accounts: %w", err)
	}
	var list []Account
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read demo accounts: %w", err)
	}
	return list, nil
}

// writeAccounts replaces the file in one step: whoever reads finds all of it, or
// none.
func writeAccounts(folder string, list []Account) (err error) {
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("keep demo accounts: %w", err)
	}
	f, err := os.CreateTemp(folder, AccountsFile+".*") // 0600
	if err != nil {
		return fmt.Errorf("keep demo accounts: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(folder, AccountsFile))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep demo accounts: %w", err), os.Remove(f.Name()))
	}
	return nil
}
