package logparse

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// logOf joins the lines of a log.
func logOf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// The beginnings of logs, with the header and without.
const (
	headReceiveFields  = "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"
	headReceiveRow     = `2026-11-01T00:00:02.123Z,EX1\Default EX1,08D06729BA48D0CA,2,10.0.0.1:25,192.0.2.7:51234,<,EHLO mail.example.org,`
	headSendRow        = `2026-11-01T00:00:02.123Z,Internet Mail,08D06729BA48D0CB,2,10.0.0.1:51234,192.0.2.7:25,>,EHLO ex1.example.com,`
	headTrackingFields = "#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info"
	headTrackingRow21  = `2026-11-01T00:00:02.123Z,192.0.2.7,mail.example.org,10.0.0.1,EX1,08D06729BA48D0CA,EX1\Default,SMTP,RECEIVE,17,<1@example.org>,a@example.com,,900,1,,,Offer,b@example.org,b@example.org,04I: `
	headConnectRow     = `2026-11-01T00:00:02.123Z,08D06729BA48D0CA,SMTP,example.net,+,Undefined 00000000-0000-0000-0000-000000000000;QueueLength=1`
	headAgentRow17     = `2026-11-01T00:00:02.123Z,08D06729BA48D0CA,10.0.0.1:25,192.0.2.7:51234,192.0.2.7,<1@example.org>,b@example.org,b@example.org;,a@example.com,1,Sender Id Agent,OnEndOfHeaders,AcceptMessage,,SenderId,Pass,`
	headW3cFields      = "#Fields: date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host cs(User-Agent) cs(Cookie) cs(Referer) "
	headW3cRow         = "2006-11-01 10:00:00 192.0.2.7 mail.example.org SMTPSVC1 MAIL01 10.0.0.1 0 EHLO - +mail.example.org 250 0 48 13 0 SMTP - - - -"
	headW3cHTTPRow     = "2006-11-01 10:00:00 192.0.2.7 - W3SVC1 MAIL01 10.0.0.1 80 GET /index.htm - 200 0 48 13 0 HTTP/1.1 www.example.com - - -"
	headMsiisRow       = "192.0.2.7, mail.example.org, 11/30/06, 10:00:00, SMTPSVC1, MAIL01, 10.0.0.1, 0, 32, 0, 250, 0, RCPT TO, -, TO:<a@example.com>,"
	headNcsaRow        = `192.0.2.7 - mail.example.org [01/Nov/2006:10:00:00 -0600] "MAIL -?+FROM:<b@example.org> SMTP" 250 46`
	headOdbcFields     = "ClientHost,Username,LogTime,Service,Machine,ServerIP,ProcessingTime,BytesRecvd,BytesSent,ServiceStatus,Win32Status,Operation,Target,Parameters"
	headOdbcRow        = "192.0.2.7,mail.example.org,2006-11-01 10:00:00,SMTPSVC1,MAIL01,10.0.0.1,0,32,0,250,0,RCPT,-,+TO:<a@example.com>"
	headTracking2000   = "2006-11-1\t10:0:15 GMT\t192.0.2.7\tmail.example.org\t-\tEX1\t10.0.0.1\ta@example.com\t1019\t1@example.org\t0\t0\t900\t1\t2006-11-1 10:0:15 GMT\t0\tVersion: 6.0.3790.4675\t-\t-\tb@example.org\t-"
	headTracking5      = "c=US;a= ;p=EXAMPLE;l=EX1-981101100015Z-2\t1000\t1998.11.1 10:0:15\tEX1\t\t\t/o=EXAMPLE/cn=MARIA\t0\t900\t0\t1\t\t1\r\n/o=EXAMPLE/cn=TERRY\t0"
	headPsFields       = `"RunspaceId","Timestamp","ClientIp","ClientHostname","Source","EventId","MessageId","Recipients","MessageSubject","Sender"`
	headTraceFields    = `"PSComputerName","RunspaceId","Organization","MessageId","Received","SenderAddress","RecipientAddress","Subject","Status","MessageTraceId"`
	headImsRow         = "11/2/00 9:05:01 AM : <<< MAIL FROM:<b@example.org>"
	headExchangeHeader = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: "
	headIisHeader      = "#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: 2006-11-01 10:00:00\r\n"
)

