package ndr

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const corpus = "../../../shared/ndr"

type expected struct{ file, mta, recipient, status, reason, code, action string }

func readIndex(t *testing.T) []expected {
	f, err := os.Open(filepath.Join(corpus, "index.csv"))
	if err != nil {
		t.Skip("the collection of real bounces is not here: ", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []expected
	for _, r := range rows[1:] {
		all = append(all, expected{r[0], r[1], r[2], r[3], r[4], r[5], r[6]})
	}
	return all
}

// reportsOf reads every message of a file.
func reportsOf(t *testing.T, path string) []*Report {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []*Report
	for r, err := range ReadAll(f, filepath.Base(path)) {
		if err != nil {
			t.Fatal(path, err)
		}
		all = append(all, r)
	}
	return all
}

// TestRealBounces measures against real bounces. A right reason depends on the
// classifier too: with the recipient and the text right it is that.
func TestRealBounces(t *testing.T) {
	rows := readIndex(t)
	var recipients, statuses, codes, reasons, actions, extra int
	named := map[string]int{}
	for _, row := range rows {
		named[row.file]++
	}
	for _, row := range rows {
		reports := reportsOf(t, filepath.Join(corpus, row.file))
		var rec *Recipient
		total := 0
		for _, r := range reports {
			total += len(r.Recipients)
			for i := range r.Recipients {
				if strings.EqualFold(r.Recipients[i].Address, row.recipient) {
					rec = &r.Recipients[i]
				}
			}
		}
		if total > named[row.file] {
			extra++
			t.Logf("%s: %d recipients, want %d", row.file, total, named[row.file])
		}
		if rec == nil {
			var got []string
			for _, r := range reports {
				got = append(got, string(r.Kind)+"/"+r.Product)
				for _, x := range r.Recipients {
					got = append(got, x.Address+x.Name)
				}
			}
			t.Logf("%s: recipient %s, got %q", row.file, row.recipient, got)
			continue
		}
		recipients++
		if row.status == "" || rec.Enhanced.String() == row.status {
			statuses++
		} else {
			t.Logf("%s: status %s, want %s: %.200q", row.file, rec.Enhanced, row.status, rec.Text)
		}
		if row.code == "" || rec.Code.String() == row.code {
			codes++
		} else {
			t.Logf("%s: code %s, want %s: %.200q", row.file, rec.Code, row.code, rec.Text)
		}
		if rec.Reason.String() == row.reason {
			reasons++
		} else {
			t.Logf("%s: reason %s, want %s: %.300q said %.200q", row.file, rec.Reason, row.reason, rec.Text, rec.said)
		}
		if rec.Action == row.action {
			actions++
		} else {
			t.Logf("%s: action %s, want %s", row.file, rec.Action, row.action)
		}
	}
	percent := func(n int) float64 { return 100 * float64(n) / float64(len(rows)) }
	t.Logf("of %d recipients: found %.1f%%, status %.1f%%, code %.1f%%, reason %.1f%%, action %.1f%%; files with more recipients than expected: %d",
		len(rows), percent(recipients), percent(statuses), percent(codes), percent(reasons), percent(actions), extra)
	if percent(recipients) < 97 {
		t.Errorf("recipients found: %.1f%%, want 97%%", percent(recipients))
	}
	if percent(reasons) < 92 {
		t.Errorf("reason right: %.1f%%, want 92%%", percent(reasons))
	}
	if percent(statuses) < 92 {
		t.Errorf("status right: %.1f%%, want 92%%", percent(statuses))
	}
}

// TestDamagedBounces: the recipients of real bounces are found when the
// messages have lost something on their way.
func TestDamagedBounces(t *testing.T) {
	rows := readIndex(t)
	without := func(pattern, by string) func([]byte) []byte {
		re := regexp.MustCompile(pattern)
		return func(b []byte) []byte { return re.ReplaceAll(b, []byte(by)) }
	}
	for name, damage := range map[string]func([]byte) []byte{
		"CRLF": func(b []byte) []byte {
			return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		},
		"no boundary":        without(`(?i)boundary="?[^"\n]*"?`, "x=y"),
		"no envelope fields": without(`(?im)^(return-path|x-failed-recipients|auto-submitted): .*\n([ \t].*\n)*`, ""),
		"no status part":     without(`(?i)message/delivery-status`, "application/octet-stream"),
		"attached": func(b []byte) []byte {
			return append([]byte("From: ann@example.org\nSubject: why?\nContent-Type: multipart/mixed; boundary=outer\n\n--outer\n\nsee\n--outer\nContent-Type: message/rfc822\n\n"), b...)
		},
	} {
		found := 0
		for _, row := range rows {
			b, err := os.ReadFile(filepath.Join(corpus, row.file))
			if err != nil {
				t.Fatal(err)
			}
			hit := false
			for _, r := range collect(t, bytes.NewReader(damage(b))) {
				for i := range r.Recipients {
					hit = hit || strings.EqualFold(r.Recipients[i].Address, row.recipient)
				}
			}
			if hit {
				found++
			} else {
				t.Logf("%s: %s not found", name, row.file)
			}
		}
		if percent := 100 * float64(found) / float64(len(rows)); percent < 95 {
			t.Errorf("%s: %.1f%% of the recipients found, want 95%%", name, percent)
		}
	}
}
