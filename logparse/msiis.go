package logparse

import (
	"bytes"
	"fmt"
)

// msiisColumns are the fixed columns of the Microsoft IIS Log File Format. The
// log does not name them; these are the names that the ODBC table has for the
// same values (Windows Server 2003, "Log Formats", cc780772).
var msiisColumns = []string{"ClientHost", "Username", "Date", "Time", "Service", "Machine", "ServerIP",
	"ProcessingTime", "BytesRecvd", "BytesSent", "ServiceStatus", "Win32Status", "Operation", "Target", "Parameters"}

var msiisLayout = &layout{names: msiisColumns, split: splitMSIIS}

var msiisOrder = [...]iisColumn{iisClient, iisUser, iisDate, iisTime, iisSite, iisServer, iisLocal,
	iisElapsed, iisReceived, iisSent, iisStatus, iisWin32, iisMethod, iisOther, iisQuery}

// An msiisReader reads the Microsoft IIS Log File Format: 15 columns, a comma
// behind each, no header. Dates and times are local, in the order of the
// server's locale.
type msiisReader struct {
	lines *lineScanner
	row   iisRow
	clock *localeClock
	short msiisShort
}

func newMSIIS(lines *lineScanner, opt *Options, found Detection) rowReader {
	return &msiisReader{lines: lines, clock: newLocaleClock(opt, found), short: msiisShort{fronts: newIISFronts()}}
}

func (m *msiisReader) next(rec *Record) (lineClass, string) {
	line, class, msg := takeLine(m.lines)
	if class != lineRecord {
		return class, msg
	}
	n := 0
	splitMSIIS(line, func(value []byte) bool {
		m.row.val[msiisOrder[n]] = value
		n++
		return true
	})
	if n != len(msiisOrder) {
		return lineMalformed, fmt.Sprintf("%d columns where the format has %d", n, len(msiisOrder))
	}
	if rec.Time, msg = m.clock.read(m.row.val[iisDate], m.row.val[iisTime]); msg != "" {
		return lineMalformed, msg
	}
	m.row.event(&rec.Event)
	rec.raw, rec.layout = line, msiisLayout
	return lineRecord, ""
}

// splitMSIIS calls yield for each value of a row, at most 15 of them. The last
// may hold commas, as replies do.
//
// QUIRK: several blanks may stand on either side of a comma.
func splitMSIIS(row []byte, yield func(value []byte) bool) {
	for range len(msiisOrder) - 1 {
		value, rest, ok := bytes.Cut(row, []byte{','})
		if !ok {
			// The row was cut short; the comma of its last column may be there.
			if !isBlank(row) {
				yield(trimBlanks(row))
			}
			return
		}
		if !yield(trimBlanks(value)) {
			return
		}
		row = rest
	}
	yield(msiisLast(row))
}

// msiisLast returns the value of the last column, which row begins with.
func msiisLast(row []byte) []byte {
	row = trimBlanksRight(row)
	if n := len(row); n > 0 && row[n-1] == ',' {
		row = row[:n-1]
	}
	return trimBlanks(row)
}
