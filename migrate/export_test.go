package migrate

// What the tests outside need of the inside: plans for other tables than the
// clinic's, and migrations from other folders.
var (
	CreateFor   = create
	ApplyFrom   = applyOurs
	NextVersion = nextVersion
	CheckName   = checkName
)
