package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/track/testworld"
)

// A question is one of testdata/sql/queries.txt.
type question struct {
	query, sql string
	duckdb     bool // sqlite has no words for it
}

func questions(t *testing.T) []question {
	t.Helper()
	text, err := os.ReadFile("testdata/sql/queries.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []question
	for _, block := range strings.Split(string(text), "\n\n") {
		if strings.HasPrefix(block, "#") {
			continue
		}
		q, rest, found := strings.Cut(block, "\n=>")
		mark, sql, _ := strings.Cut(rest, "\n")
		if mark = strings.TrimSpace(mark); !found || mark != "" && mark != "duckdb" || strings.TrimSpace(sql) == "" {
			t.Fatalf("no question: %s", block)
		}
		list = append(list, question{q, strings.TrimSpace(sql), mark != ""})
	}
	if len(list) < 100 {
		t.Fatalf("only %d questions", len(list))
	}
	return list
}

// An engine answers SQL about the exported tables.
type engine interface {
	// export exports the logs for the engine.
	export(t *testing.T, logs, lake string)
	// macro returns what {word argument} stands for.
	macro(word, argument string) string
	// answer returns the rows of each query.
	answer(t *testing.T, lake string, sql []string) [][]map[string]any
}

// TestSQL asks the same questions by the query language over logs, and in SQL
// over their exported tables, and compares the rows. The other engine is DuckDB
// over Parquet, where SMTPLOG_DUCKDB is a folder into which npm has installed
// @duckdb/node-api; else the sqlite3 program, which is asked every question if
// SMTPLOG_SQL is "all", and otherwise some, about fewer logs, for the sake of
// time.
func TestSQL(t *testing.T) {
	var other engine
	if modules := os.Getenv("SMTPLOG_DUCKDB"); modules != "" {
		other = duckdb{modules}
	} else if path, err := exec.LookPath("sqlite3"); err == nil {
		other = sqlite{path}
	} else {
		t.Skip("neither SMTPLOG_DUCKDB, a folder with @duckdb/node-api in it, nor the program sqlite3 is here")
	}
	dir := t.TempDir()
	logs, lake := filepath.Join(dir, "logs"), filepath.Join(dir, "lake")
	_, isDuckDB := other.(duckdb)
	all := isDuckDB || os.Getenv("SMTPLOG_SQL") == "all"
	connections, messages := 80, 66
	if !all {
		connections, messages = 20, 44
	}
	writeSQLLogs(t, logs, connections, messages)
	other.export(t, logs, lake)
	var asked []question
	var sql []string
	macro := regexp.MustCompile(`\{(\w+) ([^}]+)\}`)
	for i, q := range questions(t) {
		if q.duckdb && !isDuckDB || !all && i%8 > 0 {
			continue
		}
		asked = append(asked, q)
		sql = append(sql, macro.ReplaceAllStringFunc(q.sql, func(s string) string {
			m := macro.FindStringSubmatch(s)
			return other.macro(m[1], m[2])
		}))
	}
	for i, want := range other.answer(t, lake, sql) {
		q := asked[i]
		r := smtplog("", "query", q.query, logs, "--json")
		if r.code != exitDone {
			t.Errorf("%s: exit status %d: %s", q.query, r.code, r.stderr)
			continue
		}
		var got []map[string]any
		for line := range strings.Lines(r.stdout) {
			var row map[string]any
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			got = append(got, row)
		}
		ordered := regexp.MustCompile(`(?i)ORDER BY [^)]*$`).MatchString(q.sql)
		if diff := cmp.Diff(comparable(want, ordered), comparable(got, ordered)); diff != "" {
			t.Errorf("%s\n%s\n(-SQL +query):\n%s", q.query, sql[i], diff)
		}
		if all && (len(got) == 0 || len(got) == 1 && got[0]["count"] == 0.0) {
			t.Errorf("%s: no rows, which shows nothing", q.query)
		}
	}
	t.Logf("%d questions asked %T", len(asked), other)
}

// comparable turns rows into text that is the same for all engines.
func comparable(rows []map[string]any, ordered bool) []string {
	list := []string{}
	for _, row := range rows {
		plain := map[string]any{}
		for key, v := range row {
			if v != nil {
				plain[key] = normal(v)
			}
		}
		b, err := json.Marshal(plain)
		if err != nil {
			panic(err)
		}
		list = append(list, string(b))
	}
	if !ordered {
		slices.Sort(list)
	}
	return list
}

// normal returns a value as all engines have it: numbers are text to nine
// digits, times have microseconds.
func normal(v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return "1"
		}
		return "0"
	case float64:
		return strconv.FormatFloat(v, 'g', 9, 64)
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999-07"} {
			if at, err := time.Parse(layout, v); err == nil {
				return micros(at)
			}
		}
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return normal(f)
		}
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = normal(v[i])
		}
		return list
	}
	return v
}

