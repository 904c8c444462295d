package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/reply"
	"github.com/smtplog/smtplog/reply/outcome"
)

//go:embed schema/*.json
var schemaFiles embed.FS

// readSchema returns a committed schema.
func readSchema(name string) (*jsonschema.Schema, error) {
	b, err := schemaFiles.ReadFile("schema/" + name + ".json")
	if err != nil {
		return nil, err
	}
	s := &jsonschema.Schema{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// strict closes a schema's objects: the schemas are open, for keys may be added,
// but a key that no schema describes must not come out of the tests.
func strict(s *jsonschema.Schema) {
	for _, sub := range subschemas(s) {
		strict(sub)
	}
	if s.Properties != nil && s.AdditionalProperties == nil {
		s.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
	}
}

func subschemas(s *jsonschema.Schema) []*jsonschema.Schema {
	var subs []*jsonschema.Schema
	for _, m := range []map[string]*jsonschema.Schema{s.Defs, s.Properties} {
		for _, sub := range m {
			subs = append(subs, sub)
		}
	}
	for _, sub := range []*jsonschema.Schema{s.Items, s.AdditionalProperties, s.PropertyNames} {
		if sub != nil {
			subs = append(subs, sub)
		}
	}
	return subs
}

var resolved sync.Map // schemas by name

// schema returns the strict form of a committed schema.
func schema(t testing.TB, name string) *jsonschema.Resolved {
	t.Helper()
	if r, ok := resolved.Load(name); ok {
		return r.(*jsonschema.Resolved)
	}
	s, err := readSchema(name)
	if err != nil {
		t.Fatal(err)
	}
	strict(s)
	r, err := s.Resolve(nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	resolved.Store(name, r)
	return r
}

// conform checks every line of output against a schema and returns the values.
func conform(t testing.TB, name, output string) []any {
	t.Helper()
	s := schema(t, name)
	var values []any
	for line := range strings.Lines(output) {
		var v any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, line)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("schema %s: %v\n%s", name, err, line)
		}
		values = append(values, v)
	}
	return values
}

// conformAll checks everything that the commands print about logs.
func conformAll(t testing.TB, paths ...string) {
	t.Helper()
	for _, c := range []struct {
		schema string
		args   []string
	}{
		{"analysis", []string{"analyze", "--json", "--problems"}},
		{"analysis", []string{"analyze", "--json", "--by", strings.Join(keyNames(), ",")}},
		{"analysis", []string{"analyze", "--json", "--by", "day,actor", "--tz", "Europe/Berlin"}},
		{"session", []string{"sessions", "--json", "--transcript"}},
		{"record", []string{"records"}},
		{"message", []string{"messages", "--json"}},
		{"file-format", []string{"formats", "--json"}},
	} {
		r := smtplog("", append(c.args, paths...)...)
		if r.code != exitDone && r.code != exitFailed {
			t.Errorf("%s %s: exit status %d: %s", c.args, paths, r.code, r.stderr)
		}
		for _, v := range conform(t, c.schema, r.stdout) {
			if c.schema == "analysis" {
				checkSums(t, v)
			}
		}
	}
}

func keyNames() []string {
	var names []string
	for _, k := range outcome.Keys() {
		names = append(names, string(k))
	}
	return names
}

func TestSchemasOfLogs(t *testing.T) {
	conformAll(t, filepath.Join(root, "testdata", "logs"))
}

func TestSchemasOfPlayedLogs(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []logparse.Format{logparse.IISW3C, logparse.IISMSIIS, logparse.IISNCSA, logparse.ExchangeReceive, logparse.ExchangeSend} {
		writeFile(t, filepath.Join(dir, f.String(), "played.log"), played(t, testlog.Options{Format: f, Seed: 7, Connections: 40, Outbound: 0.3}))
	}
	conformAll(t, dir)
}

func TestSchemasOfRealLogs(t *testing.T) {
	for _, path := range filesBelow(t, shared(t, "samples")) {
		conformAll(t, path)
	}
}

func TestSchemasOfLists(t *testing.T) {
	if n := len(conform(t, "format", done(t, "formats", "--json"))); n != len(logparse.Formats()) {
		t.Errorf("%d formats, want %d", n, len(logparse.Formats()))
	}
	if n := len(conform(t, "table", done(t, "query", "--tables", "--json"))); n != len(tableNames()) {
		t.Errorf("%d tables, want %d", n, len(tableNames()))
	}
	for _, d := range []string{"inbound", "outbound"} {
		if n := len(conform(t, "reason", done(t, "explain", "--list", "--json", "--direction", d))); n != len(reply.Reasons()) {
			t.Errorf("%d reasons, want %d", n, len(reply.Reasons()))
		}
	}
}

func TestSchemaOfExplanations(t *testing.T) {
	var replies bytes.Buffer
	for code := 200; code < 600; code++ {
		fmt.Fprintf(&replies, "%d\n%d 5.%d.%d said the server\n", code, code, code%8, code%100)
	}
	replies.WriteString("10060\n0x8004010f\n" +
		"451 4.7.1 Greylisted, try again in 300 seconds\n" +
		"554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org\n" +
		"451 4.4.0 Primary target IP address responded with: \"421 4.4.2 Connection dropped.\"\n" +
		"nothing of the kind\n\x00\xff\xfe\n\u202e\n-\n")
	r := smtplog(replies.String(), "explain", "--json")
	if r.code != exitDone {
		t.Fatal(r.stderr)
	}
	if n := len(conform(t, "explanation", r.stdout)); n != 809 {
		t.Errorf("%d explanations, want 809", n)
	}
}

func TestSchemaOfReports(t *testing.T) {
	if n := len(conform(t, "ndr", done(t, "ndr", "--json", filepath.Join(root, "reply", "ndr", "testdata")))); n < 50 {
		t.Errorf("only %d reports", n)
	}
}

func TestSchemaOfRealReports(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "ndr"), "*.eml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no messages", err)
	}
	conform(t, "ndr", done(t, append([]string{"ndr", "--json"}, files...)...))
}

