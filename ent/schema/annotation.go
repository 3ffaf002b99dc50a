package schema

import (
	"maps"

	"entgo.io/ent/schema"
)

// Annotation is everything a schema says to the generator beyond ent's own
// words: who may read, what may be filtered and ordered, how it shows in the
// graph. One element may carry several; they are merged. What nobody says is
// closed: a field is neither filterable nor orderable until it says so.
type Annotation struct {
	// Of a type.
	Door       Door         `json:"door,omitzero"`
	Internal   bool         `json:"internal,omitempty"`
	List       bool         `json:"list,omitempty"`
	ListName   string       `json:"listName,omitempty"`
	AppendOnly bool         `json:"appendOnly,omitempty"`
	Money      []MoneyField `json:"money,omitempty"`
	Entry      bool         `json:"entry,omitempty"`

	// Of a field; Door is that of the field alone, Hidden also of an edge.
	Filterable bool              `json:"filterable,omitempty"`
	Order      string            `json:"order,omitempty"`
	Hidden     bool              `json:"hidden,omitempty"`
	Personal   bool              `json:"personal,omitempty"`
	Scalar     string            `json:"scalar,omitempty"`
	Meanings   map[string]string `json:"meanings,omitempty"`

	// Of an edge.
	FilterableEdge bool `json:"filterableEdge,omitempty"`
	Connection     bool `json:"connection,omitempty"`
	Small          bool `json:"small,omitempty"`
	Implied        bool `json:"implied,omitempty"`
}

// Door says who may come in. Kind is the name of the directive.
type Door struct {
	Kind       string `json:"kind,omitempty"`
	Permission string `json:"permission,omitempty"`
}

// MoneyField is a field of type Money that is made of two columns.
type MoneyField struct {
	Field    string `json:"field"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// AnnotationName is the key under which ent keeps an Annotation.
const AnnotationName = "ClinicGraph"

// Name implements schema.Annotation.
func (Annotation) Name() string { return AnnotationName }

// Merge implements schema.Merger. Flags add up; of two doors or two order
// names the later one stands.
func (a Annotation) Merge(other schema.Annotation) schema.Annotation {
	o, ok := other.(Annotation)
	if !ok {
		return a
	}
	if o.Door.Kind != "" {
		a.Door = o.Door
	}
	if o.Order != "" {
		a.Order = o.Order
	}
	if o.ListName != "" {
		a.ListName = o.ListName
	}
	if o.Scalar != "" {
		a.Scalar = o.Scalar
	}
	a.Money = append(append([]MoneyField(nil), a.Money...), o.Money...)
	if len(o.Meanings) > 0 {
		meanings := maps.Clone(a.Meanings)
		if meanings == nil {
			meanings = map[string]string{}
		}
		maps.Copy(meanings, o.Meanings)
		a.Meanings = meanings
	}
	a.Internal = a.Internal || o.Internal
	a.List = a.List || o.List
	a.AppendOnly = a.AppendOnly || o.AppendOnly
	a.Entry = a.Entry || o.Entry
	a.Filterable = a.Filterable || o.Filterable
	a.Hidden = a.Hidden || o.Hidden
	a.Personal = a.Personal || o.Personal
	a.FilterableEdge = a.FilterableEdge || o.FilterableEdge
	a.Connection = a.Connection || o.Connection
	a.Small = a.Small || o.Small
	a.Implied = a.Implied || o.Implied
	return a
}

// Types. Each carries exactly one of Read, Authenticated, Public and Internal.

// Read opens a type to callers who hold the permission ("booking:read"). It
// becomes the directive of the type, of its list and of the filters that reach
// it through an edge.
func Read(permission string) Annotation {
	return Annotation{Door: Door{Kind: "hasPermission", Permission: permission}}
}

// Authenticated opens a type to everybody who is signed in.
func Authenticated() Annotation { return Annotation{Door: Door{Kind: "authenticated"}} }

// Public opens a type to everybody.
func Public() Annotation { return Annotation{Door: Door{Kind: "public"}} }

// Internal keeps a type, and every edge that leads to it, out of the graph.
func Internal() Annotation { return Annotation{Internal: true} }

// List gives a type its connection at the root of the graph: bookings(…).
func List() Annotation { return Annotation{List: true} }

// ListAs is List under another name than the plural of the type.
func ListAs(name string) Annotation { return Annotation{List: true, ListName: name} }

// AppendOnly says that rows of the type are never changed or deleted.
func AppendOnly() Annotation { return Annotation{AppendOnly: true} }

// LogEntry makes a type one of the entries that a timeline is made of.
func LogEntry() Annotation { return Annotation{Entry: true} }

// Money adds a field of type Money, made of a column of minor units and a
// column with the currency's code. Both columns should be Hidden.
func Money(field, amount, currency string) Annotation {
	return Annotation{Money: []MoneyField{{Field: field, Amount: amount, Currency: currency}}}
}

// Fields. Without a word a field is readable with its type, and no more.

// Filterable lets callers filter by the field. Where the field has a door of
// its own, filtering asks for it too.
func Filterable() Annotation { return Annotation{Filterable: true} }

// Orderable lets callers order by the field under the given name
// ("STARTS_AT"). The column must be NOT NULL: paging over nulls loses rows.
func Orderable(name string) Annotation { return Annotation{Order: name} }

// ReadField asks for a permission of its own before the field is shown. The
// field is nullable in the graph, so that a refusal does not null the page.
func ReadField(permission string) Annotation { return Read(permission) }

// Hidden keeps a field or an edge out of the graph.
func Hidden() Annotation { return Annotation{Hidden: true} }

// Personal marks data about a person: in the record sealed with their key alone, and
// erased on request.
func Personal() Annotation { return Annotation{Personal: true} }

// Scalar names the scalar of the graph for a field whose Go type does not tell:
// "Date", "LocalTime", "Duration", "JSON".
func Scalar(name string) Annotation { return Annotation{Scalar: name} }

// Meaning describes one value of an enum to the readers of the graph.
func Meaning(value, text string) Annotation {
	return Annotation{Meanings: map[string]string{value: text}}
}

// Edges. A to-one edge is nullable, a to-many edge is a connection.

// FilterableEdge gives hasX and hasXWith, within the rows that the caller may
// see of the target.
func FilterableEdge() Annotation { return Annotation{FilterableEdge: true} }

// ConnectionEdge says in the schema what holds for a to-many edge anyway: it is
// a connection with pages.
func ConnectionEdge() Annotation { return Annotation{Connection: true} }

// Small makes a to-many edge a plain list, of at most 100.
func Small() Annotation { return Annotation{Small: true} }

// Implied makes a to-one edge non-null: who sees the object always sees the
// target, and the foreign key is never null.
func Implied() Annotation { return Annotation{Implied: true} }
