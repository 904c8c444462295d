package logparse

import "slices"

// A w3cStep is one column of a row, or several neighbours that are read together.
type w3cStep struct {
	reads   w3cReads
	columns []iisColumn
	known   knownBytes // of w3cOthers: what a row before had there, and the byte behind it
	first   int        // of w3cCounts: where in w3cShort.counts the numbers go
}

// w3cReads says how the columns of a step are read.
type w3cReads uint8

const (
	w3cStamp  w3cReads = iota // the date and the time
	w3cDate                   // one of them, where the other one is elsewhere
	w3cTime                   //
	w3cFront                  // all the columns of the front
	w3cParts                  // some of them, where others are elsewhere
	w3cMethod                 // cs-method
	w3cQuery                  // cs-uri-query
	w3cCounts                 // numbers
	w3cOthers                 // what nothing is made of
)

var w3cReadsOf = [iisColumns]w3cReads{
	iisOther: w3cOthers, iisDate: w3cDate, iisTime: w3cTime, iisMethod: w3cMethod, iisQuery: w3cQuery,
	iisClient: w3cParts, iisUser: w3cParts, iisSite: w3cParts, iisServer: w3cParts, iisLocal: w3cParts, iisPort: w3cParts,
	iisStatus: w3cCounts, iisWin32: w3cCounts, iisSent: w3cCounts, iisReceived: w3cCounts, iisElapsed: w3cCounts,
}

// iisRun is columns of the front, in the order in which they stand in it.
type iisRun [6]iisColumn

// w3cStepsOf returns the steps that rows with the columns are read in.
func w3cStepsOf(columns []iisColumn) (steps []*w3cStep) {
	var parts *w3cStep
	apart, counts := false, 0
	for len(columns) > 0 {
		step := &w3cStep{reads: w3cReadsOf[columns[0]]}
		n := 1
		for n < len(columns) && w3cReadsOf[columns[n]] == step.reads {
			n++
		}
		if pair := columns[:min(2, len(columns))]; slices.Equal(pair, dateTime) || slices.Equal(pair, timeDate) {
			step.reads, n = w3cStamp, 2
		}
		step.columns, columns = columns[:n], columns[n:]
		switch step.reads {
		case w3cCounts:
			step.first = counts
			counts += n
		case w3cParts:
			apart = parts != nil
			parts = step
		}
		steps = append(steps, step)
	}
	if parts != nil && !apart {
		parts.reads = w3cFront
	}
	return steps
}

var (
	dateTime = []iisColumn{iisDate, iisTime}
	timeDate = []iisColumn{iisTime, iisDate}
)

// isW3CUsual reports whether the steps are those of the columns in the order in
// which the service writes them, with any others behind the last that is read.
func isW3CUsual(steps []*w3cStep) bool {
	n := w3cUsualTail
	return len(steps) == n+1 && steps[n].reads == w3cOthers && slices.EqualFunc(steps[:n], w3cUsualSteps[:n], func(a, b *w3cStep) bool {
		return slices.Equal(a.columns, b.columns)
	})
}

var (
	w3cUsualSteps = w3cStepsOf(iisColumnsOf(w3cUsual, w3cColumns))
	w3cUsualFront = w3cUsualSteps[1].columns
	w3cUsualTail  = len(w3cUsualSteps) - 1
)