func micros(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// writeSQLLogs writes the logs that are asked about.
func writeSQLLogs(t *testing.T, dir string, connections, messages int) {
	t.Helper()
	for i, f := range []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend, logparse.IISW3C} {
		opt := testlog.Options{Seed: uint64(40 + i), Format: f, Connections: connections, Hosts: 25, Outbound: 0.3}
		writeFile(t, filepath.Join(dir, "gate", f.String()+".log"), played(t, opt))
	}
	if err := testworld.Play(testworld.Options{Seed: 43, Messages: messages, Span: 2 * time.Hour}).Write(filepath.Join(dir, "world")); err != nil {
		t.Fatal(err)
	}
}

type duckdb struct{ modules string }

func (duckdb) export(t *testing.T, logs, lake string) { done(t, "export", logs, "--to", lake) }

func (duckdb) macro(word, argument string) string {
	if word == "time" {
		return "TIMESTAMPTZ '" + argument + "'"
	}
	return "date_trunc('" + word + "', " + argument + ")"
}

func (d duckdb) answer(t *testing.T, lake string, sql []string) [][]map[string]any {
	t.Helper()
	asked, err := json.Marshal(sql)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "testdata/sql/duckdb.js", d.modules, lake)
	cmd.Stdin = bytes.NewReader(asked)
	out := outputOf(t, cmd)
	var answers [][]map[string]any
	for line := range strings.Lines(out) {
		var answer struct {
			Rows  []map[string]any
			Error string
		}
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatal(err)
		}
		if answer.Error != "" {
			t.Errorf("DuckDB: %s: %s", sql[len(answers)], answer.Error)
		}
		answers = append(answers, answer.Rows)
	}
	if len(answers) != len(sql) {
		t.Fatalf("%d answers to %d queries", len(answers), len(sql))
	}
	return answers
}

// outputOf runs a program and returns what it prints.
func outputOf(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("%s: %v\n%s", cmd.Path, err, &stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// sqlite is the sqlite3 program over the tables as JSON: CSV does not tell null
// from empty.
type sqlite struct{ path string }

func (sqlite) export(t *testing.T, logs, lake string) {
	done(t, "export", logs, "--to", lake, "--as", "ndjson")
}

func (sqlite) macro(word, argument string) string {
	switch word {
	case "hour":
		return "substr(" + argument + ", 1, 13) || ':00:00.000000Z'"
	case "day":
		return "substr(" + argument + ", 1, 10) || 'T00:00:00.000000Z'"
	}
	at, err := time.Parse(time.RFC3339, argument)
	if err != nil {
		panic(err)
	}
	return "'" + micros(at) + "'"
}

func (s sqlite) answer(t *testing.T, lake string, sql []string) [][]map[string]any {
	t.Helper()
	var script strings.Builder
	script.WriteString("BEGIN;\n")
	for _, table := range tables.All() {
		var names []string
		for _, c := range table.Columns {
			names = append(names, `"`+c.Name+`"`)
		}
		fmt.Fprintf(&script, "CREATE TABLE %s (%s);\n", table.Name, strings.Join(names, ", "))
		paths, err := filepath.Glob(filepath.Join(lake, table.Name, "*", "*.ndjson"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no files of %s, %v", table.Name, err)
		}
		for _, path := range paths {
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(file)) {
				script.WriteString(insert(t, &table, line))
			}
		}
	}
	script.WriteString("COMMIT;\n.mode json\n")
	for _, q := range sql {
		fmt.Fprintf(&script, "%s;\n.print --\n", q)
	}
	cmd := exec.Command(s.path, "-bail", ":memory:")
	cmd.Stdin = strings.NewReader(script.String())
	var answers [][]map[string]any
	var answer bytes.Buffer
	out := bufio.NewScanner(strings.NewReader(outputOf(t, cmd)))
	out.Buffer(nil, 64<<20)
	for out.Scan() {
		if out.Text() != "--" {
			answer.Write(out.Bytes())
			continue
		}
		var rows []map[string]any
		if answer.Len() > 0 {
			if err := json.Unmarshal(answer.Bytes(), &rows); err != nil {
				t.Fatalf("%v: %s", err, &answer)
			}
		}
		answers = append(answers, rows)
		answer.Reset()
	}
	if len(answers) != len(sql) {
		t.Fatalf("%d answers to %d queries", len(answers), len(sql))
	}
	return answers
}

// insert returns the SQL that inserts a row given as JSON.
func insert(t *testing.T, table *query.Table, line string) string {
	t.Helper()
	var row map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		t.Fatal(err)
	}
	values := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		raw, ok := row[c.Name]
		text := string(raw)
		switch {
		case !ok:
			text = "NULL"
		case c.Type == query.String || c.Type == query.DateTime:
			if err := json.Unmarshal(raw, &text); err != nil {
				t.Fatal(err)
			}
			if c.Type == query.DateTime {
				text = normal(text).(string)
			}
			text = "'" + strings.ReplaceAll(text, "'", "''") + "'"
		case c.Type == query.List || c.Type == query.Object:
			text = "'" + strings.ReplaceAll(text, "'", "''") + "'"
		}
		values[i] = text
	}
	return "INSERT INTO " + table.Name + " VALUES (" + strings.Join(values, ", ") + ");\n"
}