func TestDetect(t *testing.T) {
	for _, test := range []struct {
		name, log string
		want      Format
	}{
		{"receive", logOf(headExchangeHeader+"SMTP Receive Protocol Log", headReceiveFields, headReceiveRow), ExchangeReceive},
		{"send", logOf(headExchangeHeader+"SMTP Send Protocol Log", headReceiveFields, headSendRow), ExchangeSend},
		{"type before rows", logOf(headExchangeHeader+"SMTP Send Protocol Log", headReceiveFields, headReceiveRow), ExchangeSend},
		{"receive, header only", logOf(headExchangeHeader + "SMTP Receive Protocol Log"), ExchangeReceive},
		{"receive, key as in the documentation", logOf("#Log-Type: SMTP Receive Protocol Log"), ExchangeReceive},
		{"receive, fields only", logOf(headReceiveFields, headReceiveRow), ExchangeReceive},
		{"send, fields only", logOf(headReceiveFields, headSendRow), ExchangeSend},
		{"receive without #", logOf(strings.ReplaceAll(headExchangeHeader, "#", "")+"SMTP Receive Protocol Log", headReceiveFields[1:]), ExchangeReceive},
		{"receive, bare names", logOf(strings.TrimPrefix(headReceiveFields, "#Fields: "), headReceiveRow), ExchangeReceive},
		{"receive, quoted names", logOf(`"date-time","connector-id","session-id","sequence-number","event"`), ExchangeReceive},
		{"receive, byte order mark", "\ufeff" + logOf(headExchangeHeader+"SMTP Receive Protocol Log"), ExchangeReceive},
		{"receive, blank lines and blanks", "\r\n \r\n\x00\x00\r\n  " + strings.ReplaceAll(logOf(headReceiveRow, headReceiveRow), "\r\n", "\r\n\r\n  "), ExchangeReceive},
		{"receive row", logOf(headReceiveRow), ExchangeReceive},
		{"send row", logOf(headSendRow), ExchangeSend},
		{"receive row, all quoted", logOf(`"` + strings.ReplaceAll(headReceiveRow, ",", `","`) + `"`), ExchangeReceive},
		{"receive row, entities", logOf(strings.ReplaceAll(headReceiveRow, "<", "&lt;")), ExchangeReceive},
		{"receive row, trailing blanks", logOf(headReceiveRow + "  "), ExchangeReceive},
		{"receive row, cut", headReceiveRow[:len(headReceiveRow)-10], ExchangeReceive},
		{"connectivity", logOf(headExchangeHeader+"Transport Connectivity Log", "#Fields: date-time,session,source,Destination,direction,description", headConnectRow), Connectivity},
		{"connectivity row", logOf(headConnectRow), Connectivity},
		{"few columns, as many as connectivity has", logOf(headExchangeHeader+"SMTP Receive Protocol Log", "#Fields: date-time,session-id,sequence-number,remote-endpoint,event,data",
			strings.Repeat("2026-11-02T08:00:00.000Z,08DE19F3A1B20001,1,192.0.2.7:25,-,\r\n", 100)), ExchangeReceive},
		{"connectivity fields", logOf("#Fields: date-time,session,source,Destination,direction,description"), Connectivity},
		{"agent", logOf(headExchangeHeader+"Agent Log", "#Fields: Timestamp,SessionId,LocalEndpoint,RemoteEndpoint,EnteredOrgFromIP,MessageId,P1FromAddress"), Agent},
		{"agent row, 17", logOf(headAgentRow17), Agent},
		{"agent row, 20", logOf(headAgentRow17 + ",1,,Incoming"), Agent},
		{"tracking", logOf(headExchangeHeader+"Message Tracking Log", headTrackingFields, headTrackingRow21), Tracking},
		{"tracking fields", logOf(headTrackingFields), Tracking},
		{"tracking row, 21", logOf(headTrackingRow21), Tracking},
		{"tracking row, 26", logOf(headTrackingRow21 + ",Incoming,,,,"), Tracking},
		{"tracking row, 27", logOf(strings.Replace(headTrackingRow21, ",a@", ",guid,a@", 1) + ",Incoming,,,,"), Tracking},
		{"tracking row, 30", logOf(strings.Replace(headTrackingRow21, ",a@", ",guid,a@", 1) + ",Incoming,,,,,Email,1,15"), Tracking},
		{"tracking row, open quote", logOf(headTrackingRow21 + `,Incoming,,,,"S:TRA=ETRP|a,b`), Tracking},
		{"tracking-2000", logOf("# Message Tracking Log File", "# Exchange System Attendant Version 6.5.7226.0"), Tracking2000},
		{"tracking-2000, names", logOf("# Date\tTime\tclient-ip\tClient-hostname\tPartner-Name\tServer-hostname\tserver-IP\tRecipient-Address\tEvent-ID\tMSGID"), Tracking2000},
		{"tracking-2000 row, 21", logOf(headTracking2000), Tracking2000},
		{"tracking-2000 row, 20", logOf(strings.TrimSuffix(headTracking2000, "\t-")), Tracking2000},
		{"tracking-5", logOf(headTracking5, headTracking5), Tracking5},
		{"tracking-5, internet message id", logOf("<1@example.org>\t1012\t1998.11.1 10:0:15\tEX1\t\t\tSMTP:b@example.org\t0\t900\t0\t1\t\t0"), Tracking5},
		{"tracking-ps", logOf("#TYPE Microsoft.Exchange.Management.TransportLogSearchTasks.MessageTrackingEvent", headPsFields), TrackingPS},
		{"tracking-ps without type", logOf(headPsFields), TrackingPS},
		{"tracking-ps, semicolons", logOf(strings.ReplaceAll(headPsFields, ",", ";")), TrackingPS},
		{"tracking-ps, chosen columns", logOf("#TYPE Selected.System", `"Timestamp","Sender","Recipients"`, `"11/1/2026 10:00:00 AM","b@example.org","a@example.com"`), TrackingPS},
		{"message-trace", logOf(headTraceFields), MessageTrace},
		{"message-trace, V2", logOf(`"Received","SenderAddress","RecipientAddress","Subject","Status"`), MessageTrace},
		{"message-trace, summary", logOf("origin_timestamp_utc,sender_address,recipient_status,message_subject"), MessageTrace},
		{"message-trace, detail", logOf("date_time_utc,client_ip,client_hostname,source,event_id"), MessageTrace},
		{"w3c", logOf(headIisHeader+headW3cFields, headW3cRow), IISW3C},
		{"w3c, header only", logOf(headIisHeader + headW3cFields), IISW3C},
		{"w3c, unknown verbs only", logOf(headIisHeader+"#Fields: time c-ip cs-method cs-uri-stem sc-status", "10:00:00 192.0.2.7 xxxx - 500"), IISW3C},
		{"w3c of all services", logOf(headIisHeader+headW3cFields, headW3cHTTPRow, headW3cHTTPRow, headW3cRow, headW3cHTTPRow), IISW3C},
		{"w3c row", logOf(headW3cRow), IISW3C},
		{"w3c row, few columns", logOf("10:00:00 192.0.2.7 RCPT - 250"), IISW3C},
		{"w3c row without date", logOf("192.0.2.7 - SMTPSVC1 MAIL01 10.0.0.1 0 xxxx - +a"), IISW3C},
		{"w3c row, outbound", logOf("2006-11-01 10:00:00 192.0.2.7 OutboundConnectionResponse - MAIL01 - 25 - - 250+OK 0"), IISW3C},
		{"msiis", logOf(headMsiisRow), IISMSIIS},
		{"msiis, many blanks", logOf(strings.ReplaceAll(headMsiisRow, ", ", ",   ")), IISMSIIS},
		{"ncsa", logOf(headNcsaRow), IISNCSA},
		{"ncsa, command without arguments", logOf(strings.Replace(headNcsaRow, "MAIL -?+FROM:<b@example.org>", "QUIT -", 1)), IISNCSA},
		{"ncsa, cut", headNcsaRow[:len(headNcsaRow)-12], IISNCSA},
		{"ncsa, address for a name", logOf(strings.Replace(headNcsaRow, "mail.example.org", "[192.0.2.7]", 1)), IISNCSA},
		{"odbc", logOf(headOdbcFields, headOdbcRow), IISODBC},
		{"odbc, names only", logOf(headOdbcFields), IISODBC},
		{"odbc row", logOf(headOdbcRow), IISODBC},
		{"odbc, tabs", logOf(strings.ReplaceAll(headOdbcFields, ",", "\t")), IISODBC},
		{"ims", logOf(headImsRow), IMS},
		{"ims, connection", logOf("2.11.00 09:05:01 : A connection was accepted from"), IMS},
		{"ims, quoted", logOf(`"11/2/00 9:05:01 AM : 499 No routing hosts are reachable for example.net. Message`, `subject: ""x"". Rescheduling delivery for later."`), IMS},
		{"ims, no arrows", logOf("11/2/00 9:05:01 AM : IO: |220 mx.example.net", "", "11/2/00 9:05:01 AM : EHLO ims.example.com"), IMS},
		{"ims, entities", logOf("11/2/00 9:05:01 AM : &lt;&lt;&lt; RSET"), IMS},
		{"ims, a message", logOf(headImsRow) + strings.Repeat("text of a message\r\n", 150), IMS},
		{"ims, a message with a log in it", logOf(strings.Repeat(headImsRow+"\r\n", 9), headReceiveRow, headReceiveRow, headTrackingFields), IMS},
		{"outlook", logOf("Outlook Express 6.00.2900.5512", "SMTP Log started at 07/09/2005 11:20:01", "SMTP: 11:20:01 [rx] 220 x"), OutlookSMTP},
		{"ims, a reply as of NNTP", logOf(headImsRow, "11/2/00 9:05:01 AM : <<< 211 status"), IMS},
		{"outlook, a message", logOf("SMTP: 11:20:01 [tx] DATA") + strings.Repeat("text of a message\r\n", 150), OutlookSMTP},
		{"tracking-5, many recipients", logOf(headTracking5) + strings.Repeat("/o=EXAMPLE/cn=TERRY\r\n", 150), Tracking5},
		{"ncsa of two services", logOf(`192.0.2.7 - - [01/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 10`, headNcsaRow), IISNCSA},
		{"outlook row", logOf("SMTP: 11:20:01 [tx] HELO deskpc"), OutlookSMTP},
		{"outlook, header only", logOf("Outlook Express 6.00.2900.5512", "SMTP Log started at 07/09/2005 11:20:01"), OutlookSMTP},

		{"torn line in front", logOf("9BA48D0CA,2,10.0.0.1:25,192.0", headReceiveRow, headReceiveRow, headReceiveRow), ExchangeReceive},
		{"comments in front", logOf("pasted from the ticket:", "", "the server is EX1", "see below", headReceiveRow, headReceiveRow), ExchangeReceive},
		{"torn W3C line in front", logOf("AIL - +FROM:<b@example.org> 250 0 48 13", headW3cRow, headW3cRow), IISW3C},
		{"stray rows of another log", logOf(headSendRow, headTrackingRow21, headTrackingRow21, headTrackingRow21), Tracking},
		{"header behind torn rows", logOf("9BA48D0CA,2,10.0.0", "x", headExchangeHeader+"SMTP Send Protocol Log", headReceiveFields, headSendRow), ExchangeSend},
	} {
		found := Detect([]byte(test.log))
		if found.Format != test.want || found.Service != "" || found.Empty {
			t.Errorf("%s: %q %q empty %v, want %q", test.name, found.Format, found.Service, found.Empty, test.want)
		}
	}
}

