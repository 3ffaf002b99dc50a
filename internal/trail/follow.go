package trail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/store"
)

// Follower writes the entries of the chain, once they are in it, for a collector of
// logs: in the order of the chain, with their numbers, each at least once. It
// remembers nothing: a file says itself how far it goes.
type Follower struct {
	DB   *store.DB
	out  *JSON
	file *os.File // nil: it cannot be read
	seq  int64    // of the last line
}

// Follow gives a follower that begins behind the last entry that the file has, and
// with the first one where there is no file.
func Follow(db *store.DB, file *os.File) (*Follower, error) {
	seq, err := resume(file)
	if err != nil {
		return nil, fmt.Errorf("read how far %s goes: %w", file.Name(), err)
	}
	return &Follower{DB: db, out: &JSON{W: file}, file: file, seq: seq}, nil
}

// FollowFrom gives a follower that begins behind an entry: for where what was
// written cannot be read.
func FollowFrom(db *store.DB, w io.Writer, seq int64) *Follower {
	return &Follower{DB: db, out: &JSON{W: w}, seq: seq}
}

// Next writes what the chain has got since. After a failure it begins again behind
// the last whole line.
func (f *Follower) Next(ctx context.Context) (err error) {
	defer func() {
		if err != nil && f.file != nil {
			if seq, unknown := resume(f.file); unknown == nil {
				f.seq = seq
			}
		}
	}()
	for {
		n, err := chain.Follow(ctx, f.DB, f.seq, func(r *chain.Row) error {
			if err := f.out.Write(r); err != nil {
				return err
			}
			f.seq = r.Seq
			return nil
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// maxLine bounds what is looked at for the last line.
const maxLine = 1 << 20

// resume reads the number of a file's last whole line, and cuts off half a line,
// which a server that was killed has left. A collector has not taken it: it waits
// for the end of the line.
func resume(file *os.File) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return 0, err
	}
	tail := make([]byte, min(size, maxLine))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	whole := bytes.LastIndexByte(tail, '\n') + 1
	if half := int64(len(tail) - whole); half > 0 {
		if err := file.Truncate(size - half); err != nil {
			return 0, err
		}
		if _, err := file.Seek(0, io.SeekEnd); err != nil {
			return 0, err
		}
	}
	if whole == 0 {
		if size > maxLine {
			return 0, errors.New("it is no stream of the record")
		}
		return 0, nil
	}
	last := tail[:whole-1]
	last = last[bytes.LastIndexByte(last, '\n')+1:]
	var line struct {
		Seq int64 `json:"seq"`
	}
	if err := json.Unmarshal(last, &line); err != nil || line.Seq < 1 {
		return 0, errors.New("its last line is no entry of the record")
	}
	return line.Seq, nil
}
