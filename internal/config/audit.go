package config

import "strconv"

// checkAudit looks at the settings of the record.
func (c *Config) checkAudit() error {
	if c.Audit.Keep < 0 {
		return wrong("audit-keep", strconv.Itoa(c.Audit.Keep), "is negative", "use a number of months, or 0 for ever")
	}
	return nil
}
