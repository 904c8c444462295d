package logparse

// newRowReader returns the reader of the detected format.
func newRowReader(lines *lineScanner, opt *Options, found Detection) rowReader {
	switch found.Format {
	case IISW3C:
		return newW3C(lines, opt, found)
	case IISMSIIS:
		return newMSIIS(lines, opt, found)
	case IISNCSA:
		return newNCSA(lines, opt, found)
	case IISODBC:
		return newODBC(lines, opt, found)
	case ExchangeReceive, ExchangeSend:
		return newExchange(lines, opt, found)
	case IMS:
		return newIMS(lines, opt, found)
	case OutlookSMTP:
		return newOutlookSMTP(lines, opt, found)
	case Tracking5:
		return newTracking5(lines, opt, found)
	case Tracking2000:
		return newTracking2000(lines, opt, found)
	case Tracking:
		return newTracking(lines, opt, found)
	case TrackingPS:
		return newTrackingPS(lines, opt, found)
	case MessageTrace:
		return newMessageTrace(lines, opt, found)
	case Connectivity:
		return newConnectivity(lines, opt, found)
	case Agent:
		return newAgent(lines, opt, found)
	}
	return blankRows{lines}
}

// blankRows reads a log that holds nothing but blank lines.
type blankRows struct{ lines *lineScanner }

func (b blankRows) next(*Record) (lineClass, string) {
	line, ok := b.lines.next()
	switch {
	case !ok:
		return lineEnd, ""
	case isBlank(line):
		return lineBlank, ""
	}
	return lineMalformed, "not a line of a log"
}
