package tables_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/smtplog/smtplog/cmd/internal/export"
	"github.com/smtplog/smtplog/cmd/internal/tables"
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/query"
	"github.com/smtplog/smtplog/logparse/session"
	"github.com/smtplog/smtplog/logparse/testlog"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track"
	"github.com/smtplog/smtplog/track/testworld"
)

// TestColumns checks what all tables have in common.
func TestColumns(t *testing.T) {
	for _, table := range tables.All() {
		for _, name := range []string{tables.Time, "file", "line"} {
			if table.Column(name) == nil {
				t.Errorf("%s has no column %s", table.Name, name)
			}
		}
		if c := table.Column(tables.Time); c != nil && c.Type != query.DateTime {
			t.Errorf("%s: time is no time", table.Name)
		}
		seen := map[string]bool{}
		for _, c := range table.Columns {
			if seen[c.Name] || c.Type == 0 || c.Get == nil || c.Doc == "" {
				t.Errorf("%s: column %q is there twice or lacks something", table.Name, c.Name)
			}
			seen[c.Name] = true
		}
	}
	if tables.Table("mails") != nil || tables.Table(tables.Hops) == nil {
		t.Error("Table")
	}
}

// values returns the values of a row that are not null, as their JSON.
func values(t *testing.T, table string, row any) map[string]any {
	t.Helper()
	m := map[string]any{}
	for _, c := range tables.Table(table).Columns {
		v := c.Get(row)
		if v.IsNull() {
			continue
		}
		if v.Type() != c.Type {
			t.Fatalf("%s.%s is %d, not %d", table, c.Name, v.Type(), c.Type)
		}
		if c.Values != nil && !slices.Contains(c.Values, v.Text()) {
			t.Fatalf("%s.%s is %q, none of %q", table, c.Name, v.Text(), c.Values)
		}
		var x any
		if err := json.Unmarshal(export.AppendJSON(nil, v), &x); err != nil {
			t.Fatal(err)
		}
		m[c.Name] = x
	}
	return m
}

// flat puts the members of nested objects beside the others.
func flat(object map[string]any) map[string]any {
	m := map[string]any{}
	for key, v := range object {
		if inner, ok := v.(map[string]any); ok && key != "fields" {
			for k, v := range flat(inner) {
				m[key+"_"+k] = v
			}
			continue
		}
		m[key] = v
	}
	return m
}

