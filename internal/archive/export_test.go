package archive

// StopAfter has the work end with an error once a step was done.
func (a *Archive) StopAfter(stop func(step string) error) { a.after = stop }