func TestDetectNearMisses(t *testing.T) {
	for _, test := range []struct {
		want string // "" for a file of no known kind
		log  string
	}{
		{serviceHTTP, logOf(headIisHeader+headW3cFields, headW3cHTTPRow)},
		{serviceHTTP, logOf(headIisHeader+"#Fields: date time cs-method cs-uri-stem sc-status", "2006-11-01 10:00:00 POST /owa/ 200")},
		{serviceHTTP, logOf(headW3cHTTPRow, headW3cHTTPRow)},
		{serviceFTP, logOf(headIisHeader+"#Fields: time c-ip cs-method cs-uri-stem sc-status", "10:00:00 192.0.2.7 [1]USER anonymous 331", "10:00:00 192.0.2.7 [1]QUIT - 226")},
		{serviceFTP, logOf(strings.Replace(headW3cRow, "SMTPSVC1", "MSFTPSVC1", 1)[:60])},
		{serviceNNTP, logOf(headIisHeader+headW3cFields, "2006-11-01 10:00:00 192.0.2.7 - NNTPSVC1 NEWS 10.0.0.1 119 group misc 211")},
		{serviceHTTPErr, logOf("#Software: Microsoft HTTP API 2.0", "#Version: 1.0", "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename")},
		{serviceFirewall, logOf("#Version: 1.5", "#Software: Microsoft Windows Firewall", "#Time Format: Local", "#Fields: date time action protocol src-ip dst-ip src-port dst-port size", "2026-11-01 10:00:00 DROP TCP 192.0.2.7 10.0.0.1 51234 25 52")},
		{serviceDHCP, logOf("\t\tMicrosoft DHCP Service Activity Log", "", "ID,Date,Time,Description,IP Address,Host Name,MAC Address", "24,11/01/06,00:00:15,Database Cleanup Begin,,,,")},
		{serviceHTTPMSIIS, logOf(strings.Replace(headMsiisRow, "SMTPSVC1", "W3SVC1", 1))},
		{serviceFTPMSIIS, logOf(strings.Replace(headMsiisRow, "SMTPSVC1", "MSFTPSVC1", 1))},
		{serviceNNTPMSIIS, logOf(strings.Replace(headMsiisRow, "SMTPSVC1", "NNTPSVC1", 1))},
		{serviceHTTPNCSA, logOf(`192.0.2.7 - - [01/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 10`)},
		{serviceFTPNCSA, logOf(`192.0.2.7 - - [01/Nov/2006:10:00:00 +0000] "[1]USER anonymous FTP" 331 0`)},
		{"POP3 (Exchange)", logOf(headExchangeHeader+"POP3 Log", "#Fields: dateTime,sessionId,seqNumber,sIp,cIp,user")},
		{"IMAP4 (Exchange)", logOf(headExchangeHeader + "IMAP4 Log")},
		{servicePOPIMAP, logOf("#Fields: dateTime,sessionId,seqNumber,sIp,cIp,user,duration,rqsize,rpsize,command,parameters,context")},
		{"HttpProxy (Exchange)", logOf("DateTime,RequestId,MajorVersion,MinorVersion,UrlStem", headExchangeHeader+"HttpProxy Logs", "#Fields: DateTime,RequestId,MajorVersion")},
		{"EWS (Exchange)", logOf(headExchangeHeader + "EWS Logs")},
		{"MAPI over HTTP (Exchange)", logOf(headExchangeHeader + "MAPI Http Logs")},
		{"OAB (Exchange)", logOf(headExchangeHeader + "OABDownload Log")},
		{"ECP (Exchange)", logOf(headExchangeHeader + "ECP Server Log")},
		{"Autodiscover (Exchange)", logOf(headExchangeHeader + "Autodiscover Logs")},
		{"some new log (Exchange)", logOf(headExchangeHeader + "Some\x1b New Log")},
		{serviceExchangeWeb, logOf("DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion")},
		{serviceNews55, logOf("11/2/00 9:05:01 AM : Connection to [192.0.2.7] established", "11/2/00 9:05:02 AM : <<< 200 news.example.net NNRP ready (posting ok).", "11/2/00 9:05:02 AM : >>> QUIT")},
		{serviceNews55, logOf("11/2/00 9:05:02 AM : >>> mode reader", "11/2/00 9:05:02 AM : <<< 200 ready")},
		{serviceNews55, logOf("11/2/00 9:05:02 AM : >>> HELP", "11/2/00 9:05:02 AM : >>> group misc")},
		{servicePOP355, logOf("11/02/2000 09:05:01.139 >>> (TID:141): +OK Exchange POP3 ready", "11/02/2000 09:05:02.139 <<< (TID:141): USER maria")},
		{serviceIMAP455, logOf("11/02/2000 09:05:01.139 >>> (TID:141): * OK Exchange IMAP4 ready")},
		{serviceMSMail, logOf("09:05:01 - Gateway initialized", "  [tx] 220 ready", "  [rx] HELO example.com")},
		{servicePOP3Client, logOf("Outlook Express 6.00", "POP3 Log started at 07/09/2005 11:20:01", "POP3: 11:20:01 [rx] +OK")},
		{serviceIMAPClient, logOf("IMAP4: 11:20:01 [tx] a001 LOGIN")},
		{serviceNNTPClient, logOf("NNTP: 11:20:01 [tx] MODE READER")},
		{serviceHTTPClient, logOf("HTTP: 11:20:01 [tx] GET /")},
		{serviceTraceJSON, logOf(`{"__metadata": {"type": "TenantReporting.MessageTrace"}, "Organization": "example.onmicrosoft.com"}`)},
		{serviceMail, logOf("Received: from a.example.org by b.example.com; Sun, 1 Nov 2026 10:00:00 +0000", "From: <>", "To: maria@example.org", "Subject: Undeliverable: Offer", "", "Your message could not be delivered.")},
		{"", logOf("Dear colleague,", "see you tomorrow.")},
		{"", logOf(`{"level":"info","msg":"started"}`)},
		{"", "PK\x03\x04\x14\x00\x08\x00\x08\x00" + strings.Repeat("\x8f\x01\x02z", 50)},
		{"", "ElfFile\x00" + strings.Repeat("\x01\x00\x00\x00", 40)},
		{"", logOf("2026-11-01 10:00:00 INFO the MAIL service has started")},
		{"", logOf("id,name,price", "1,apple,2")},
		{"", logOf("2006-11-01 10:00:00 192.0.2.7 login of maria")},
		{"", strings.Repeat("\x01\x02\x03\x04", 40) + "\n" + logOf(headReceiveRow)},
		{"", strings.Repeat("Prose that goes on and on.\r\n", 100) + "POP3: 11:20:01 [rx] +OK"},
		{"", strings.Repeat("Prose that goes on and on.\r\n", 100) + headReceiveRow},
	} {
		found := Detect([]byte(test.log))
		if found.Format != FormatUnknown || found.Service != test.want || found.Empty {
			t.Errorf("%.80q…: %q %q empty %v, want %q", test.log, found.Format, found.Service, found.Empty, test.want)
		}
	}
}