// decode reads a JSON object.
func decode(t *testing.T, b []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// agree checks that the row has every key of the JSON with the same value, and
// lacks what the JSON lacks.
func agree(t *testing.T, table string, object map[string]any, row map[string]any, others ...string) {
	t.Helper()
	want, got := flat(object), map[string]any{}
	skip := map[string]bool{}
	for _, name := range others {
		skip[name] = true
	}
	for key := range want {
		if skip[key] {
			delete(want, key)
		}
	}
	for _, c := range tables.Table(table).Columns {
		if _, known := want[c.Name]; known {
			if v, ok := row[c.Name]; ok {
				got[c.Name] = v
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-JSON +row):\n%s", table, diff)
	}
}

var formats = []logparse.Format{logparse.ExchangeReceive, logparse.ExchangeSend, logparse.IISW3C, logparse.IISMSIIS}

// logs plays a log of each format.
func logs(t *testing.T, each func(log []byte, name string)) {
	for i, f := range formats {
		var b bytes.Buffer
		if _, err := testlog.Generate(&b, testlog.Options{Seed: uint64(i + 1), Format: f, Connections: 60, Outbound: 0.3}); err != nil {
			t.Fatal(err)
		}
		each(b.Bytes(), f.String()+".log")
	}
}

// TestSessionsAreTheirJSON compares the rows of all tables about sessions with
// the JSON of the sessions.
func TestSessionsAreTheirJSON(t *testing.T) {
	var x tables.Rows
	var sessions, failed, recipients int
	logs(t, func(log []byte, name string) {
		b := session.NewBuilder(nil, func(s *session.Session) {
			sessions++
			object := decode(t, s.AppendJSON(nil))
			row := values(t, tables.Sessions, x.Session(s))
			agree(t, tables.Sessions, object, row, "transactions", "failures", "sources", "messages")
			transactions, failures := object["transactions"].([]any), object["failures"].([]any)
			if row["transactions"] != float64(len(transactions)) || row["failures"] != float64(len(failures)) || row["time"] != object["start"] {
				t.Fatalf("%v is not %v", row, object)
			}
			source := object["sources"].([]any)[0].(map[string]any)
			if row["file"] != source["file"] || row["line"] != source["first_line"] {
				t.Fatalf("at %v:%v, not %v", row["file"], row["line"], source)
			}

			i := 0
			var to []any
			x.Transactions(s, func(r *tables.Transaction) {
				object := transactions[i].(map[string]any)
				row := values(t, tables.Transactions, r)
				agree(t, tables.Transactions, object, row, "recipients", "mail_class", "mail_code", "mail_enhanced", "mail_text",
					"end_of_data_class", "end_of_data_code", "end_of_data_enhanced", "end_of_data_text")
				list := object["recipients"].([]any)
				if row["recipients"] != float64(len(list)) || row["session"] != s.ID || row["transaction"] != float64(i+1) {
					t.Fatalf("%v is not %v", row, object)
				}
				for _, r := range list {
					recipient := r.(map[string]any)
					recipient["from"] = object["from"]
					recipient["message_id"] = object["message_id"]
					for k, v := range recipient {
						if v == nil {
							delete(recipient, k)
						}
					}
					to = append(to, recipient)
				}
				i++
			})
			if i != len(transactions) {
				t.Fatalf("%d of %d transactions", i, len(transactions))
			}

			i = 0
			x.Recipients(s, func(r *tables.Recipient) {
				recipients++
				row := values(t, tables.Recipients, r)
				agree(t, tables.Recipients, to[i].(map[string]any), row)
				_, hasReason := row["reason"]
				if class := row["class"]; hasReason != (class == "transient" || class == "permanent") {
					t.Fatalf("a verdict of class %v with reason %v", class, row["reason"])
				}
				i++
			})
			if i != len(to) {
				t.Fatalf("%d of %d recipients", i, len(to))
			}

			// The failures are the replies' first rows, and those that are no replies.
			var firsts []map[string]any
			last := ""
			x.Replies(s, func(r *tables.Reply) {
				failed++
				row := values(t, tables.Replies, r)
				at := fmt.Sprint(row["file"], row["line"], row["verb"], row["code"])
				if row["first"] == true || row["reply"] == nil && at != last {
					firsts = append(firsts, row)
				}
				last = at
				if to, ok := row["to"]; ok && row["verb"] != "AUTH" {
					if tr, ok := row["transaction"].(float64); !ok || row["from"] != transactions[int(tr)-1].(map[string]any)["from"] {
						t.Fatalf("a refusal of %v belongs to no transaction, or to another: %v", to, row)
					}
				}
			})
			if len(firsts) != len(failures) {
				t.Fatalf("%d first rows of %d failures", len(firsts), len(failures))
			}
			for i, row := range firsts {
				agree(t, tables.Replies, failures[i].(map[string]any), row, "to", "domain")
			}
		})
		for rec, err := range logparse.NewReader(bytes.NewReader(log), name, nil).Records() {
			if err != nil {
				t.Fatal(err)
			}
			b.Add(rec)
		}
		b.Close()
	})
	if sessions < 200 || failed < 40 || recipients < 200 {
		t.Errorf("only %d sessions, %d failures, %d recipients", sessions, failed, recipients)
	}
}

// TestRepliesAreOutcomes checks that the replies of a session are its outcomes,
// which analyze counts.
func TestRepliesAreOutcomes(t *testing.T) {
	var x tables.Rows
	logs(t, func(log []byte, name string) {
		b := session.NewBuilder(nil, func(s *session.Session) {
			var want, got []outcome.Outcome
			for o := range s.Outcomes {
				want = append(want, *o)
			}
			counted := map[uint32]bool{}
			for _, o := range want {
				if o.IsReply {
					counted[o.Reply] = true
				}
			}
			first := 0
			x.Replies(s, func(r *tables.Reply) {
				got = append(got, *r.Outcome)
				if tables.Table(tables.Replies).Column("first").Get(r).Bool() {
					first++
				}
			})
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome.Time{})); diff != "" || first != len(counted) {
				t.Fatalf("%d first of %d replies; outcomes (-want +got):\n%s", first, len(counted), diff)
			}
		})
		for rec, err := range logparse.NewReader(bytes.NewReader(log), name, nil).Records() {
			if err == nil {
				b.Add(rec)
			}
		}
		b.Close()
	})
}