// TestSchemasRefuse checks that the strict schemas would notice a key that they
// do not describe, wherever it stands.
func TestSchemasRefuse(t *testing.T) {
	logs := filepath.Join(root, "testdata", "logs")
	bounce := filepath.Join(root, "reply", "ndr", "testdata", "postfix.eml")
	for name, output := range map[string]string{
		"analysis":    done(t, "analyze", "--json", logs),
		"session":     done(t, "sessions", "--json", "--transcript", logs),
		"record":      done(t, "records", "--top", "5", logs),
		"message":     done(t, "messages", "--json", logs),
		"format":      done(t, "formats", "--json"),
		"file-format": done(t, "formats", "--json", logs),
		"explanation": done(t, "explain", "--json", "550 5.7.1 no"),
		"reason":      done(t, "explain", "--list", "--json"),
		"table":       done(t, "query", "--tables", "--json"),
		"ndr":         done(t, "ndr", "--json", bounce),
	} {
		s := schema(t, name)
		for _, v := range conform(t, name, output) {
			eachObject(v, "", func(path string, object map[string]any) {
				if path == "/fields" {
					return // the columns of a log have any name
				}
				object["surprise"] = true
				if s.Validate(v) == nil {
					t.Errorf("schema %s takes any key in %q", name, path)
				}
				delete(object, "surprise")
			})
		}
	}
}

// eachObject calls f for every object in v with its path.
func eachObject(v any, path string, f func(path string, object map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(path, v)
		for name, member := range v {
			eachObject(member, path+"/"+name, f)
		}
	case []any:
		for _, element := range v {
			eachObject(element, path, f)
		}
	}
}

// TestSchemaWords checks that the words of the schemas are those of the program.
func TestSchemaWords(t *testing.T) {
	var reasons, formats, protocols, actors, keys []any
	for _, k := range keyNames() {
		keys = append(keys, k)
	}
	for _, r := range reply.Reasons() {
		reasons = append(reasons, r.String())
	}
	for _, f := range logparse.Formats() {
		formats = append(formats, f.String())
		if f.Protocol() {
			protocols = append(protocols, f.String())
		}
	}
	for a := reply.ActorNone; a <= reply.ActorRemote; a++ {
		actors = append(actors, a.String())
	}
	words := map[string][]any{"reason": reasons, "format": formats, "protocol": protocols, "actor": actors}
	names, err := schemaFiles.ReadDir("schema")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range names {
		s, err := readSchema(strings.TrimSuffix(file.Name(), ".json"))
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range words {
			if def := s.Defs[name]; def != nil && !reflect.DeepEqual(def.Enum, want) {
				t.Errorf("%s: %s is one of %v, want %v", file.Name(), name, def.Enum, want)
			}
		}
		if failures := s.Defs["failures"]; failures != nil && !reflect.DeepEqual(failures.Properties["by"].Items.Enum, keys) {
			t.Errorf("%s: keys are %v, want %v", file.Name(), failures.Properties["by"].Items.Enum, keys)
		}
		describes(t, file.Name(), "", s, s.Defs)
		for name, def := range s.Defs {
			describes(t, file.Name(), "#"+name, def, s.Defs)
		}
	}
}

// describes checks that every key is described and every definition used.
func describes(t *testing.T, file, path string, s *jsonschema.Schema, defs map[string]*jsonschema.Schema) {
	for name, member := range s.Properties {
		at := path + "/" + name
		text := member.Description
		if def, ok := strings.CutPrefix(member.Ref, "#/$defs/"); ok && text == "" {
			if defs[def] == nil {
				t.Errorf("%s: %s: no definition %s", file, at, def)
				continue
			}
			text = defs[def].Description
		}
		if text == "" {
			t.Errorf("%s: %s has no description", file, at)
		}
		for _, r := range s.Required {
			if s.Properties[r] == nil {
				t.Errorf("%s: %s requires %s, which it does not describe", file, path, r)
			}
		}
		describes(t, file, at, member, defs)
	}
	if s.Items != nil {
		describes(t, file, path+"[]", s.Items, defs)
	}
	if path == "" {
		b, err := schemaFiles.ReadFile("schema/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for name := range defs {
			if !bytes.Contains(b, []byte(`"#/$defs/`+name+`"`)) {
				t.Errorf("%s: nothing uses the definition %s", file, name)
			}
		}
		if s.Schema != "https://json-schema.org/draft/2020-12/schema" || !strings.HasSuffix(s.ID, "/"+file) {
			t.Errorf("%s: $schema %s, $id %s", file, s.Schema, s.ID)
		}
	}
}