func TestDetectEmpty(t *testing.T) {
	for _, log := range []string{"", "\r\n\r\n", " \t\r\n", "\ufeff\r\n", "\x00\x00\x00\n\x00"} {
		if diff := cmp.Diff(Detection{Empty: true}, Detect([]byte(log))); diff != "" {
			t.Errorf("%q: %s", log, diff)
		}
	}
}

// Which side logged, in rows without a header.
func TestDetectDirection(t *testing.T) {
	row := func(connector, local, remote, event, data string) string {
		return "2026-11-01T00:00:02.123Z," + connector + ",08D06729BA48D0CA,2," + local + "," + remote + "," + event + "," + data + ","
	}
	for _, test := range []struct {
		row    string
		want   Format
		proven bool
	}{
		{row("c", "", "", "<", "EHLO a"), ExchangeReceive, true},
		{row("c", "", "", ">", "HELO a"), ExchangeSend, true},
		{row("c", "x", "x", ">", "220 ready"), ExchangeReceive, true},
		{row("c", "x", "x", "<", `"220 ready, at last"`), ExchangeSend, true},
		{row("c", "10.0.0.1:2525", "10.0.0.2:3000", "+", ""), ExchangeReceive, true},
		{row("c", "10.0.0.1:587", "10.0.0.2:3000", "*", ""), ExchangeReceive, true},
		{row("c", "[2001:db8::1]:465", "[2001:db8::2]:3000", "+", ""), ExchangeReceive, true},
		{row("c", "10.0.0.1:475", "10.0.0.2:3000", "+", ""), ExchangeReceive, true},
		{row("c", "10.0.0.1:717", "10.0.0.2:3000", "+", ""), ExchangeReceive, true},
		{row("c", "10.0.0.1:3000", "10.0.0.2:25", "+", ""), ExchangeSend, true},
		{row("c", "", "10.0.0.2:3000", "*", ""), ExchangeSend, true},
		{row(`EX1\c`, "", "10.0.0.2:3000", "*", ""), ExchangeSend, true},
		{row(`EX1\c`, "10.0.0.1:25", "10.0.0.2:25", "+", ""), ExchangeReceive, true},
		{row(`EX1\c`, "10.0.0.1:3000", "10.0.0.2:3001", "+", ""), ExchangeReceive, true},
		{row("c", "10.0.0.1:3000", "10.0.0.2:3001", "+", ""), ExchangeSend, true},
		{row(`EX1\c`, "x", "x", "+", "") + "\n" + row("c", "x", "x", "+", ""), ExchangeReceive, false},
	} {
		found := Detect([]byte(test.row))
		if found.Format != test.want {
			t.Errorf("%s: %s, want %s", test.row, found.Format, test.want)
		}
		if unsure := strings.Contains(found.Assumed, "direction unknown"); unsure == test.proven {
			t.Errorf("%s: assumed %q", test.row, found.Assumed)
		}
	}
}

