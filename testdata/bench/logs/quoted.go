package logs

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/smtplog/smtplog/logparse"
)

// quotedOrder says which of the usual columns stands in each place.
var quotedOrder = [...]int{7, 6, 8, 2, 3, 5, 4, 1, 0}

// writeQuoted writes a receive log that is correct and for which no shortcut of
// a reader is good: another order of columns, each value in quotes.
func writeQuoted(w io.Writer, size int64, open int) (*Truth, error) {
	plain, playedTo := io.Pipe()
	type result struct {
		truth *Truth
		err   error
	}
	done := make(chan result, 1)
	go func() {
		// Quotes make a log longer by a tenth and more.
		truth, err := played(logparse.ExchangeReceive, 0)(playedTo, size*9/10, open)
		playedTo.CloseWithError(err)
		done <- result{truth, err}
	}()
	err := quote(w, bufio.NewReader(plain))
	plain.CloseWithError(err)
	r := <-done
	return r.truth, errors.Join(err, r.err)
}

// quote copies a log of the usual columns.
func quote(w io.Writer, r *bufio.Reader) error {
	out := bufio.NewWriterSize(w, 64<<10)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		names, found := strings.CutPrefix(strings.TrimSpace(line), "#Fields: ")
		if !found {
			out.WriteString(line)
			continue
		}
		columns := strings.Split(names, ",")
		out.WriteString("#Fields: ")
		for i, from := range quotedOrder {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(columns[from])
		}
		out.WriteString("\r\n")
		break
	}
	rows := csv.NewReader(r)
	rows.ReuseRecord = true
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		for i, from := range quotedOrder {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteByte('"')
			value := row[from]
			if strings.Contains(value, `"`) {
				value = strings.ReplaceAll(value, `"`, `""`)
			}
			out.WriteString(value)
			out.WriteByte('"')
		}
		out.WriteString("\r\n")
	}
}
