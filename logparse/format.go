package logparse

import (
	"fmt"
	"strings"
)

// Format names a log format.
type Format uint8

// The formats.
const (
	FormatUnknown   Format = iota
	IISW3C                 // IIS SMTP service, Exchange 2000/2003: W3C Extended
	IISMSIIS               // IIS SMTP service: Microsoft IIS Log File Format
	IISNCSA                // IIS SMTP service: NCSA Common
	IISODBC                // IIS SMTP service: CSV export of the ODBC table
	ExchangeReceive        // Exchange 2007 to SE: SMTP Receive Protocol Log
	ExchangeSend           // Exchange 2007 to SE: SMTP Send Protocol Log
	IMS                    // Exchange 4.0 to 5.5: Internet Mail Connector/Service protocol log
	OutlookSMTP            // Outlook Express: Smtp.log
	Tracking5              // Exchange 4.0 to 5.5: message tracking
	Tracking2000           // Exchange 2000/2003: message tracking
	Tracking               // Exchange 2007 to SE: message tracking
	TrackingPS             // Get-MessageTrackingLog | Export-Csv
	MessageTrace           // Exchange Online: message trace exports
	Connectivity           // Exchange 2007 to SE: connectivity log
	Agent                  // Exchange 2007 to SE: agent log
	formatCount
)

var formatNames = [formatCount]string{
	"", "iis-w3c", "iis-msiis", "iis-ncsa", "iis-odbc", "exchange-receive", "exchange-send", "ims",
	"outlook-smtp", "tracking-5", "tracking-2000", "tracking", "tracking-ps", "message-trace",
	"connectivity", "agent",
}

// String returns the name that --format and the JSON use, "" for FormatUnknown.
func (f Format) String() string {
	if f < formatCount {
		return formatNames[f]
	}
	return ""
}

// Formats returns all formats.
func Formats() []Format {
	formats := make([]Format, 0, formatCount-1)
	for f := FormatUnknown + 1; f < formatCount; f++ {
		formats = append(formats, f)
	}
	return formats
}

// ParseFormat returns the format of that name.
func ParseFormat(name string) (Format, error) {
	for _, f := range Formats() {
		if strings.EqualFold(f.String(), name) {
			return f, nil
		}
	}
	return FormatUnknown, fmt.Errorf("unknown format %q; the formats are %s", name, strings.Join(formatNames[1:], ", "))
}

// Protocol reports whether the format logs SMTP conversations, and so yields
// sessions.
func (f Format) Protocol() bool { return f >= IISW3C && f <= OutlookSMTP }

// IIS reports whether IIS wrote the log, which does not tell sessions apart.
func (f Format) IIS() bool { return f >= IISW3C && f <= IISODBC }

// HasSessionID reports whether the rows of a protocol log bear the id of
// their session.
func (f Format) HasSessionID() bool { return f == ExchangeReceive || f == ExchangeSend }