func TestDetectAssumed(t *testing.T) {
	for _, test := range []struct {
		log, want string
		opt       Options
	}{
		{logOf(headExchangeHeader+"SMTP Receive Protocol Log", headReceiveFields), "", Options{}},
		{headReceiveRow, "no header: columns of the protocol log assumed", Options{}},
		{headReceiveRow, "", Options{Fields: []string{"date-time", "session-id", "remote-endpoint"}}},
		{headTrackingRow21, "no header: columns of Exchange 2007 tracking assumed", Options{}},
		{headTrackingRow21 + ",,,,,", "no header: columns of Exchange 2010 tracking assumed", Options{}},
		{headTrackingRow21 + ",,,,,,", "no header: columns of Exchange 2013 tracking assumed", Options{}},
		{headTrackingRow21 + ",,,,,,,,,", "no header: columns of Exchange 2016 tracking assumed", Options{}},
		{headW3cRow, "no header: columns named by their look", Options{}},
		{logOf(headW3cFields, headW3cRow), "", Options{}},
		{logOf(headW3cFields), "no row proves the service: read as that of SMTP", Options{}},
		{logOf(headW3cFields), "", Options{Format: IISW3C}},
		{headConnectRow, "no header: usual columns assumed", Options{}},
		{headAgentRow17, "no header: usual columns assumed", Options{}},
		{headTracking2000, "no header: usual columns assumed", Options{}},
		{headImsRow, "dates read as month/day/year", Options{}},
		{headImsRow, "", Options{DateOrder: DMY}},
		{"11/30" + headImsRow[4:], "", Options{}},
		{headMsiisRow, "", Options{}},
		{strings.Replace(headMsiisRow, "30", "3", 1), "dates read as month/day/year", Options{}},
		{headNcsaRow, "", Options{}},
		{"no log", "dates read as month/day/year", Options{Format: IMS}},
	} {
		if found := detect([]byte(test.log), &test.opt); found.Assumed != test.want {
			t.Errorf("%.60s: assumed %q, want %q", test.log, found.Assumed, test.want)
		}
	}
}

