package testworld

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// A cloudMail is a message in Exchange Online, whose logs are exports made
// afterwards.
type cloudMail struct {
	leg      *leg
	at       time.Time
	from, to string // addresses of the hosts before and behind
	verdicts []cloudVerdict
}

// A cloudVerdict is what became of some recipients.
type cloudVerdict struct {
	at            time.Time
	source, event string // of the extended layout
	traced        string // Status of the cmdlet
	status        Status // "" where another server has the last word
	reply         string
	to            []string
}

// cloudTake notes that Exchange Online has the message.
func (p *player) cloudTake(l *leg, at time.Time, from string) {
	p.cloud = append(p.cloud, &cloudMail{leg: l, at: at, from: from})
	l.m.hops[l.h.number].Arrived = at
}

// cloudVerdict notes what became of recipients there.
func (p *player) cloudVerdict(l *leg, at time.Time, source, event, traced string, status Status, reply string, to ...string) {
	i := slices.IndexFunc(p.cloud, func(c *cloudMail) bool { return c.leg.h == l.h })
	p.cloud[i].verdicts = append(p.cloud[i].verdicts, cloudVerdict{at, source, event, traced, status, reply, to})
}

// settleCloud settles recipients unless another server does.
func (m *mail) settleCloud(e *Event, status Status, reply string, to ...string) {
	if status != "" {
		m.settle(e, status, reply, to...)
	}
}

// writeCloud writes the export in the layout asked for.
func (p *player) writeCloud() {
	header, name := "", "MessageTrace"
	switch p.opt.Trace {
	case TraceCmdlet:
		header = quotedRow(strings.Split("PSComputerName,RunspaceId,PSShowComputerName,Organization,MessageId,Received,SenderAddress,RecipientAddress,Subject,Status,ToIP,FromIP,Size,MessageTraceId,StartDate,EndDate,Index", ","))
	case TraceSummary:
		header = "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id,original_client_ip,directionality,connector_id,delivery_priority"
	default:
		name = "MessageTraceDetail"
		header = "date_time_utc,client_ip,client_hostname,server_ip,server_hostname,source_context,connector_id,source,event_id,internal_message_id,message_id,network_message_id,recipient_address,recipient_status,total_bytes,recipient_count,related_recipient_address,reference,message_subject,sender_address,return_path,message_info,directionality,tenant_id,original_client_ip,original_server_ip,custom_data"
	}
	f := p.folder("EXO", "", name, func(f *logFolder) {
		f.suffix = ".csv"
		if p.opt.Trace == TraceExtended {
			f.code = utf16le
		}
		f.header = func(time.Time) string { return header + "\r\n" }
	})
	for _, c := range p.cloud {
		switch p.opt.Trace {
		case TraceCmdlet:
			p.cloudCmdlet(f, c)
		case TraceSummary:
			p.cloudSummary(f, c)
		default:
			p.cloudExtended(f, c)
		}
	}
}

// event adds an event of the mail to the truth.
func (c *cloudMail) event(at time.Time, source, event string, to ...string) *Event {
	e := &Event{Time: at, Server: c.leg.s.Name, Source: source, Event: event, Recipients: to, Session: -1}
	c.leg.m.events = append(c.leg.m.events, e)
	c.leg.h.events = append(c.leg.h.events, e)
	return e
}

// cloudCmdlet writes a row for each recipient; what happened when is not said.
func (p *player) cloudCmdlet(f *logFolder, c *cloudMail) {
	m := c.leg.m
	for _, v := range c.verdicts {
		for i, a := range v.to {
			e := c.event(seconds(c.at), "", v.traced, a)
			m.settleCloud(e, v.status, "", a)
			f.add(c.at, quotedRow([]string{"outlook.office365.example", "0f0f0f0f-0000-4000-8000-00000000000a", "False", "example.onmicrosoft.example",
				m.MessageID, c.at.Format("1/2/2006 3:04:05 PM"), m.Sender, a, m.Subject, v.traced, c.to, c.from, fmt.Sprint(m.Bytes), m.NetworkID,
				p.opt.Start.Format("1/2/2006 3:04:05 PM"), p.opt.Start.Add(p.opt.Span).Format("1/2/2006 3:04:05 PM"), fmt.Sprint(i)}), &e.Position)
		}
	}
}

// cloudSummary writes a row for the message.
func (p *player) cloudSummary(f *logFolder, c *cloudMail) {
	m := c.leg.m
	e := c.event(c.at, "", "")
	var status []string
	for _, v := range c.verdicts {
		for _, a := range v.to {
			status = append(status, a+"##Receive, "+v.event)
			e.Recipients = append(e.Recipients, a)
		}
		m.settleCloud(e, v.status, "", v.to...)
	}
	e.Status = strings.Join(status, ";")
	f.add(c.at, csvRow(c.at.Format("2006-01-02T15:04:05.0000000Z"), m.Sender, e.Status, m.Subject, fmt.Sprint(m.Bytes), m.MessageID, m.NetworkID,
		c.from, direction(m), "", "Normal"), &e.Position)
}

// cloudExtended writes a row for each event.
func (p *player) cloudExtended(f *logFolder, c *cloudMail) {
	m := c.leg.m
	row := func(e *Event, client, server, context string) {
		e.InternalID = c.leg.id
		f.add(e.Time, csvRow(stamp(e.Time), client, "", server, "", context, "", e.Source, e.Event, fmt.Sprint(c.leg.id), m.MessageID, m.NetworkID,
			strings.Join(e.Recipients, ";"), e.Status, fmt.Sprint(m.Bytes), fmt.Sprint(len(c.leg.to)), "", "", m.Subject, m.Sender, m.ReturnPath, "",
			direction(m), "7e57da7a-0000-4000-8000-000000000001", c.from, "", "S:DeliveryPriority=Normal"), &e.Position)
	}
	row(c.event(c.at, "SMTP", "Receive", c.leg.to...), c.from, c.leg.s.Address, "")
	for _, v := range c.verdicts {
		e := c.event(v.at, v.source, v.event, v.to...)
		context := ""
		if v.source == "SMTP" {
			context = ";" + v.reply
			e.Status = strings.TrimSuffix(strings.Repeat("250 2.1.5 Recipient OK;", len(v.to)), ";")
		} else if v.reply != "" {
			e.Status = v.reply
		}
		m.settleCloud(e, v.status, e.Status, v.to...)
		row(e, c.leg.s.Address, c.to, context)
	}
}

func direction(m *mail) string {
	if m.incoming {
		return "Incoming"
	}
	return "Originating"
}

// utf16le encodes a text without a byte order mark.
func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}
