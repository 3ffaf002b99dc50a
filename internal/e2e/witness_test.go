package e2e

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"entgo.io/ent/dialect"
)

// witness notes every secret that a story sends or is shown, by the name of the
// field that it stood in.
type witness struct {
	http.RoundTripper

	mu    sync.Mutex
	seen  map[string][]string
	forms map[string][][]byte // of each secret
}

// secretFields are the names under which secrets are sent and shown.
var secretFields = []string{
	"accessToken", "refreshToken", "deviceToken", "token", "ticket", "secret", "uri", "recoveryCodes",
	"password", "newPassword", "currentPassword", "recoveryCode",
}

// witnessed has the clinic's requests pass a witness from now on.
func (c *clinic) witnessed() *witness {
	w := &witness{RoundTripper: c.http.Transport, seen: map[string][]string{}, forms: map[string][][]byte{}}
	c.http.Transport = w
	return w
}

// overheard sends a request on, and gives what was said on both sides, too.
func overheard(over http.RoundTripper, r *http.Request) (response *http.Response, sent, shown []byte, err error) {
	if sent, err = io.ReadAll(r.Body); err != nil {
		return nil, nil, nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	if response, err = over.RoundTrip(r); err != nil {
		return nil, nil, nil, err
	}
	if shown, err = io.ReadAll(response.Body); err != nil {
		return nil, nil, nil, err
	}
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(shown))
	return response, sent, shown, nil
}

// RoundTrip implements http.RoundTripper.
func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	response, sent, shown, err := overheard(w.RoundTripper, r)
	if err != nil {
		return nil, err
	}
	for _, text := range [][]byte{sent, shown} {
		var value any
		if json.Unmarshal(text, &value) == nil {
			w.note("", value)
		}
	}
	for _, cookie := range response.Cookies() {
		w.keep("cookie "+cookie.Name, cookie.Value)
	}
	return response, nil
}

func (w *witness) note(field string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			w.note(name, inner)
		}
	case []any:
		for _, inner := range v {
			w.note(field, inner)
		}
	case string:
		if slices.Contains(secretFields, field) {
			w.keep(field, v)
		}
	}
}

func (w *witness) keep(field string, secrets ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range secrets {
		if len(s) >= 8 && !slices.Contains(w.seen[field], s) {
			w.seen[field], w.forms[s] = append(w.seen[field], s), forms(s)
		}
	}
}

// last gives the n last secrets of a field.
func (w *witness) last(field string, n int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen[field][len(w.seen[field])-n:])
}

// forms are the ways to write a secret that would give it away: as it is, without
// its groups, in another case, and what it says, as bytes and as text.
func forms(secret string) (all [][]byte) {
	plain := strings.ReplaceAll(secret, "-", "")
	all = append(all, []byte(secret), []byte(plain), []byte(strings.ToLower(plain)), []byte(strings.ToUpper(plain)))
	raw := [][]byte{[]byte(secret)}
	if key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret); err == nil {
		raw = append(raw, key)
	}
	if len(secret) > 46 && secret[2] == '_' {
		if key, err := base64.RawURLEncoding.DecodeString(secret[3:46]); err == nil {
			raw = append(raw, key)
		}
	}
	if parts := strings.Split(secret, "."); len(parts) == 3 { // a signature is the secret of a token
		all = append(all, []byte(parts[2]))
	}
	for _, b := range raw {
		all = append(all, b, []byte(hex.EncodeToString(b)), []byte(strings.ToUpper(hex.EncodeToString(b))),
			[]byte(base64.RawStdEncoding.EncodeToString(b)), []byte(base64.RawURLEncoding.EncodeToString(b)))
	}
	slices.SortFunc(all, bytes.Compare)
	return slices.DeleteFunc(slices.CompactFunc(all, bytes.Equal), func(b []byte) bool { return len(b) < 8 })
}

// in gives the fields of the secrets that stand in the text in some form, those
// apart that belong there.
func (w *witness) in(text []byte, but ...string) (fields []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for field, secrets := range w.seen {
		if slices.ContainsFunc(secrets, func(secret string) bool {
			return !slices.Contains(but, secret) && slices.ContainsFunc(w.forms[secret], func(form []byte) bool { return bytes.Contains(text, form) })
		}) {
			fields = append(fields, field)
		}
	}
	return fields
}

// found searches every column of every table, every line of the log and every
// letter for the secrets, and says where there is one.
func (w *witness) found(c *clinic) (places []string) {
	c.t.Helper()
	for _, table := range c.tables() {
		rows, err := c.app.Store.DB.Read.Query(`SELECT * FROM "` + table + `"`)
		if err != nil {
			c.t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			c.t.Fatal(err)
		}
		values, into, texts := make([]any, len(columns)), make([]any, len(columns)), make([][]byte, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				c.t.Fatal(err)
			}
			for i, v := range values {
				if text, isBytes := v.([]byte); isBytes {
					texts[i] = append(append(texts[i], text...), '\n')
				} else {
					texts[i] = fmt.Appendln(texts[i], v)
				}
			}
		}
		if err := rows.Err(); err != nil {
			c.t.Fatal(err)
		}
		rows.Close()
		for i, text := range texts {
			for _, field := range w.in(text) {
				places = append(places, table+"."+columns[i]+": "+field)
			}
		}
	}
	var log []byte
	c.log.mu.Lock()
	for _, l := range c.log.lines {
		log = fmt.Appendln(log, l.text)
	}
	c.log.mu.Unlock()
	for _, field := range w.in(log) {
		places = append(places, "log: "+field)
	}
	for _, file := range c.read {
		l := c.letter(file)
		own := ""
		if link := links.FindStringSubmatch(l.text); link != nil {
			own = link[2]
		}
		for _, field := range w.in([]byte(l.subject+l.text), own) {
			places = append(places, "letter "+l.subject+": "+field)
		}
	}
	slices.Sort(places)
	return places
}

// tables are all that the database has, those of the queue and of the migrations
// among them.
func (c *clinic) tables() []string {
	question := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if c.dialect == dialect.Postgres {
		question = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`
	}
	return strings.Fields(strings.Join(c.rows(question), " "))
}
