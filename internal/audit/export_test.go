package audit

// Subjects and InTheLog are what the tests hold against the schema.
var (
	Subjects = subjects
	InTheLog = inTheLog
)
