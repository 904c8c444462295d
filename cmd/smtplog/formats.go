package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/table"
	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
	"github.com/smtplog/smtplog/track/analysis"
)

type formatsFlags struct {
	readFlags
	json bool
}

// formatNotes say what each format is and where it comes from.
var formatNotes = map[logparse.Format]string{
	logparse.IISW3C:          "IIS SMTP service, Exchange 2000/2003: W3C Extended (ex061009.log)",
	logparse.IISMSIIS:        "IIS SMTP service: Microsoft IIS Log File Format (in061009.log)",
	logparse.IISNCSA:         "IIS SMTP service: NCSA Common (nc061009.log)",
	logparse.IISODBC:         "IIS SMTP service: CSV export of the ODBC table",
	logparse.ExchangeReceive: "Exchange 2007 to SE: SmtpReceive protocol log (RECV20261101-1.LOG)",
	logparse.ExchangeSend:    "Exchange 2007 to SE: SmtpSend protocol log (SEND20261101-1.LOG)",
	logparse.IMS:             "Exchange 4.0 to 5.5: Internet Mail Service protocol log (L0000001.LOG)",
	logparse.OutlookSMTP:     "Outlook Express: Smtp.log",
	logparse.Tracking5:       "Exchange 4.0 to 5.5: message tracking (Tracking.log\\19990401.log)",
	logparse.Tracking2000:    "Exchange 2000/2003: message tracking (20031101.log)",
	logparse.Tracking:        "Exchange 2007 to SE: message tracking (MSGTRK20261101-1.LOG)",
	logparse.TrackingPS:      "Get-MessageTrackingLog | Export-Csv",
	logparse.MessageTrace:    "Exchange Online: message trace exports",
	logparse.Connectivity:    "Exchange 2007 to SE: connectivity log (CONNECTLOG20261101-1.LOG)",
	logparse.Agent:           "Exchange 2007 to SE: agent log (AGENTLOG20261101-1.LOG)",
}

func (a *app) formatsCommand() *cobra.Command {
	var f formatsFlags
	cmd := &cobra.Command{
		Use:   "formats [PATH…]",
		Short: "List the formats, or say what each file is",
		Long: `Without PATH: the formats that smtplog reads. With PATH: what each file is, by its
content; logs of other services are named too.`,
		Example: `  smtplog formats
  smtplog formats C:\Logs\**\*.log`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listFormats(&f)
			}
			return a.formats(cmd.Context(), &f, args)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "one JSON object a line, e.g. --json | jq .format")
	return cmd
}

func (a *app) listFormats(f *formatsFlags) error {
	if f.json {
		for _, format := range logparse.Formats() {
			if err := printJSON(a.stdout, map[string]string{"format": format.String(), "what": formatNotes[format]}); err != nil {
				return err
			}
		}
		return nil
	}
	out, err := a.output(f.color)
	if err != nil {
		return err
	}
	t := table.New(table.Column{Title: "format"}, table.Column{Title: "what it is", Flex: true, Min: 20})
	for _, format := range logparse.Formats() {
		t.Add(format.String(), formatNotes[format])
	}
	return t.Render(a.stdout, out)
}

// fileFormat is what `formats PATH` prints of a file.
type fileFormat struct {
	File    string       `json:"file"`
	Format  string       `json:"format,omitempty"`
	Other   string       `json:"other,omitempty"` // what it is, when it is no log that smtplog reads
	First   outcome.Time `json:"first,omitzero"`
	Assumed string       `json:"assumed,omitempty"`
}

func (a *app) formats(ctx context.Context, f *formatsFlags, paths []string) error {
	j, err := a.start(ctx, &f.readFlags, paths)
	if err != nil {
		return err
	}
	logs := analysis.Prepare(ctx, j.sources, &j.read)
	j.bar.Stop()
	in := logs.Input()
	var files []fileFormat
	for _, log := range logs.All() {
		file := fileFormat{File: log.Source.Name, Format: log.Found.Format.String(), First: log.First, Assumed: log.Found.Assumed}
		if log.Found.Empty {
			file.Other = "empty"
		}
		files = append(files, file)
		in.Files++
	}
	for _, s := range in.Skipped {
		files = append(files, fileFormat{File: s.File, Other: s.Reason})
		in.Files++ // saying what it is was the job
	}
	if err := a.printFormats(f, j, files); err != nil {
		return err
	}
	return a.finish(ctx, j, in)
}

func (a *app) printFormats(f *formatsFlags, j *job, files []fileFormat) error {
	if f.json {
		for _, file := range files {
			if err := printJSON(a.stdout, file); err != nil {
				return err
			}
		}
		return nil
	}
	if len(files) == 0 {
		return nil
	}
	// The file's name is what the other columns are about: it is cut last.
	t := table.New(table.Column{Title: "file", Min: 20}, table.Column{Title: "format"},
		table.Column{Title: "first record (UTC)"}, table.Column{Title: "note", Flex: true, Min: 4})
	for _, file := range files {
		format, first, note := file.Format, "-", file.Assumed
		if format == "" {
			format, note = "-", file.Other
		}
		if !file.First.IsZero() {
			first = file.First.Time().Format(time.DateTime)
		}
		t.Add(file.File, format, first, note)
	}
	return t.Render(a.stdout, j.out)
}
