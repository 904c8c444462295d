package testworld

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// row is a line, or several, of a log to be written.
type row struct {
	at   time.Time
	text string // without the last line end
	pos  *Position
}

// A logFolder collects the rows of one log of one server, which end up in
// several files.
type logFolder struct {
	server string
	folder string
	prefix string        // of the file names: "MSGTRK"
	suffix string        // ".LOG"
	stamp  string        // layout of the time in file names
	period time.Duration // how long a file lasts, 0 for one file
	number bool          // "-1" behind the stamp
	most   int           // rows of a file, where files are numbered
	header func(first time.Time) string
	bom    bool
	code   func(string) []byte // how the text is encoded, nil for UTF-8
	rows   []row
}

func (l *logFolder) add(at time.Time, text string, pos *Position) {
	l.rows = append(l.rows, row{at, text, pos})
}

// files cuts the rows into files and tells each row's position.
func (l *logFolder) files() []File {
	slices.SortStableFunc(l.rows, func(a, b row) int { return a.at.Compare(b.at) })
	var files []File
	rows := l.rows
	for n := 1; len(rows) > 0; {
		count := len(rows)
		begin := rows[0].at
		if l.period > 0 {
			begin = begin.Truncate(l.period)
			end := begin.Add(l.period)
			count = slices.IndexFunc(rows, func(r row) bool { return !r.at.Before(end) })
			if count < 0 {
				count = len(rows)
			}
		}
		whole := count
		if l.number {
			count = min(count, l.most)
		}
		files = append(files, l.file(rows[:count], begin, n))
		rows = rows[count:]
		n++
		if count == whole {
			n = 1
		}
	}
	return files
}

func (l *logFolder) file(rows []row, begin time.Time, n int) File {
	name := l.prefix + begin.Format(l.stamp)
	if l.number {
		name += fmt.Sprintf("-%d", n)
	}
	f := File{Path: path.Join(l.server, l.folder, name+l.suffix), Server: l.server,
		First: rows[0].at, Last: rows[len(rows)-1].at}
	var b strings.Builder
	if l.bom {
		b.WriteString("\ufeff")
	}
	line := 1
	if l.header != nil {
		head := l.header(rows[0].at)
		b.WriteString(head)
		line += strings.Count(head, "\n")
	}
	for _, r := range rows {
		if r.pos != nil {
			r.pos.File, r.pos.Line = f.Path, line
		}
		b.WriteString(r.text)
		b.WriteString("\r\n")
		line += 1 + strings.Count(r.text, "\n")
	}
	f.Data = []byte(b.String())
	if l.code != nil {
		f.Data = l.code(b.String())
	}
	return f
}

// csvRow returns the values as a row, in quotes only where a value holds a
// comma, a quote or a line end.
func csvRow(values ...string) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		if strings.ContainsAny(v, ",\"\r\n") {
			v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		b.WriteString(v)
	}
	return b.String()
}

// stamp writes a time as Exchange 2007 and later do.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