func TestDetectOrder(t *testing.T) {
	for log, want := range map[string]DateOrder{
		headImsRow:                   AnyOrder,
		"30.11.00" + headImsRow[7:]:  DMY,
		"2000/11/2" + headImsRow[7:]: YMD,
		headMsiisRow:                 MDY,
		strings.Replace(headMsiisRow, "11/30", "30/11", 1): DMY,
		headW3cRow: AnyOrder,
	} {
		if found := Detect([]byte(log)); found.Order != want {
			t.Errorf("%.40s: order %d, want %d", log, found.Order, want)
		}
	}
}

// The caller's word holds.
func TestDetectGiven(t *testing.T) {
	for _, format := range Formats() {
		for _, log := range []string{headReceiveRow, "prose", headW3cHTTPRow, "\x00\x01\x02\x03"} {
			if found := detect([]byte(log), &Options{Format: format}); found.Format != format || found.Service != "" {
				t.Errorf("%s: %q %q", format, found.Format, found.Service)
			}
		}
	}
	fields := Options{Fields: []string{"c-ip", "cs-method", "cs-uri-query", "sc-status"}}
	if found := detect([]byte("192.0.2.7 xxxx - 500"), &fields); found.Format != IISW3C {
		t.Errorf("by its columns: %q %q", found.Format, found.Service)
	}
}

