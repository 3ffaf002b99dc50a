package pgcluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// debianFolders is where Debian and its kin keep the versions side by side.
const debianFolders = "/usr/lib/postgresql/*/bin"

// errNotInstalled tells a person what to do.
var errNotInstalled = errors.New("PostgreSQL is not installed: the programs initdb and postgres are neither in PATH nor in " + debianFolders + "; " +
	"install it (apt-get install postgresql), or set TESTDB_POSTGRES_URL to a server that tests may create databases on")

// programs gives the folder of initdb and postgres: the one in PATH, else the
// newest version among folders, whose parents are named after versions.
func programs(pattern string) (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(initdb); err == nil && hasPrograms(filepath.Dir(real)) {
			return filepath.Dir(real), nil
		}
	}
	folders, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	newest, best := "", 0
	for _, bin := range folders {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
		if err == nil && version > best && hasPrograms(bin) {
			newest, best = bin, version
		}
	}
	if newest == "" {
		return "", errNotInstalled
	}
	return newest, nil
}

func hasPrograms(bin string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(bin, name)); err != nil {
			return false
		}
	}
	return true
}

// account is the user that runs a cluster; nil is the one we are.
type account struct{ uid, gid uint32 }

// ownerOf gives the account for a caller. PostgreSQL refuses to run as root.
func ownerOf(euid int) (*account, error) {
	if euid != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &account{uint32(uid), uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody to run it")
}

func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// maxSocketFolder leaves room in the 107 bytes of a socket's name for
// "/.s.PGSQL.5432.lock".
const maxSocketFolder = 107 - 20

// memory is where Linux keeps files in memory: a database is cloned there in 20 ms
// instead of 300.
const memory = "/dev/shm"

// memoryNeeded is what must be free there. A cluster takes 100 MiB and each
// small database in it 10.
const memoryNeeded = 2 << 30

// folder makes a private folder that its owner can reach and whose name is
// short enough for a socket.
func folder(owner *account) (string, error) {
	bases := []string{os.TempDir(), "/tmp"}
	if free(memory) >= memoryNeeded {
		bases = append([]string{memory}, bases...)
	}
	var why error
	for _, base := range bases {
		if err := reachable(base, owner); err != nil {
			why = errors.Join(why, err)
			continue
		}
		dir, err := os.MkdirTemp(base, "clinicgraph-pg-")
		if err != nil {
			why = errors.Join(why, err)
			continue
		}
		if len(dir) > maxSocketFolder {
			why = errors.Join(why, fmt.Errorf("%s is too long for a socket", dir), os.Remove(dir))
			continue
		}
		if owner == nil {
			return dir, nil
		}
		if err := os.Chown(dir, int(owner.uid), int(owner.gid)); err != nil {
			return "", errors.Join(err, os.Remove(dir))
		}
		return dir, nil
	}
	return "", why
}

// free gives the bytes that an ordinary user can still write; 0 when in doubt.
func free(dir string) uint64 {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0
	}
	return uint64(st.Bavail) * uint64(st.Bsize)
}

// reachable says why another account cannot enter a folder and remove what is its
// own there.
func reachable(dir string, owner *account) error {
	if owner == nil {
		return nil
	}
	for need := fs.FileMode(0o003); ; need = 0o001 {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&need != need {
			return fmt.Errorf("%s is closed to the user that runs PostgreSQL", dir)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil
		}
		dir = parent
	}
}
