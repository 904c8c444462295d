package track

import "github.com/smtplog/smtplog/logparse"

// Parse reads the record as e. It returns false for records that are no rows
// of tracking logs, message traces or agent logs.
func Parse(rec *logparse.Record, e *Event) bool { return false }