// What lies behind the first lines has no say, so that detection does not hang
// on how much of the log has come in.
func TestDetectLooksAtTheBeginning(t *testing.T) {
	log := strings.Repeat(headReceiveRow+"\r\n", detectLines) + strings.Repeat(headTrackingRow21+"\r\n", 5*detectLines)
	if found := Detect([]byte(log)); found.Format != ExchangeReceive {
		t.Errorf("found %s", found.Format)
	}
}

// The head may end in the middle of a line.
func TestDetectCutAnywhere(t *testing.T) {
	log := logOf(headExchangeHeader+"SMTP Send Protocol Log", headReceiveFields, headSendRow, headSendRow)
	from := strings.Index(log, "Protocol Log") + len("Protocol Log")
	for n := from; n <= len(log); n++ {
		if found := Detect([]byte(log[:n])); found.Format != ExchangeSend {
			t.Fatalf("%d bytes: %q %q", n, found.Format, found.Service)
		}
	}
}

func TestDetectDoesNotTouchTheLog(t *testing.T) {
	for _, log := range []string{headMsiisRow, headImsRow, headTracking5, headOdbcRow, headTraceFields} {
		b := append([]byte(log+"\n"), headMsiisRow...)
		before := string(b)
		Detect(b)
		if string(b) != before {
			t.Errorf("%q became %q", before, b)
		}
	}
}

