package testlog

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/reply/outcome"
)

// Times inside a played log are microseconds since its start.
const (
	millisecond = 1000
	second      = 1000 * millisecond
)

// A host is a peer with its habits.
type host struct {
	number    int
	direction outcome.Direction
	address   string
	name      string
	domain    string
	flavour   int // how it words its replies, for peers that we connect to

	tempo    tempo
	ownTempo bool // each of its connections has a tempo of its own

	extended   bool // EHLO, else HELO
	size       bool // SIZE= in MAIL
	blank      bool // "FROM: <", as some programs write
	pipelining bool
	chunking   bool
	tls        bool
	user       string
	login      bool    // AUTH succeeds
	fixup      bool    // a firewall turns its EHLO into "xxxx"
	senders    int     // how many senders it has
	recipients float64 // mean number of recipients beyond the first
	messages   float64 // mean number of messages beyond the first
	reset      float64 // chance of RSET between messages
	idStyle    int     // where the Message-ID's domain comes from
	failing    bool    // connections to it fail
}

// A tempo is the pace of one client.
type tempo struct {
	think     float64 // median time before a command, µs
	spread    float64 // σ of its logarithm
	greet     float64 // median time before the first command, µs
	bandwidth float64 // bytes per µs
	roundTrip float64 // µs, to a peer that we connect to
	react     float64 // median time our own server takes for its next command, µs
}

func newHost(number int, opt *Options) *host {
	rng := newRand(opt.Seed, 1, uint64(number))
	h := &host{
		number:  number,
		address: address(number),
		domain:  domains[rng.IntN(len(domains))],
		flavour: rng.IntN(flavours),
	}
	h.name = fmt.Sprintf("mx%d.%s", number, h.domain)
	h.direction = outcome.Inbound
	if rng.Float64() < opt.Outbound {
		h.direction = outcome.Outbound
	}
	h.tempo = newTempo(rng, opt.Pace)
	h.ownTempo = rng.Float64() < 0.4 && h.direction == outcome.Inbound // we are but one client
	// Nearly every server that we connect to knows EHLO and SIZE; of the clients
	// fewer use them.
	extended, size := 0.7, 0.6
	if h.direction == outcome.Outbound {
		extended, size = 0.9, 0.9
	}
	h.extended = rng.Float64() < extended
	h.size = h.extended && rng.Float64() < size
	h.blank = rng.Float64() < 0.15
	h.pipelining = h.extended && rng.Float64() < 0.4
	h.chunking = h.extended && rng.Float64() < 0.15
	h.tls = h.extended && rng.Float64() < 0.2
	if h.extended && rng.Float64() < 0.15 {
		h.user = fmt.Sprintf("user%d@%s", number, h.domain)
		h.login = rng.Float64() < 0.8
	}
	h.fixup = h.direction == outcome.Inbound && rng.Float64() < 0.06
	h.senders = 1 + int(rng.ExpFloat64()*4)
	switch x := rng.Float64(); {
	case x < 0.6:
		h.recipients = 0.1
	case x < 0.93:
		h.recipients = 2
	default:
		h.recipients = 8
	}
	if h.recipients < 8 && rng.Float64() < 0.35 {
		h.messages = 2
	} else {
		h.messages = 0.1
	}
	if rng.Float64() < 0.4 {
		h.reset = rng.Float64()
	}
	h.idStyle = rng.IntN(3)
	h.failing = opt.Format == logparse.ExchangeSend && rng.Float64() < 0.05
	return h
}

// usualPaces are the paces as often as they occur.
var usualPaces = [...]Pace{Burst, Burst, Burst, Burst, Near, Near, Near, Near, Far, Far, Far, Far, Far, Slow, Slow, Human, Even, Even}

func newTempo(rng *rand.Rand, pace Pace) tempo {
	if pace == AnyPace {
		pace = usualPaces[rng.IntN(len(usualPaces))]
	}
	t := tempo{
		greet:     logUniform(rng, 5*millisecond, 800*millisecond),
		bandwidth: logUniform(rng, 0.02, 20),
		roundTrip: logUniform(rng, 2*millisecond, 600*millisecond),
		react:     logUniform(rng, 0.1*millisecond, 15*millisecond),
	}
	switch pace {
	case Burst:
		t.think, t.spread, t.bandwidth = logUniform(rng, 0.1*millisecond, 3*millisecond), 0.5, 20
	case Near:
		t.think, t.spread = logUniform(rng, 3*millisecond, 40*millisecond), 0.6
	case Far:
		t.think, t.spread = logUniform(rng, 40*millisecond, 500*millisecond), 0.4
	case Slow:
		t.think, t.spread = logUniform(rng, 500*millisecond, 5*second), 0.6
	case Human:
		t.think, t.spread = logUniform(rng, 3*second, 25*second), 0.7
	case Even:
		t.think, t.spread = logUniform(rng, 30*millisecond, 3*second), 0
	}
	return t
}

// heloName returns the name that the host gives on its lane-th connection.
func (h *host) heloName(lane int, same bool) string {
	if same || lane == 0 {
		return h.name
	}
	return fmt.Sprintf("out%d.%s", lane, h.name)
}

// address returns a documentation address while there are any, then one of
// 10.0.0.0/8.
func address(n int) string {
	nets := [...]string{"192.0.2", "198.51.100", "203.0.113"}
	if n < len(nets)*250 {
		return fmt.Sprintf("%s.%d", nets[n/250], 1+n%250)
	}
	n -= len(nets) * 250
	return fmt.Sprintf("10.%d.%d.%d", n>>16&0xff, n>>8&0xff, n&0xff)
}

var domains = [...]string{
	"example.com", "example.net", "example.org", "mail.example.com", "lists.example.net", "a.example", "b.example",
	"shop.example.org", "x--1.example", "a-rather-long-name.departments.example.net",
}

// newRand returns the generator of random numbers for one purpose.
func newRand(seed, purpose, number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed*0x9e3779b97f4a7c15+purpose, number))
}

// logUniform returns a number between lo and hi whose logarithm is uniform.
func logUniform(rng *rand.Rand, lo, hi float64) float64 {
	return lo * math.Pow(hi/lo, rng.Float64())
}

// around returns a time that is median on the median, spread its logarithm's σ.
func around(rng *rand.Rand, median, spread float64) int64 {
	if spread == 0 {
		return int64(median)
	}
	return int64(median * math.Exp(spread*rng.NormFloat64()))
}
