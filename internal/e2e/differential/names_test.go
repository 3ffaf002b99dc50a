package differential

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Ids and cursors are made anew with each clinic, so documents name them:
//
//	@id(Booking 3)                           the row of that number in the order of table
//	@id(Booking deleted 0)                   of the rows that are deleted
//	@me(customer)                            the viewer's account
//	@cursor(staff bookings STARTS_AT ASC 2)  where the viewer's list stands at its row 2
var named = regexp.MustCompile(`@(id|me|cursor)\(([^()]*)\)`)

// resolve puts ids and cursors in the places of their names. What a name leads to
// nowhere stays as it is.
func (c *clinic) resolve(text string) string {
	return named.ReplaceAllStringFunc(text, func(name string) string {
		found := named.FindStringSubmatch(name)
		words := strings.Fields(found[2])
		switch {
		case found[1] == "me":
			return c.viewer(words[0]).user.String()
		case found[1] == "cursor" && len(words) == 5:
			return c.cursor(words)
		case found[1] == "id" && len(words) > 1:
			return c.row(words)
		}
		return name
	})
}

func (c *clinic) row(words []string) string {
	rows := c.rows[words[0]]
	if rows == nil {
		return "unknown"
	}
	ids := rows.ids
	if words[1] == "deleted" {
		ids = rows.deleted
	}
	n, _ := strconv.Atoi(words[len(words)-1])
	if len(ids) == 0 {
		return "none"
	}
	return ids[n%len(ids)]
}

// cursor asks for the list of a viewer and gives the cursor of one of its first rows.
func (c *clinic) cursor(words []string) string {
	key := strings.Join(words[:4], " ")
	known, asked := c.cursors[key]
	if !asked {
		known = c.ends(words)
		c.cursors[key] = known
	}
	n, _ := strconv.Atoi(words[4])
	if len(known) == 0 {
		return "none"
	}
	return known[n%len(known)]
}

// ends gives the cursors of the first rows of a list. They are the ordinary
// server's; the other opens them as well.
func (c *clinic) ends(words []string) (cursors []string) {
	c.t.Helper()
	order := ""
	if words[2] != "-" {
		order = fmt.Sprintf(", orderBy: {field: %s, direction: %s}", words[2], words[3])
	}
	var list struct {
		Edges []struct{ Cursor string }
	}
	c.plainly(c.viewer(words[0]), fmt.Sprintf("{ it: %s(first: 12%s) { edges { cursor } } }", words[1], order), &list)
	for _, e := range list.Edges {
		cursors = append(cursors, e.Cursor)
	}
	return cursors
}
