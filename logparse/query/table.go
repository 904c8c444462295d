package query

// A Table describes rows that can be asked about. Package query knows no table
// of its own: who has rows describes them, and hands them to a Query one by one.
type Table struct {
	Name    string // "recipients"
	Doc     string // one sentence: what a row is
	Columns []Column
}

// A Column is a named value of each row.
type Column struct {
	// Name is the key that the value has in JSON, lower case with "_". A key of a
	// nested object is joined to its parent's: "tls_version". Queries may write a
	// dot for the "_" in between.
	Name string
	Type Type
	Doc  string // meaning and unit, one line

	// Values are the only texts that the column has, where there are but a few:
	// "inbound", "outbound". A comparison with another text is a mistake.
	Values []string

	// Get returns the value of a row of the table, which has the type of the
	// column or is null. What it refers to is good as long as the row is.
	Get func(row any) Value
}

// Column returns the column with that name, nil if there is none.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}
