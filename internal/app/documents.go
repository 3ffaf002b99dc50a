package app

import (
	"errors"
	"os"

	"clinicgraph/graph"
	"clinicgraph/internal/config"
)

// trusted reads the manifest of the documents that may be executed; nil without
// one.
func trusted(path string, limits graph.Limits) (graph.Documents, error) {
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
	return documents, nil
}
