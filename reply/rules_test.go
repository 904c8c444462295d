package reply

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// reference opens a table of the reference data, which lies beside the module.
func reference(t testing.TB, name string) []map[string]string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the package")
		}
		dir = filepath.Dir(dir)
	}
	f, err := os.Open(filepath.Join(dir, "..", "shared", "replies", name))
	if err != nil {
		t.Skip("the reference data are not here: ", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, cell := range row {
			m[rows[0][i]] = cell
		}
		all = append(all, m)
	}
	return all
}

func loadRules(t testing.TB) []Rule {
	t.Helper()
	rules, err := builtinRules()
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// Every rule decides its own test lines, and those that look at words have one.
func TestRules(t *testing.T) {
	c := builtin()
	for i, r := range loadRules(t) {
		if len(r.when) > 0 && len(r.tests) == 0 {
			t.Errorf("%s: rule %q has no test line", r.Where, r.Name)
		}
		if err := c.check([]Rule{r}); err != nil {
			t.Error(err)
		}
		if r.note || len(r.when) > 0 {
			continue
		}
		// A row is tried with each of its codes.
		for _, code := range r.codes {
			low, high := code.low, code.high
			if code.basic {
				low, high = uint16(code.from), uint16(code.to)
			}
			for n := low; n <= high; n++ {
				decides := code.basic && c.set.byCode(Code(n), Enhanced{}) == int32(i)
				for _, major := range []uint8{4, 5} { // "x" rows may have an exception in one class
					decides = decides || !code.basic && (code.major == 0 || code.major == major) &&
						c.set.byCode(0, Enhanced{major, code.subject, n}) == int32(i)
				}
				if !decides {
					t.Errorf("%s: row %q never decides for %d", r.Where, r.Name, n)
				}
			}
		}
	}
}

// What the tables say about the registered codes is what the references say.
func TestTables(t *testing.T) {
	find := func(t *testing.T, n int32, name string) *Rule {
		t.Helper()
		r := builtin().set.rule(n)
		if r == nil || r.Name != name {
			t.Fatalf("no row %s", name)
		}
		return r
	}
	same := func(t *testing.T, r *Rule, code, reason, actor string) {
		t.Helper()
		if r.Reason.String() != reason {
			t.Errorf("%s: %v, want %s", code, r.Reason, reason)
		}
		if a, _, _ := r.sense(Outbound); actor != "" && actor != "?" && a.String() != actor {
			t.Errorf("%s: actor %v, want %s", code, a, actor)
		}
	}
	set := builtin().set
	t.Run("enhanced", func(t *testing.T) {
		for _, row := range reference(t, "enhanced_codes.csv") {
			name := "code-" + strings.ToLower(row["code"])
			i := slices.IndexFunc(set.rules, func(r Rule) bool { return r.Name == name && !r.note })
			if i < 0 {
				t.Fatalf("no row %s", name)
			}
			same(t, &set.rules[i], row["code"], row["reason"], row["actor"])
		}
	})
	t.Run("basic", func(t *testing.T) {
		for _, row := range reference(t, "basic_codes.csv") {
			n, _ := strconv.Atoi(row["code"])
			r := find(t, set.byCode(Code(n), Enhanced{}), "code-"+row["code"])
			same(t, r, row["code"], row["fallback_reason"], "")
		}
	})
	t.Run("win32", func(t *testing.T) {
		for _, row := range reference(t, "win32_codes.csv") {
			n, _ := strconv.ParseInt(row["code"], 10, 64)
			r := find(t, set.win32[n], "win32-"+row["code"])
			same(t, r, row["code"], row["reason"], row["actor"])
			if name, _, _ := strings.Cut(row["name"], " "); !strings.HasPrefix(r.source, name+",") {
				t.Errorf("%s: source %q, want %s", row["code"], r.source, name)
			}
		}
	})
}

// Each fact about Exchange is in the tables: a row or a note for the code with
// that reason, or a text rule that finds it in the pattern.
func TestExchangeTable(t *testing.T) {
	set := builtin().set
	for _, row := range reference(t, "exchange_codes.csv") {
		row["pattern"] = strings.ReplaceAll(row["pattern"], "code: N", "code: 10061")
		found := false
		for _, code := range strings.Split(row["code"], ",") {
			low, high, _ := strings.Cut(code, "-")
			for _, end := range []string{low, high} {
				e, n := ParseEnhanced([]byte(end))
				if n == 0 {
					continue
				}
				for _, i := range set.codeRules(0, e) {
					found = found || set.rules[i].Reason.String() == row["reason"]
				}
				for _, pattern := range strings.Split(row["pattern"], ";") {
					text := strconv.Itoa(int(e.Major)) + "50 " + end + " " + strings.TrimSpace(pattern)
					found = found || Classify(text, Outbound).Reason.String() == row["reason"]
				}
				found = found || Classify(low+" "+row["pattern"], Outbound).Reason.String() == row["reason"]
			}
		}
		if !found {
			t.Errorf("%s %q: no rule says %s", row["code"], row["pattern"], row["reason"])
		}
	}
}
