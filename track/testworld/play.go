package testworld

import (
	"math/rand/v2"
	"slices"
	"time"
)

// A player plays the world and collects its logs.
type player struct {
	opt      Options
	rng      *rand.Rand
	servers  map[string]*server
	homes    map[string]*server // of addresses inside
	inOrder  []*server
	folders  []*logFolder
	byFolder map[string]*logFolder
	mails    []*mail
	sessions []*Session
	ims      []*imsLog
	cloud    []*cloudMail
	story    Story
}

// A mail is a message while it is played.
type mail struct {
	Message
	recipients []*Recipient
	events     []*Event
	hops       []*hop
	submitted  time.Time // when it was written
	incoming   bool      // the first Exchange server took it from outside
	origin     string    // address of the client that it came from
}

type hop struct {
	Hop
	number   int
	events   []*Event
	sessions []int
}

// A leg is a mail, or a fork of it, on a server.
type leg struct {
	m  *mail
	s  *server
	h  *hop
	id int64
	to []string
}

func play(opt Options) *World {
	p := &player{opt: opt, rng: rand.New(rand.NewPCG(opt.Seed, 0x7e57)),
		servers: make(map[string]*server), homes: make(map[string]*server), byFolder: make(map[string]*logFolder)}
	p.inOrder = newServers(&opt)
	for _, s := range p.inOrder {
		p.servers[s.Name] = s
	}
	for i := range opt.Messages {
		step := opt.Span / time.Duration(opt.Messages)
		at := opt.Start.Add(time.Duration(i) * step).Add(time.Duration(p.rng.Int64N(int64(step) + 1))).Truncate(time.Millisecond)
		p.story = opt.Only[i%len(opt.Only)]
		p.tell(at)
	}
	return p.world()
}

// newMail begins a message.
func (p *player) newMail(at time.Time, from, messageID string, to ...string) *mail {
	m := &mail{submitted: at}
	m.Message = Message{Number: len(p.mails), Story: p.story, MessageID: messageID, Sender: from, ReturnPath: from,
		Subject: p.subject(), Bytes: 900 + p.rng.Int64N(400_000), DSNOf: -1, Related: -1}
	for _, a := range to {
		m.add(a)
	}
	p.mails = append(p.mails, m)
	return m
}

// add adds a recipient, whom somebody or a group before leads to.
func (m *mail) add(address string, via ...string) *Recipient {
	if r := m.find(address); r != nil {
		return r
	}
	r := &Recipient{Address: address, Status: Pending, Via: via}
	m.recipients = append(m.recipients, r)
	return r
}

func (m *mail) find(address string) *Recipient {
	for _, r := range m.recipients {
		if r.Address == address {
			return r
		}
	}
	return nil
}

// to returns the addresses of the recipients.
func (m *mail) to() []string {
	var list []string
	for _, r := range m.recipients {
		list = append(list, r.Address)
	}
	return list
}

// arrive puts the mail onto a server. from is where it comes from, nil for the
// outside and for mailboxes of the server itself.
func (p *player) arrive(m *mail, s *server, from *leg, to []string) *leg {
	h := &hop{number: len(m.hops), Hop: Hop{Server: s.Name, From: -1}}
	if from != nil {
		h.From = from.h.number
	}
	m.hops = append(m.hops, h)
	l := &leg{m: m, s: s, h: h, to: to}
	if s.exchange() || s.Version == Online {
		l.id = s.internalID()
		h.InternalIDs = append(h.InternalIDs, l.id)
	}
	if m.NetworkID == "" && (s.modern() || s.Version == Online) {
		m.NetworkID = p.guid()
	}
	return l
}

// fork makes a copy of the mail on the same server.
func (l *leg) fork(to []string) *leg {
	f := *l
	f.id = l.s.internalID()
	f.to = to
	l.h.InternalIDs = append(l.h.InternalIDs, f.id)
	return &f
}

// settle gives recipients their verdict, which the event tells.
func (m *mail) settle(e *Event, status Status, reply string, to ...string) {
	code, enhanced := splitReply(reply)
	for _, a := range to {
		r := m.find(a)
		r.Status, r.At, r.Server, r.verdict = status, e.Time, e.Server, e
		r.Code, r.Enhanced, r.Text = code, enhanced, reply
	}
}

// ms returns a time between lo and hi milliseconds.
func (p *player) ms(lo, hi int) time.Duration {
	return time.Duration(lo+p.rng.IntN(hi-lo+1)) * time.Millisecond
}

// folder returns the log of a server, made by the function when it is new.
func (p *player) folder(server, folder, prefix string, make func(*logFolder)) *logFolder {
	key := server + "/" + folder + "/" + prefix
	l := p.byFolder[key]
	if l == nil {
		l = &logFolder{server: server, folder: folder, prefix: prefix}
		make(l)
		p.byFolder[key] = l
		p.folders = append(p.folders, l)
	}
	return l
}

// world writes the logs and tells the truth.
func (p *player) world() *World {
	w := &World{}
	p.writeCloud()
	p.writeIMS()
	for _, l := range p.folders {
		w.Files = append(w.Files, l.files()...)
	}
	slices.SortFunc(w.Files, func(a, b File) int {
		if a.Path < b.Path {
			return -1
		}
		return 1
	})
	lost := make(map[string]bool)
	if p.opt.Lose != nil {
		w.Files = slices.DeleteFunc(w.Files, func(f File) bool {
			if p.opt.Lose(f.Path) {
				w.Lost = append(w.Lost, f)
				lost[f.Path] = true
			}
			return lost[f.Path]
		})
	}
	for _, s := range p.inOrder {
		w.Servers = append(w.Servers, s.Server)
	}
	for _, s := range p.sessions {
		s.finish(lost)
		w.Sessions = append(w.Sessions, *s)
		for _, n := range s.Messages {
			p.mails[n].Message.Sessions = append(p.mails[n].Message.Sessions, s.Number)
		}
	}
	for _, m := range p.mails {
		m.finish(lost)
		w.Messages = append(w.Messages, m.Message)
	}
	return w
}
