package ndr

import (
	"strings"

	"github.com/smtplog/smtplog/reply"
)

// readSendmail reads the list of addresses and the transcript that sendmail
// writes:
//
//	----- The following addresses had permanent fatal errors -----
//	<a@example.com>
//	    (reason: 550 5.1.1 <a@example.com>... User unknown)
//
//	----- Transcript of session follows -----
//	... while talking to mx.example.com.:
//	>>> RCPT To:<a@example.com>
//	<<< 550 5.1.1 <a@example.com>... User unknown
//	550 5.1.1 <a@example.com>... User unknown
//
// Up to version 5 there is only the transcript.
func readSendmail(m *message) []block {
	list, transcript := m.lines, []string(nil)
	for i, line := range m.lines {
		if strings.Contains(strings.ToLower(line), "transcript of session follows") {
			list, transcript = m.lines[:i], m.lines[i+1:]
			break
		}
	}
	blocks := scanBlocks(m, list, true)
	if len(blocks) == 0 {
		blocks = scanBlocks(m, list, false)
	}
	at := make(map[string]int, len(blocks))
	for i, b := range blocks {
		at[strings.ToLower(b.Address)] = i
	}
	listed := len(blocks) > 0
	var host, command string
	for _, line := range transcript {
		trimmed := strings.TrimSpace(line)
		if low := strings.ToLower(trimmed); strings.Contains(low, "while talking to ") {
			_, after, _ := strings.Cut(low, "while talking to ")
			host = strings.TrimRight(after, ".: ")
			continue
		}
		if after, ok := strings.CutPrefix(trimmed, ">>> "); ok {
			command = after
			continue
		}
		answer, isAnswer := strings.CutPrefix(trimmed, "<<< ")
		if _, coded := reply.ParseCode([]byte(answer)); !coded && !strings.Contains(answer, ": ") && !strings.Contains(answer, "... ") {
			continue
		}
		addr := ""
		if isAnswer {
			addr = firstAddress(command)
		}
		if addr == "" || m.own[strings.ToLower(addr)] {
			addr = firstAddress(answer)
		}
		i, known := at[strings.ToLower(addr)]
		switch {
		case known:
		case len(blocks) == 1 && listed:
			i = 0
		case addr != "" && !listed && len(blocks) < MaxRecipients:
			i = len(blocks)
			at[strings.ToLower(addr)] = i
			blocks = append(blocks, block{Recipient: Recipient{Address: addr}})
		default:
			continue
		}
		b := &blocks[i]
		if len(b.text) < maxText {
			b.text = strings.TrimSpace(b.text + "\n" + answer)
		}
		if b.RemoteMTA == "" && isAnswer {
			b.RemoteMTA = clip(host, 255)
		}
	}
	return blocks
}
