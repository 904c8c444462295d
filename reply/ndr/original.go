package ndr

import (
	"net/mail"
	"strings"
)

// originalMarks begin, in lower case, the line after which a text quotes the
// original message, or its header.
var originalMarks = []string{
	"--- below this line is a copy", "--- enclosed is a copy", "--- original message follows",
	"--- this is a copy of", "--- the header of the original", "--- original message",
	"--- unsent message", "--- returned message", "--- message header", "--- original mail info",
	"--- forwarded message", "--- message text follows", "--- header from message",
	"original message headers:", "original message follows", "original message header",
	"below is a copy of the original", "included is a copy of the message header",
	"message headers follow", "a copy of your message", "the first 50 lines of the original",
	// Exchange in other languages.
	"ursprüngliche nachrichtenkopfzeilen", "kopfzeilen der ursprünglichen nachricht",
	"en-têtes de message d'origine", "en-têtes du message d'origine", "en-têtes du message original",
	"intestazioni messaggio originale", "intestazioni del messaggio originale",
	"encabezados de mensaje originales", "encabezados originales del mensaje", "encabezados del mensaje original",
	"oorspronkelijke berichtkoppen", "berichtkoppen van het oorspronkelijke bericht", "oorspronkelijke berichtkopteksten",
	"cabeçalhos de mensagem originais", "cabeçalhos originais da mensagem", "cabeçalhos da mensagem original",
	"ursprungliga meddelanderubriker", "oprindelige brevhoveder", "oprindelige meddelelseshoveder",
	"opprinnelige meldingshoder", "alkuperäiset viestin otsikot", "oryginalne nagłówki wiadomości",
	"původní záhlaví zprávy", "az üzenet eredeti fejlécei", "исходные заголовки сообщения",
	"özgün ileti üst bilgileri", "元のメッセージ ヘッダー", "元のメッセージヘッダー", "原始邮件头", "原始郵件標頭", "원본 메시지 머리글",
}

// mailFields are the fields that tell the header of a message from other
// lines with colons.
const mailFields = " received return-path message-id from to subject date mime-version content-type delivered-to dkim-signature reply-to "

// splitOriginal cuts the text where it begins to quote the original message:
// at a line that says so, or where the fields of a message header stand.
func splitOriginal(lines []string) (human, original []string) {
	for i, line := range lines {
		low := strings.ToLower(strings.TrimSpace(line))
		if low == "" {
			continue
		}
		dashed := low
		if n := strings.IndexFunc(low, func(r rune) bool { return r != '-' && r != ' ' }); n > 2 && low[0] == '-' {
			dashed = "--- " + low[n:]
		}
		for _, mark := range originalMarks {
			if strings.HasPrefix(low, mark) || strings.HasPrefix(dashed, mark) {
				return lines[:i], headerAfter(lines[i+1:])
			}
		}
		if line[0] != ' ' && line[0] != '\t' && headerBegins(lines[i:]) {
			return lines[:i], lines[i:]
		}
	}
	return lines, nil
}

// headerAfter skips what stands between such a line and the header.
func headerAfter(lines []string) []string {
	for i, line := range lines {
		if i == 20 {
			break
		}
		if fieldName([]byte(strings.TrimRight(line, " \t"))) > 0 {
			return lines[i:]
		}
	}
	return lines
}

// headerBegins tells whether the header of a message begins here: three fields
// of a message header with nothing else between, one of them of the kind that
// is not quoted for people.
func headerBegins(lines []string) bool {
	if n := fieldName([]byte(lines[0])); n == 0 || !mailField(lines[0][:n]) {
		return false
	}
	known, sure := 0, false
	for i, line := range lines {
		if i == 40 || strings.TrimSpace(line) == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		n := fieldName([]byte(line))
		if n == 0 {
			break
		}
		name := strings.ToLower(strings.TrimRight(line[:n], " "))
		if name == "final-recipient" || name == "reporting-mta" || name == "diagnostic-code" {
			return false
		}
		if mailField(name) {
			known++
			sure = sure || name == "received" || name == "return-path" || name == "message-id" || name == "mime-version"
		}
	}
	return known >= 4 || known >= 2 && sure
}

func mailField(name string) bool {
	return strings.Contains(mailFields, " "+strings.ToLower(strings.TrimRight(name, " "))+" ")
}

// readOriginal fills in what is known of the message that the report is about.
func (r *Report) readOriginal(m *message) {
	h := m.original
	if id := h.get("message-id"); id != "" {
		r.MessageID = id
	}
	if r.MessageID == "" {
		// Exchange refers to the message that bounced.
		r.MessageID = m.header.get("in-reply-to")
	}
	if r.MessageID == "" {
		if refs := strings.Fields(m.header.get("references")); len(refs) > 0 {
			r.MessageID = refs[len(refs)-1]
		}
	}
	r.MessageID = messageID(r.MessageID)
	r.NetworkMessageID = h.get("x-ms-exchange-organization-network-message-id")
	if r.NetworkMessageID == "" {
		r.NetworkMessageID = h.get("x-ms-exchange-crosstenant-network-message-id")
	}
	r.Subject = decodeWords(h.get("subject"))
	r.From = firstAddress(h.get("from"))
	r.To = decodeWords(h.get("to"))
	for _, line := range m.lines {
		// Exchange and Domino tell the subject in the text.
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if r.Subject == "" && ok && subjectLabels[strings.ToLower(strings.TrimSpace(name))] {
			r.Subject = strings.Trim(strings.TrimSpace(value), "'")
		}
	}
	if r.Subject == "" {
		r.Subject = withoutBouncePrefix(m.subject)
	}
	if r.Arrived.IsZero() {
		r.Arrived = dateOf(h.get("date"))
	}
	r.Date = dateOf(m.header.get("date"))
	if r.EnvelopeID == "" {
		r.EnvelopeID = h.get("x-envelope-id")
	}
}

// messageID returns the id with its angle brackets, "" for what is none.
func messageID(s string) string {
	s = strings.TrimSpace(s)
	if start := strings.IndexByte(s, '<'); start >= 0 {
		if end := strings.IndexByte(s[start:], '>'); end > 1 {
			return s[start : start+end+1]
		}
		return ""
	}
	if s == "" || strings.ContainsAny(s, " \t") {
		return ""
	}
	return "<" + s + ">"
}

var subjectLabels = map[string]bool{
	"subject": true, "betreff": true, "objet": true, "oggetto": true, "asunto": true, "onderwerp": true,
	"assunto": true, "ämne": true, "emne": true, "aihe": true, "temat": true, "předmět": true, "tárgy": true,
	"тема": true, "konu": true, "件名": true, "主题": true, "主旨": true, "제목": true,
}

// recipientsOfOriginal returns the addresses that the original was written to.
func (m *message) recipientsOfOriginal() []string {
	var all []string
	for _, f := range m.original {
		switch f.name {
		case "to", "cc", "x-original-to", "envelope-to", "x-envelope-to":
			if list, err := mail.ParseAddressList(f.value); err == nil {
				for _, a := range list {
					all = append(all, a.Address)
				}
				continue
			}
			all = append(all, addresses(f.value, 100)...)
		}
		if len(all) > MaxRecipients {
			break
		}
	}
	return all
}
