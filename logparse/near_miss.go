package logparse

import "strings"

// Logs of other services that look like one of SMTP, in the words of messages.
const (
	serviceHTTP        = "HTTP (IIS W3C)"
	serviceFTP         = "FTP (IIS W3C)"
	serviceNNTP        = "NNTP (IIS W3C)"
	serviceHTTPErr     = "HTTP errors (HTTP.sys)"
	serviceHTTPMSIIS   = "HTTP (IIS log file format)"
	serviceFTPMSIIS    = "FTP (IIS log file format)"
	serviceNNTPMSIIS   = "NNTP (IIS log file format)"
	serviceHTTPNCSA    = "HTTP (NCSA common)"
	serviceFTPNCSA     = "FTP (NCSA common)"
	serviceNews55      = "NNTP (Exchange 5.5 Internet News Service)"
	servicePOP355      = "POP3 (Exchange 5.5)"
	serviceIMAP455     = "IMAP4 (Exchange 5.5)"
	serviceMSMail      = "Microsoft Mail gateway to SMTP, whose log has no dates"
	servicePOP3Client  = "POP3 (mail client)"
	serviceIMAPClient  = "IMAP (mail client)"
	serviceNNTPClient  = "NNTP (mail client)"
	serviceHTTPClient  = "HTTP (mail client)"
	servicePOPIMAP     = "POP3 or IMAP4 (Exchange)"
	serviceExchangeWeb = "HTTP (Exchange HttpProxy, EWS or another web service)"
	serviceDHCP        = "Windows DHCP server"
	serviceFirewall    = "Windows Firewall"
	serviceTraceJSON   = "message trace as JSON (reporting web service); its CSV exports are read"
	serviceMail        = "a mail message (smtplog ndr reads bounces)"
)

// exchangeService names the log of Exchange 2007 and later that has the given
// "#Log-type", in lower case.
func exchangeService(logType string) string {
	for _, s := range []struct{ word, name string }{
		{"pop3", "POP3 (Exchange)"},
		{"imap4", "IMAP4 (Exchange)"},
		{"http proxy", "HttpProxy (Exchange)"},
		{"httpproxy", "HttpProxy (Exchange)"},
		{"autodiscover", "Autodiscover (Exchange)"},
		{"ews", "EWS (Exchange)"},
		{"ecp", "ECP (Exchange)"},
		{"mapi", "MAPI over HTTP (Exchange)"},
		{"oab", "OAB (Exchange)"},
		{"owa", "OWA (Exchange)"},
		{"rpc client access", "RPC Client Access (Exchange)"},
		{"address book", "Address Book (Exchange)"},
	} {
		if strings.Contains(logType, s.word) {
			return s.name
		}
	}
	return logType + " (Exchange)"
}

// serviceOfNames names the service whose log has these columns, "" for one
// that is not known. Names are in lower case.
func serviceOfNames(has func(...string) bool) string {
	switch {
	case has("sessionid", "seqnumber", "sip", "cip"):
		return servicePOPIMAP
	case has("requestid", "majorversion") || has("requestid", "urlstem"):
		return serviceExchangeWeb
	case has("src-ip", "dst-ip"):
		return serviceFirewall
	case has("s-siteid", "s-reason"):
		return serviceHTTPErr
	case has("id", "date", "time", "description", "ip address"):
		return serviceDHCP
	}
	return ""
}

// json lets a JSON object vote: the reporting web service of Exchange Online
// gives message traces in that form.
func (e *evidence) json(line []byte) bool {
	if line[0] != '{' && line[0] != '[' {
		return false
	}
	line = line[:min(len(line), 64<<10)]
	if contains(line, "MessageTrace") && contains(line, `"`) {
		e.voteService(serviceTraceJSON, headerWeight)
		return true
	}
	return false
}

// mailField counts the header fields of a mail message (RFC 5322 section 3.6).
func (e *evidence) mailField(line []byte) bool {
	for _, name := range []string{"RECEIVED:", "RETURN-PATH:", "DELIVERED-TO:", "FROM:", "TO:", "SUBJECT:", "DATE:",
		"MESSAGE-ID:", "MIME-VERSION:", "CONTENT-TYPE:", "DKIM-SIGNATURE:", "REPLY-TO:", "X-MAILER:", "IN-REPLY-TO:",
		"AUTHENTICATION-RESULTS:", "ARC-SEAL:"} {
		if hasPrefixFold(line, name) {
			e.mail++
			return true
		}
	}
	return false
}