// TestTerse checks that sessions that are built only for counting have the
// columns that Terse says they have.
func TestTerse(t *testing.T) {
	var x tables.Rows
	rows := func(log []byte, name, table string, terse bool) (list []map[string]any) {
		add := func(row any) {
			m := values(t, table, row)
			for key := range m {
				if !tables.Terse(table, []string{key}) {
					delete(m, key)
				}
			}
			list = append(list, m)
		}
		b := session.NewBuilder(&session.Options{Terse: terse}, func(s *session.Session) {
			if table == tables.Sessions {
				add(x.Session(s))
				return
			}
			x.Replies(s, func(r *tables.Reply) { add(r) })
		})
		for rec, err := range logparse.NewReader(bytes.NewReader(log), name, nil).Records() {
			if err == nil {
				b.Add(rec)
			}
		}
		b.Close()
		return list
	}
	logs(t, func(log []byte, name string) {
		for _, table := range []string{tables.Sessions, tables.Replies} {
			want := rows(log, name, table, false)
			if diff := cmp.Diff(want, rows(log, name, table, true)); diff != "" || len(want) == 0 {
				t.Errorf("%s of %s (-whole +terse):\n%s", table, name, diff)
			}
		}
	})
	for _, table := range []string{tables.Recipients, tables.Transactions} {
		if tables.Terse(table, nil) {
			t.Errorf("%s need whole sessions", table)
		}
	}
}

// TestRecordsAreTheirJSON compares the rows of records with their JSON, with and
// without secrets.
func TestRecordsAreTheirJSON(t *testing.T) {
	var row tables.Record
	secrets := 0
	logs(t, func(log []byte, name string) {
		b := session.NewBuilder(&session.Options{Placed: func(rec *logparse.Record, id string, secret bool) {
			for _, hidden := range []bool{false, true} {
				if hidden && !secret {
					break
				}
				row.Set(rec, id, hidden)
				object := decode(t, row.AppendJSON(nil))
				var redact func([]byte) []byte
				if hidden {
					redact = session.Redact
				}
				if want := decode(t, rec.AppendJSON(nil, id, redact)); cmp.Diff(want, object) != "" {
					t.Fatal(cmp.Diff(want, object))
				}
				got := values(t, tables.Records, &row)
				agree(t, tables.Records, object, got)
				if !hidden && rec.Pos.Line%16 != 0 {
					continue
				}
				fields := tables.Table(tables.Records).Column("fields").Get(&row).Object()
				for key, v := range got["fields"].(map[string]any) {
					if f, ok := fields.Field(strings.ToUpper(key)); !ok || f != v {
						t.Fatalf("field %s is %q, not %v", key, f, v)
					}
				}
			}
			if secret {
				secrets++
			}
		}}, func(*session.Session) {})
		for rec, err := range logparse.NewReader(bytes.NewReader(log), name, nil).Records() {
			if err != nil {
				t.Fatal(err)
			}
			b.Add(rec)
		}
		b.Close()
	})
	if secrets == 0 {
		t.Error("no record holds a secret")
	}
}

// TestMessagesAreTheirJSON does the same for messages and their hops.
func TestMessagesAreTheirJSON(t *testing.T) {
	dir := t.TempDir()
	w := testworld.Play(testworld.Options{Seed: 5, Messages: 66})
	if err := w.Write(dir); err != nil {
		t.Fatal(err)
	}
	var x tables.Rows
	messages, hops := 0, 0
	b := track.NewBuilder(nil, func(m *track.Message) {
		messages++
		object := decode(t, m.AppendJSON(nil))
		row := values(t, tables.Messages, x.Message(m))
		inferred, _ := object["inferred"].(bool)
		object["inferred"] = inferred // false is absent from the JSON
		if servers := object["servers"].([]any); len(servers) == 0 {
			delete(object, "servers") // null in the table, as all empty lists
		}
		list := object["hops"].([]any)
		agree(t, tables.Messages, object, row, "recipients", "hops", "sessions", "missing", "related")
		addresses, _ := row["recipients"].([]any)
		if len(addresses) != len(object["recipients"].([]any)) || row["hops"] != float64(len(list)) {
			t.Fatalf("%v is not %v", row, object)
		}
		i := 0
		x.Hops(m, func(h *tables.Hop) {
			hops++
			agree(t, tables.Hops, list[i].(map[string]any), values(t, tables.Hops, h), "latency")
			i++
		})
		if i != len(list) {
			t.Fatalf("%d of %d hops", i, len(list))
		}
	})
	for _, path := range filesBelow(t, dir) {
		read(t, path, b.Add)
	}
	b.Close()
	if messages < 40 || hops < 200 {
		t.Errorf("only %d messages, %d hops", messages, hops)
	}
}
