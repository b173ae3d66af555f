package vision

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// What columns of a table and keys of an object are called, as [title] writes it, the
// first of which that there is counts.
var (
	idTitles   = []string{"id", "index", "classid", "classindex", "labelid", "class"}
	nameTitles = []string{"displayname", "name", "label", "classname", "labelname"}
)

// title makes "class_id" and "ClassId" one.
func title(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "", `"`, "").Replace(s))
}

var (
	// csvRow has a number and, unless its class has none, a name.
	csvRow   = regexp.MustCompile(`^"?[0-9]+"?\s*([,;].*)?$`)
	csvNamed = regexp.MustCompile(`^"?[0-9]+"?\s*[,;]\s*[^\s,;]`)
	// csvComma finds what separates the columns of a row.
	csvComma = regexp.MustCompile(`^\s*(?:"[^"]*"|[^",;\t]*)\s*?([,;\t])`)
)

// csvColumns are where ids and names are.
type csvColumns struct {
	comma    rune
	id, name int
	header   bool
}

// csvHeader returns the columns of a table that begins with their titles, nil if lines are
// no such table. Titles that are not known stand above a table if numbers stand below.
func csvHeader(lines []string) *csvColumns {
	first := firstLine(lines)
	if _, _, numbered := cutNumber(first); numbered {
		return nil
	}
	for _, comma := range ",;\t" {
		titles := strings.Split(first, string(comma))
		for k := range titles {
			titles[k] = title(strings.TrimSpace(titles[k]))
		}
		if len(titles) < 2 {
			continue
		}
		c := &csvColumns{comma: comma, id: firstOf(titles, idTitles), name: firstOf(titles, nameTitles), header: true}
		known := c.id >= 0 && c.name >= 0
		c.complete()
		if _, isRow := parseID(titles[c.id]); isRow {
			continue
		}
		if known || c.fit(lines) {
			return c
		}
	}
	return nil
}

func firstLine(lines []string) string {
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}

// firstOf returns where the first of the wanted titles is that there is, -1 for none.
func firstOf(titles, wanted []string) int {
	for _, w := range wanted {
		if k := slices.Index(titles, w); k >= 0 {
			return k
		}
	}
	return -1
}

// complete takes the first two columns for what is not known: an id, then a name.
func (c *csvColumns) complete() {
	if c.id < 0 {
		c.id = 0
		if c.name == 0 {
			c.id = 1
		}
	}
	if c.name < 0 {
		c.name = 1
		if c.id == 1 {
			c.name = 0
		}
	}
}

// fit reports whether all rows below a header have a number for an id, and some a name
// that is none.
func (c *csvColumns) fit(lines []string) bool {
	r, some := c.reader(lines), false
	if title, err := r.Read(); err != nil || len(title) <= max(c.id, c.name) {
		return false
	}
	for {
		row, err := r.Read()
		if err != nil {
			return err == io.EOF && some
		}
		id, name := c.cell(row, c.id), c.cell(row, c.name)
		if _, ok := parseID(id); !ok {
			return false
		}
		_, number := parseID(name)
		some = some || name != "" && !number
	}
}

// cell is "" where a row has none.
func (c *csvColumns) cell(row []string, column int) string {
	if column >= len(row) {
		return ""
	}
	return strings.TrimSpace(row[column])
}

func (c *csvColumns) reader(lines []string) *csv.Reader {
	r := csv.NewReader(strings.NewReader(strings.Join(lines, "\n")))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = c.comma, -1, true
	r.TrimLeadingSpace = c.comma != '\t' // which is space
	return r
}

// columnsOf finds out how a table is written.
func columnsOf(lines []string) *csvColumns {
	if c := csvHeader(lines); c != nil {
		return c
	}
	c := &csvColumns{comma: ',', id: 0, name: 1}
	if match := csvComma.FindStringSubmatch(firstLine(lines)); match != nil {
		c.comma = rune(match[1][0])
	}
	return c
}

// labelsOfCSV reads an id and a name a line. A row without a name is a class that has
// none.
func labelsOfCSV(lines []string) (Labels, error) {
	c := columnsOf(lines)
	r := c.reader(lines)
	l := make(Labels)
	for first := true; ; first = false {
		row, err := r.Read()
		switch {
		case err == io.EOF:
			return l, nil
		case err != nil:
			return nil, fmt.Errorf("it is no good CSV: %w", err)
		case first && c.header:
			continue
		}
		at, _ := r.FieldPos(0)
		id, ok := parseID(c.cell(row, c.id))
		switch {
		case !ok && len(row) <= max(c.id, c.name):
			return nil, fmt.Errorf("line %d has %d columns, a CSV file of labels has an id and a name in each line", at, len(row))
		case !ok:
			return nil, fmt.Errorf(`line %d has %q for an id: a CSV file of labels has an id and a name in each line, or a header "id,name"`, at, excerpt(row[c.id]))
		}
		if err := l.add(id, c.cell(row, c.name)); err != nil {
			return nil, fmt.Errorf("line %d %w", at, err)
		}
	}
}
