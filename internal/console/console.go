// Package console owns the playground that the binary carries: the files that
// `make console` builds from web/, and the headers under which a browser may
// run them. It never decides whether the playground is on, and never touches
// the graph: the page is a client of /graphql like any other.
package console

import (
	"embed"
	"io/fs"
)

// Path is where Handler expects to be mounted. Vite builds the page for it.
const Path = "/playground/"

// dist is filled by `make console`. Before the first build it holds a
// .gitkeep only, which is enough for the embed to compile.
//
//go:embed all:dist
var dist embed.FS

// built is the embedded tree as Vite laid it out.
func built() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is a constant above
	}
	return files
}