// sampleFormats says of the excerpts of real logs what they are.
var sampleFormats = map[string]string{
	"adjacent-transport/dfir-artefacts-agentlog-2016.log":             "agent",
	"adjacent-transport/kb-q112286-msmail-smtp-gateway-1993.log":      serviceMSMail,
	"adjacent-transport/kb2866822-connectivity-2013-submission.log":   "connectivity",
	"exchange-smtp-protocol/dfir-artefacts-2016-recv-auth-fail.log":   "exchange-receive",
	"exchange-smtp-protocol/elastic-smtprecive-double-backslash.log":  "exchange-receive",
	"exchange-smtp-protocol/graylog-2010-recv-auth-login-tarpit.log":  "exchange-receive",
	"exchange-smtp-protocol/graylog-2010-recv-ehlo-only-filtered.log": "exchange-receive",
	"exchange-smtp-protocol/kb4495258-send-cert-nocredentials.log":    "exchange-send",
	"exchange-smtp-protocol/tailspintoys-2010-recv-header.log":        "exchange-receive",
	"exchange-smtp-protocol/tstrueber-2019-recv-veeam-data.log":       "exchange-receive",
	"exo-message-trace/sekoia-messagetrace-reportingws.json":          serviceTraceJSON,
	"iis-ncsa-msiis-odbc/iis4-help-moc07_15-msiis.log":                "iis-msiis",
	"iis-ncsa-msiis-odbc/ossec-exchange2000-ncsa.log":                 "iis-ncsa",
	"iis-w3c-smtp/ossec-exchange2000-inbound.log":                     "iis-w3c",
	"iis-w3c-smtp/toddlichty-2017-outbound-421-yahoo.log":             "iis-w3c",
	"ims-imc/fortypoundhead-stripped-angle-brackets.log":              "ims",
	"ims-imc/kb-q195040-internet-news-service.log":                    serviceNews55,
	"ims-imc/kb-q228725-outbound-499-noarrows.log":                    "ims",
	"ims-imc/kb-q239816-499-percent-s.log":                            "ims",
	"ims-imc/kb-q262945-inbound-ntlm-ehlo-multiline.log":              "ims",
	"ims-imc/techtarget-rampat-2001-inbound-max.log":                  "ims",
	"tracking-2000-2003/pylogsparser-2003-1019-row.log":               "tracking-2000",
	"tracking-2007plus/dfir-artefacts-msgtrkms-2016.log":              "tracking",
	"tracking-2007plus/filestream-test-2010-notifymapi-bom.log":       "tracking",
	"tracking-2007plus/kinesis-agent-2013-agentinfo-haredirect.log":   "tracking",
	"tracking-2007plus/msqna-2016-agentinfo-etrp.log":                 "tracking",
	"tracking-2007plus/pylogsparser-2007-submit.log":                  "tracking",
	"tracking-2007plus/splunk-datagen-2007-deliver-receive.log":       "tracking",
	"tracking-4x-5x/kb-q153188-exchange40-folded.log":                 "tracking-5",
}

func TestDetectSamples(t *testing.T) {
	root := os.DirFS(filepath.Join("..", "..", "shared", "samples"))
	names, err := fs.Glob(root, "*/*")
	if err != nil || len(names) == 0 {
		t.Skip("no sample logs here")
	}
	for _, name := range names {
		log, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		found := Detect(log)
		if got := found.Format.String() + found.Service; got != sampleFormats[name] {
			t.Errorf("%s: %q, want %q", name, got, sampleFormats[name])
		}
	}
}

func FuzzDetect(f *testing.F) {
	for _, log := range []string{headReceiveRow, headSendRow, headReceiveFields, headTrackingRow21, headConnectRow, headAgentRow17, headW3cFields, headW3cRow,
		headMsiisRow, headNcsaRow, headOdbcFields, headOdbcRow, headTracking2000, headTracking5, headPsFields, headTraceFields, headImsRow, outlookLog,
		headExchangeHeader, headIisHeader, "C=;p=;l= ", " [aaa/aaa/aaaaaaaaaaaaaa] \"", "\x00\xff\n\n#,;\t"} {
		f.Add([]byte(log))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		before := string(head)
		found := Detect(head)
		if string(head) != before {
			t.Error("the head was changed")
		}
		if diff := cmp.Diff(found, Detect(head)); diff != "" {
			t.Error(diff)
		}
		if found.Service != "" && found.Format != FormatUnknown || found.Empty && (found.Service != "" || found.Format != FormatUnknown) {
			t.Errorf("it is several things: %+v", found)
		}
		for _, c := range found.Service {
			if c < ' ' || c > '~' {
				t.Errorf("service %q", found.Service)
			}
		}
		for _, format := range Formats() {
			if given := detect(head, &Options{Format: format}); given.Format != format && !given.Empty {
				t.Errorf("%s was asked for: %+v", format, given)
			}
		}
	})
}
