package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// FuzzTables asks for all tables of any file: they hold what the lists hold, in
// all formats.
func FuzzTables(f *testing.F) {
	for i, format := range []logparse.Format{logparse.ExchangeReceive, logparse.IISW3C, logparse.IISMSIIS} {
		f.Add(played(f, testlog.Options{Seed: uint64(i), Format: format, Connections: 5, Outbound: 0.3}))
	}
	f.Add([]byte("#Fields: date-time,client-ip,server-hostname,source,event-id,internal-message-id,message-id,recipient-address,sender-address\r\n" +
		"2026-11-02T08:00:00.000Z,192.0.2.1,EX1,SMTP,RECEIVE,1,<a@b>,x@example.com;\xff@\x00,\u202e\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.log")
		writeFile(t, path, data)
		count := func(args ...string) int {
			out := anyStatus(t, append(args, path, "--no-progress"))
			harmless(t, out)
			return strings.Count(out, "\n")
		}
		for _, table := range tableNames() {
			rows := count("query", table, "--json")
			if n := count("query", table, "--csv"); n > 0 && n != rows+1 {
				t.Fatalf("%s: %d rows as JSON, %d lines of CSV", table, rows, n)
			}
			switch table {
			case "sessions", "messages", "records":
				if n := count(table, "--json"); n != rows {
					t.Fatalf("%d %s, and %d rows", n, table, rows)
				}
			}
			// The reader of parquet-go is asked by the tests of package export.
			r := smtplog("", "query", table, path, "--to", filepath.Join(dir, table+".parquet"), "--no-progress")
			if !slices.Contains([]int{exitDone, exitFailed}, r.code) {
				t.Fatalf("%s: exit status %d: %s", table, r.code, r.stderr)
			}
		}
	})
}
