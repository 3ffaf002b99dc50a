package app

import (
	"errors"
	"maps"
	"os"

	"clinicgraph/graph"
	"clinicgraph/internal/config"
	"clinicgraph/internal/pages"
)

// trusted reads the manifest of the documents that may be executed, and adds those
// of the server's own pages, which are as trusted as the server; nil without a
// manifest.
func trusted(path string, limits graph.Limits, own []*pages.Page) (graph.Documents, error) {
	if path == "" {
		return nil, nil
	}
	manifest, err := os.ReadFile(path)
	if err != nil {
		err = errors.New("cannot be read")
	}
	var documents graph.Documents
	if err == nil {
		documents, err = graph.ReadDocuments(manifest, limits)
	}
	if err != nil {
		return nil, &config.Error{
			Key: "CLINICGRAPH_TRUSTED_DOCUMENTS (--trusted-documents)", Value: path, Reason: err.Error(),
			Remedy: "name the manifest of a client that was built for this version",
		}
	}
	for _, page := range own {
		maps.Copy(documents, page.Documents)
	}
	return documents, nil
}
