package e2e

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Each draw is a request to a server; the command line may ask for more.
	if err := flag.Set("rapid.checks", "150"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
