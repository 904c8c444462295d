package track

// A visit is what a message's events tell of their server.
type visit struct {
	server      string // short
	first       *Event // of transport that is no arrival
	arrived     bool
	transported bool // an event of transport is there
}

// visits are those of one message, used again for the next one.
type visits struct {
	list []visit
	many map[string]int // places in list, once there are more than fewKeys
}

func (l *visits) reset() {
	if len(l.list) > fewKeys {
		l.many = emptied(l.many)
	}
	if cap(l.list) > keptEvents {
		l.list = nil
	}
	l.list = l.list[:0]
}

// find returns the visit to a server, nil if there is none. It is good until
// the next one is added.
func (l *visits) find(server string) *visit {
	if len(l.list) > fewKeys {
		if i, ok := l.many[server]; ok {
			return &l.list[i]
		}
		return nil
	}
	for i := range l.list {
		if l.list[i].server == server {
			return &l.list[i]
		}
	}
	return nil
}

// at returns the visit to a server, a new one if there is none yet.
func (l *visits) at(server string) *visit {
	if v := l.find(server); v != nil {
		return v
	}
	n := len(l.list)
	l.list = append(l.list, visit{server: server})
	switch {
	case n > fewKeys:
		l.many[server] = n
	case n == fewKeys:
		if l.many == nil {
			l.many = map[string]int{}
		}
		for i := range l.list {
			l.many[l.list[i].server] = i
		}
	}
	return &l.list[n]
}
