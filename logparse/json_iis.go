package logparse

import "bytes"

// useIIS is use for the formats of IIS whose columns are fixed. What is kept of
// NCSA rows ends with the bracket of the time.
func (w *JSONWriter) useIIS(l *layout) {
	switch l {
	case ncsaLayout:
		w.runs[0] = newJSONRun(w.keys[:3], manyBlocks)
	case msiisLayout:
		w.runs[0] = newJSONRun(w.keys[:2], manyBlocks)
		w.runs[2] = newJSONRun(w.keys[2:4], fewBlocks)
		w.runs[4] = newJSONRun(w.keys[4:7], fewBlocks)
		w.runs[10] = newJSONRun(w.keys[10:12], someBlocks)
		w.runs[12] = newJSONRun(w.keys[12:14], someBlocks)
	}
}

// appendNCSA appends the columns of an NCSA row. It assumes that no value but those
// in front of the time is to be escaped, and that behind it there is no bracket in
// the request and no further quote than that at its end: then that time is the last
// one in brackets and that quote the last one. Other rows are taken apart by
// splitNCSA.
func (w *JSONWriter) appendNCSA(b, line []byte) []byte {
	const time = 3 // its column
	row := trimBlanksRight(line)
	out, n := w.room(b, row)
	front := w.runs[0].find(row, '[')
	if front == nil {
		if front = w.ncsaFront(out[n:n], row); front == nil {
			return w.appendSplit(b, line)
		}
	}
	n += copy(out[n:], front.json)
	at := len(front.row)
	if !ncsaDateAt(row[at-1:]) {
		return w.appendSplit(b, line)
	}
	n = w.putKey(out, n, time)
	n += copy(out[n:], row[at:at+ncsaDateLen])
	n = w.putKey(out, n, time+1)
	at += ncsaDateLen + len(`] "`)
	width := copyPlain(out[n:], row[at:], '"'*each)
	end := at + width
	if end+2 > len(row) || row[end] != '"' || row[end+1] != ' ' || bytes.IndexByte(row[at:end], '[') >= 0 {
		return w.appendSplit(b, line)
	}
	n = w.putKey(out, n+width, time+2)
	at = end + len(`" `)
	width = copyPlain(out[n:], row[at:], ' '*each)
	if end = at + width; end == len(row) || row[end] != ' ' {
		return w.appendSplit(b, line)
	}
	n = w.putKey(out, n+width, time+3)
	at = end + len(" ")
	if width = copyPlain(out[n:], row[at:], ' '*each); at+width != len(row) {
		return w.appendSplit(b, line)
	}
	return append(out[:n+width], '"')
}

// ncsaFront returns what the row has in front of the time, which it keeps, nil if it
// is too long. Its JSON is put together in scratch.
func (w *JSONWriter) ncsaFront(scratch, row []byte) *jsonBlock {
	f, msg := splitNCSA(row)
	if msg != "" {
		return nil
	}
	json := scratch
	for i, value := range [...][]byte{f.host, f.ident, f.user} {
		json = appendInside(append(json, w.keys[i].text...), value)
	}
	w.runs[0].keep(row, cap(row)-cap(f.date), json)
	return w.runs[0].find(row, '[')
}

// appendMSIIS appends the columns of a row of the Microsoft IIS Log File Format. It
// assumes that one blank stands behind each comma in front of the last column and
// no other one around it, and that no value but the last is to be escaped. Other
// rows are taken apart by splitMSIIS.
func (w *JSONWriter) appendMSIIS(b, row []byte) []byte {
	last := len(w.keys) - 1
	out, n := w.room(b, row)
	pos := 0
	for i := 0; i < last; i++ {
		run, end := w.runs[i], i+1
		if run != nil {
			if block := run.find(row[pos:], ' '); block != nil {
				n += copy(out[n:], block.json)
				pos += len(block.row)
				i += run.columns - 1
				continue
			}
			end = i + run.columns
		}
		begin, from := pos, n
		for ; i < end; i++ {
			n = w.putKey(out, n, i)
			width := copyPlain(out[n:], row[pos:], ','*each)
			n, pos = n+width, pos+width
			if pos+2 >= len(row) || width == 0 || row[pos] != ',' || row[pos-width] == ' ' || row[pos-1] == ' ' || row[pos+1] != ' ' {
				return w.appendSplit(b, row)
			}
			pos += len(", ")
		}
		i--
		if run != nil {
			run.keep(row[begin:], pos-begin, out[from:n])
		}
	}
	n = w.putKey(out, n, last)
	return append(appendInside(out[:n], msiisLast(row[pos:])), '"')
}
