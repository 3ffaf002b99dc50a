//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"clinicgraph/ent/template"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("entc: ")
	options, err := template.Options("../graph/generated/ent.graphqls")
	if err != nil {
		log.Fatal(err)
	}
	err = entc.Generate("./schema", &gen.Config{
		Target:  ".",
		Package: "clinicgraph/ent",
		Features: []gen.Feature{
			gen.FeatureIntercept,
			gen.FeaturePrivacy,
			gen.FeatureVersionedMigration,
			gen.FeatureLock,
			gen.FeatureUpsert,
			gen.FeatureExecQuery,
		},
	}, options...)
	if err != nil {
		log.Fatal(err)
	}
}
