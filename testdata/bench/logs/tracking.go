package logs

import (
	"bufio"
	"container/heap"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

const trackingHeader = "#Software: Microsoft Exchange Server\r\n#Version: 15.01.2507.027\r\n#Log-type: Message Tracking Log\r\n" +
	"#Date: 2026-03-02T08:00:00.000Z\r\n#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context," +
	"connector-id,source,event-id,internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes," +
	"recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality," +
	"tenant-id,original-client-ip,original-server-ip,custom-data,transport-traffic-type,log-id,schema-version\r\n"

// meanLife is about how long a message stays open, nearly all of it for the few
// that are put off.
const meanLife = 10 * time.Second

// The events of a mail that comes in, goes out, is put off, is refused, and of
// a bounce.
var trackedStories = [...][]string{
	{"RECEIVE", "AGENTINFO", "DELIVER", "SEND"},
	{"RECEIVE", "AGENTINFO", "SENDEXTERNAL"},
	{"RECEIVE", "AGENTINFO", "DEFER", "SENDEXTERNAL"},
	{"RECEIVE", "AGENTINFO", "FAIL"},
	{"DSN", "DELIVER", "SEND"},
}

const (
	storyIn = iota
	storyOut
	storyPutOff
	storyRefused
	storyBounce
)

// trackedSubjects are subjects with and without what CSV has to quote.
var trackedSubjects = [...]string{"Minutes of Monday", "Re: offer %d", `"Lunch, tea; and a walk?"`, "Order %d", `"He said ""yes"""`, "", `"AW: Angebot %d, überarbeitet"`}

// A tracked is a message that is under way on the server.
type tracked struct {
	number     int64
	story      int
	step       int // of its events, the next
	at         time.Time
	begun      time.Time
	from, to   string // to: separated by semicolons
	recipients int
	subject    string
	bytes      int
	peer       int    // the host outside
	about      string // the Message-ID of the bounce, or of what it is about
}

// writeTracking writes what one mailbox server tracks, the hub and the delivery
// to mailboxes in one log.
func writeTracking(w io.Writer, size int64, open int) (*Truth, error) {
	out := &counter{w: w}
	h := &hub{out: bufio.NewWriterSize(out, 64<<10), rng: rand.New(rand.NewPCG(7, 2016)),
		truth: Truth{Recipients: map[string]int64{}}}
	h.out.WriteString(trackingHeader)
	next := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for {
		filled := out.n+int64(h.out.Buffered()) >= size
		if filled && len(h.open) == 0 {
			return &h.truth, h.out.Flush()
		}
		if !filled && (len(h.open) == 0 || next.Before(h.open[0].at)) {
			heap.Push(&h.open, h.begin(next))
			next = next.Add(time.Duration(h.rng.Int64N(int64(2*meanLife) / int64(open))))
			continue
		}
		h.proceed()
	}
}

// A hub plays messages; bufio.Writer keeps its first error until Flush.
type hub struct {
	out   *bufio.Writer
	rng   *rand.Rand
	open  underWay
	row   []byte
	truth Truth
}

func (h *hub) begin(at time.Time) *tracked {
	m := h.message(at)
	peer := fmt.Sprintf("site%d.example.org", m.peer)
	inside := func() string { return fmt.Sprintf("user%d@example.com", h.rng.IntN(3000)) }
	outside := func() string { return fmt.Sprintf("friend%d@%s", h.rng.IntN(500), peer) }
	switch n := h.rng.IntN(100); {
	case n < 55:
		m.story = storyIn
	case n < 92:
		m.story = storyOut
	case n < 95:
		m.story = storyPutOff
	default:
		m.story = storyRefused
	}
	from, to := inside, outside
	if m.story == storyIn {
		from, to = outside, inside
	}
	m.from = from()
	addresses := []string{to()}
	for h.rng.IntN(5) == 0 {
		// Distinct, so that they can be counted.
		addresses = append(addresses, strconv.Itoa(len(addresses))+"."+to())
	}
	m.recipients, m.to = len(addresses), strings.Join(addresses, ";")
	m.subject = trackedSubjects[h.rng.IntN(len(trackedSubjects))]
	if strings.Contains(m.subject, "%d") {
		m.subject = fmt.Sprintf(m.subject, m.number)
	}
	return m
}

// message returns one more message.
func (h *hub) message(at time.Time) *tracked {
	h.truth.Messages++
	return &tracked{number: h.truth.Messages, at: at, begun: at, bytes: 900 + h.rng.IntN(400_000), peer: h.rng.IntN(250)}
}

func (m *tracked) id() string {
	switch m.story {
	case storyIn:
		return fmt.Sprintf("<%08x.%d@mx.site%d.example.org>", uint32(m.number*2654435761), m.number, m.peer)
	case storyBounce:
		return fmt.Sprintf("<dsn%08x.%d@ex1.example.com>", uint32(m.number*2654435761), m.number)
	}
	return fmt.Sprintf("<%08x.%d@ex1.example.com>", uint32(m.number*2654435761), m.number)
}

// proceed writes the row that is due and says when the message's next one is.
func (h *hub) proceed() {
	m := h.open[0]
	event := trackedStories[m.story][m.step]
	if event == "FAIL" {
		bounce := h.message(m.at.Add(20 * time.Millisecond))
		bounce.story, bounce.recipients, bounce.to = storyBounce, 1, m.from
		bounce.from, bounce.subject = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.com", `"Undeliverable: mail, returned"`
		m.about, bounce.about = bounce.id(), m.id()
		heap.Push(&h.open, bounce)
	}
	h.write(m, event)
	switch event {
	case "DELIVER", "SENDEXTERNAL":
		h.truth.Recipients["delivered"] += int64(m.recipients)
	case "FAIL":
		h.truth.Recipients["failed"] += int64(m.recipients)
	}
	if m.step++; m.step == len(trackedStories[m.story]) {
		heap.Pop(&h.open)
		return
	}
	wait := time.Duration(10+h.rng.IntN(60)) * time.Millisecond
	switch {
	case event == "DEFER":
		wait = 5 * time.Minute
	case m.step == 2:
		wait += time.Duration(h.rng.ExpFloat64() * float64(time.Second/2))
	}
	m.at = m.at.Add(wait)
	heap.Fix(&h.open, 0)
}

func (h *hub) write(m *tracked, event string) {
	const layout = "2006-01-02T15:04:05.000Z"
	const ex1, domain = "10.1.0.21", ";S:DeliveryPriority=Normal;S:AccountForest=example.com"
	at, session := m.at.Format(layout), fmt.Sprintf("08DE5A2%09X", m.number)
	peer, peerAddress := fmt.Sprintf("mx.site%d.example.org", m.peer), fmt.Sprintf("203.0.113.%d", 1+m.peer)
	direction := "Originating"
	if m.story == storyIn {
		direction = "Incoming"
	}
	status := func(s string) string { return strings.TrimSuffix(strings.Repeat(s+";", m.recipients), ";") }
	var ends, connector, source, statuses, info, origin, custom string // ends: from client-ip to source-context
	source = "SMTP"
	latency := func() string {
		return fmt.Sprintf("%s;LSRV=EX1.example.com:TOTAL-DEL=%.3f|SMD=0.020(SMDAA=0.002)|QDM=0.003", m.begun.Format(layout), m.at.Sub(m.begun).Seconds())
	}
	switch event {
	case "RECEIVE":
		client, address := "EX1.example.com", ex1
		info = "0cI: "
		if m.story == storyIn {
			client, address, info = "FE1.example.com", "10.1.0.11", "00A: NTS:"
			custom = "S:ProxiedClientIPAddress=" + peerAddress + ";S:ProxiedClientHostname=" + peer + ";"
		}
		ends = address + "," + client + "," + ex1 + ",EX1," + session + ";" + at + ";1"
		connector, origin = `EX1\Default EX1`, ex1+","
		if m.story == storyIn {
			origin = peerAddress + ",10.1.0.11"
		}
		custom += "S:FirstForestHop=EX1.example.com" + domain
	case "AGENTINFO":
		ends, source, origin = ",EX1,,,", "AGENT", ex1+","+ex1
		custom = fmt.Sprintf(`"S:AMA=SUM|v=0|action=|error=|atch=%d;S:TRA=ETRP|ruleId=1ee2625b-86a0-41bd-8370-6ba029a02879|ExecW=4|ExecC=0|Conditions=GTOEP,M.MAS,1;S:CompCost=|ETR=0%s"`, m.number%3, domain)
	case "DELIVER":
		ends = ex1 + ",EX1," + ex1 + ",EX1," + session + ";" + at + ";ClientSubmitTime:" + m.begun.Format(layout)
		source, info, custom = "STOREDRIVER", latency(), "S:MailboxDatabaseGuid=0d4c1f6e-2b7a-4e55-9f10-6a3b8c7d9e21"+domain
	case "SEND":
		ends = ex1 + ",EX1," + ex1 + ",EX1.example.com," + session + ";250 2.0.0 OK " + m.id() + " [Hostname=EX1.example.com];ClientSubmitTime:" + m.begun.Format(layout)
		connector, statuses, info, custom = "Mailbox Transport Delivery", status("250 2.1.5 Recipient OK"), latency(), "S:DeliveryPriority=Normal;S:AccountForest=example.com"
	case "SENDEXTERNAL":
		ends = ex1 + ",EX1," + peerAddress + "," + peer + "," + session + ";250 2.0.0 Ok: queued as " + session[8:] + ";ClientSubmitTime:" + m.begun.Format(layout)
		connector, statuses, info, custom = "Outbound to Internet", status("250 2.1.5 Recipient OK"), latency(), "S:DeliveryPriority=Normal;S:AccountForest=example.com"
	case "DEFER", "FAIL":
		ends = ex1 + ",EX1," + peerAddress + "," + peer + "," + session
		connector, statuses = "Outbound to Internet", status("550 5.1.1 User unknown")
		if event == "DEFER" {
			statuses = `"` + status("451 4.7.1 Greylisted, try again in 300 seconds") + `"`
		}
	case "DSN":
		ends, source = ",,,EX1,", "DSN"
	}
	if origin == "" {
		origin = ","
	}
	about := m.about
	if event != "FAIL" && event != "DSN" {
		about = ""
	}
	back := m.from
	if m.story == storyBounce {
		back = "<>"
	}
	h.row = fmt.Appendf(h.row[:0], "%s,%s,%s,%s,%s,%d,%s,%08x-5a2b-4c3d-8e4f-%012x,%s,%s,%d,%d,,%s,%s,%s,%s,%s,%s,,%s,%s,Email,%08x-01a1-4000-8000-%012x,15.01.2507.027\r\n",
		at, ends, connector, source, event, 237180978987000+3*m.number, m.id(), uint32(m.number*2246822519), m.number, m.to, statuses,
		m.bytes, m.recipients, about, m.subject, m.from, back, info, direction, origin, custom, uint32(m.at.UnixMilli()), m.number)
	h.out.Write(h.row)
	h.truth.Records++
}

// underWay is a heap by the time of the next row, then by number.
type underWay []*tracked

func (u underWay) Len() int { return len(u) }
func (u underWay) Less(i, j int) bool {
	if c := u[i].at.Compare(u[j].at); c != 0 {
		return c < 0
	}
	return u[i].number < u[j].number
}
func (u underWay) Swap(i, j int) { u[i], u[j] = u[j], u[i] }
func (u *underWay) Push(x any)   { *u = append(*u, x.(*tracked)) }
func (u *underWay) Pop() any {
	old := *u
	m := old[len(old)-1]
	*u = old[:len(old)-1]
	return m
}
