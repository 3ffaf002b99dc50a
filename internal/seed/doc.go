// Package seed owns what a clinic begins with: the base data that every clinic
// has, the first administrator, and the demo clinic. It writes through the
// verbs of the other packages where they have one, never past them, and never
// touches what a clinic has changed itself.
package seed
