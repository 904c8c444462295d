package logparse

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"time"
)

// An iisConversation plays rows as the service logs them, as values by the
// names of the W3C columns.
type iisConversation struct {
	rng  *rand.Rand
	now  time.Time
	rows []map[string]string
}

func newIISConversation(seed uint64) *iisConversation {
	return &iisConversation{rng: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 3, 1, 23, 58, 0, 0, time.UTC)}
}

func (c *iisConversation) row(values map[string]string) {
	c.now = c.now.Add(time.Duration(c.rng.IntN(3)) * time.Second)
	row := map[string]string{
		"date": c.now.Format("2006-01-02"), "time": c.now.Format("15:04:05"), "s-sitename": "SMTPSVC1",
		"s-computername": "MAIL01", "cs-uri-stem": "-", "sc-win32-status": "0", "time-taken": "0",
		"cs-version": "SMTP", "cs-host": "-", "cs(User-Agent)": "-", "cs(Cookie)": "-", "cs(Referer)": "-",
	}
	maps.Copy(row, values)
	c.rows = append(c.rows, row)
}

// session plays one connection of either direction.
func (c *iisConversation) session(number int) {
	if number%3 == 2 {
		c.outbound()
		return
	}
	ip := fmt.Sprintf("192.0.2.%d", c.rng.IntN(250)+1)
	if number%5 == 4 {
		ip = fmt.Sprintf("2001:db8::%x", c.rng.IntN(9999)+1)
	}
	helo := fmt.Sprintf("host%d.example.org", c.rng.IntN(30))
	in := func(user, verb, query, status, sent, received string) {
		c.row(map[string]string{"c-ip": ip, "cs-username": user, "s-ip": "10.0.0.5", "s-port": "0", "cs-method": verb,
			"cs-uri-query": query, "sc-status": status, "sc-bytes": sent, "cs-bytes": received})
	}
	if number%4 == 3 {
		in("-", "xxxx", "+"+helo, "500", "32", "21")
	}
	in(helo, "EHLO", "+"+helo, "250", "210", "21")
	in(helo, "MAIL", "+FROM:+<sender+tag@example.org>+SIZE=2048", "250", "46", "40")
	for i := range 1 + c.rng.IntN(3) {
		status := []string{"250", "250", "550"}[c.rng.IntN(3)]
		in(helo, "RCPT", fmt.Sprintf("+TO:<user%d@example.com>", i), status, "31", "28")
	}
	in(helo, "DATA", fmt.Sprintf("+<%08x+1@%s>", c.rng.Uint32(), helo), "250", "120", "2048")
	in(helo, "QUIT", helo, "240", "68", "4")
	c.rows[len(c.rows)-1]["sc-win32-status"] = "1187"
}

func (c *iisConversation) outbound() {
	ip := fmt.Sprintf("198.51.100.%d", c.rng.IntN(250)+1)
	out := func(user, verb, query string) {
		c.row(map[string]string{"c-ip": ip, "cs-username": user, "s-ip": "-", "s-port": "25", "cs-method": verb,
			"cs-uri-query": query, "sc-status": "0", "sc-bytes": fmt.Sprint(len(query)), "cs-bytes": "0"})
	}
	for _, step := range [][3]string{
		{"", "", "220-mx.example.net+ESMTP+ready;+go+ahead"},
		{"EHLO", "mail01.example.com", "250-mx.example.net+Hello"},
		{"MAIL", "FROM:<a@example.com>+SIZE=1722", "250+2.1.0+Sender+OK"},
		{"RCPT", "TO:<b@example.net>", "450+4.2.0+<b+c@example.net>:+Greylisted+-+try+later"},
		{"DATA", "-", `354+End+with+"."+on+a+line+by+itself`},
		{"", "", "250+OK"},
		{"QUIT", "-", "221+2.0.0+Bye"},
	} {
		if step[0] != "" {
			out(iisOutboundCommand, step[0], step[1])
		}
		out(iisOutboundResponse, "-", step[2])
	}
}

func iisRows(seed uint64, sessions int) []map[string]string {
	c := newIISConversation(seed)
	for i := range sessions {
		c.session(i)
	}
	return c.rows
}

// The writers of the four formats.

func w3cLog(rows []map[string]string, columns []string, header bool) []byte {
	var b bytes.Buffer
	if header {
		fmt.Fprintf(&b, "#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: %s %s\r\n#Fields: %s \r\n",
			rows[0]["date"], rows[0]["time"], strings.Join(columns, " "))
	}
	for _, row := range rows {
		for i, name := range columns {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(row[name])
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

func iisClock(row map[string]string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", row["date"]+" "+row["time"])
	if err != nil {
		panic(err)
	}
	return t
}

func msiisLog(rows []map[string]string) []byte {
	var b bytes.Buffer
	for _, r := range rows {
		fmt.Fprintf(&b, "%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, -, %s,\r\n", r["c-ip"], r["cs-username"],
			iisClock(r).Format("1/2/06, 15:04:05"), r["s-sitename"], r["s-computername"], r["s-ip"], r["time-taken"],
			r["cs-bytes"], r["sc-bytes"], r["sc-status"], r["sc-win32-status"], r["cs-method"], r["cs-uri-query"])
	}
	return b.Bytes()
}

func ncsaLog(rows []map[string]string) []byte {
	var b bytes.Buffer
	for _, r := range rows {
		query := ""
		if r["cs-uri-query"] != "-" {
			query = "?" + r["cs-uri-query"]
		}
		fmt.Fprintf(&b, "%s - %s [%s] \"%s -%s SMTP\" %s %s\r\n", r["c-ip"], r["cs-username"],
			iisClock(r).In(time.FixedZone("", -6*3600)).Format("02/Jan/2006:15:04:05 -0700"),
			r["cs-method"], query, r["sc-status"], r["sc-bytes"])
	}
	return b.Bytes()
}

func odbcLog(rows []map[string]string, separator string, header bool) []byte {
	var b bytes.Buffer
	if header {
		b.WriteString(strings.Join(odbcUsual, separator) + "\r\n")
	}
	for _, r := range rows {
		values := []string{r["c-ip"], r["cs-username"], r["date"] + " " + r["time"], r["s-sitename"], r["s-computername"],
			r["s-ip"], r["time-taken"], r["cs-bytes"], r["sc-bytes"], r["sc-status"], r["sc-win32-status"], r["cs-method"],
			"-", r["cs-uri-query"]}
		for i, v := range values {
			if strings.ContainsAny(v, `",;`) {
				values[i] = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
			}
		}
		b.WriteString(strings.Join(values, separator) + "\r\n")
	}
	return b.Bytes()
}

func iisLogs(rows []map[string]string) map[Format][]byte {
	return map[Format][]byte{
		IISW3C: w3cLog(rows, w3cUsual, true), IISMSIIS: msiisLog(rows), IISNCSA: ncsaLog(rows), IISODBC: odbcLog(rows, ",", true),
	}
}
