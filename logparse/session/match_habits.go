package session

import "math"

// Habits are what the connections of one cluster have in common under a
// hypothesis: the client that opens them does the same thing again and again.
type habits struct {
	verbs   [stages][matchVerbs]uint8 // how often each command followed
	total   [stages]uint16
	piped   [2][2]uint8 // how often RCPT and DATA were sent before the last reply came, and how often not
	paces   shares      // how many of the connections before had each pace, 0 if there were none
	recents [recencies]float32
	prompts [len(promptPrior)]uint8 // how many rows came between a reply and our next command
	turns   [2]uint8                // how often replies came in the order of the commands, and how often not
	shapes  [16]shapeCount          // wordings of the peer's replies
	shaped  [matchVerbs + 1]uint16  // the sum of their n, by verb
	rates   [transferRates]float32  // how likely each rate of transfer is, once one was seen

	arrivals [2]arrival // from which the rates are still to be learnt
	arrived  uint8
}

// A shapeCount is how often a wording answered a command.
type shapeCount struct {
	shape uint32
	verb  matchVerb
	n     uint8
}

type shares [paces]float32

const (
	verbPrior  = 3.0 // how many observations the general likelihoods count for
	pipePrior  = 1.0
	shapePrior = 0.5
	pacePrior  = 1.5
	maxCounted = 250 // observations, after which the older half is forgotten
)

// logVerb returns the logarithm of how likely the row's command is in a stage,
// of which the likelihood is p where nothing is known about the client. What is
// odd does not become usual by being seen: it was more likely misplaced.
func (h *habits) logVerb(s stage, v matchVerb, p float64) float64 {
	if p < 0.01 {
		return logOf(p)
	}
	return logOf((verbPrior*p + float64(h.verbs[s][v])) / (verbPrior + float64(h.total[s])))
}

// learn counts a command.
func (h *habits) learn(s stage, v matchVerb) {
	if h.verbs[s][v] == maxCounted {
		h.total[s] = 0
		for i := range h.verbs[s] {
			h.verbs[s][i] /= 2
			h.total[s] += uint16(h.verbs[s][i])
		}
	}
	h.verbs[s][v]++
	h.total[s]++
}

// logPipe returns the logarithm of how likely the client sends RCPT or DATA
// before the command before it was answered, or not before.
func (h *habits) logPipe(verb matchVerb, piped bool) float64 {
	n := &h.piped[pipeIndex(verb == verbData)]
	yes, no := float64(n[0]), float64(n[1])
	prior := pipePrior / 2
	if verb == verbData {
		prior = pipePrior / 5 // rare
	}
	if !piped {
		yes, no, prior = no, yes, pipePrior-prior
	}
	return logOf((prior + yes) / (pipePrior + yes + no))
}

// learnPipe counts whether a command was sent early.
func (h *habits) learnPipe(verb matchVerb, piped bool) {
	n := &h.piped[pipeIndex(verb == verbData)][pipeIndex(!piped)]
	*n += min(1, maxCounted-*n)
}

func pipeIndex(second bool) int {
	if second {
		return 1
	}
	return 0
}

// prior gives a new connection the paces of the others.
func (h *habits) prior(c *conn, open []conn) {
	if len(open) == 0 && h.paces[0] == 0 {
		c.pace, c.recency = anyPace, anyRecency
		return
	}
	paces, recents := h.paces, h.recents
	for i := range open {
		open[i].catchUp()
		open[i].pace.share(&paces)
		open[i].recency.share(&recents)
	}
	for i, n := range paces {
		c.pace.weights[i] = n + pacePrior/float32(len(paces))
	}
	for i, n := range recents {
		c.recency[i] = n + pacePrior/float32(len(recents))
	}
}

// anyPace and anyRecency are those of the first connection of a cluster.
var anyPace, anyRecency = func() (p pace, r recency) {
	for i := range p.weights {
		p.weights[i] = pacePrior / float32(paces)
	}
	for i := range r {
		r[i] = pacePrior / float32(recencies)
	}
	return p, r
}()

// ended keeps the pace of a connection that is over.
func (h *habits) ended(c *conn) {
	const forget = 0.8
	for i := range h.paces {
		h.paces[i] *= forget
	}
	for i := range h.recents {
		h.recents[i] *= forget
	}
	c.catchUp()
	c.pace.share(&h.paces)
	c.recency.share(&h.recents)
}

// share adds how likely each of the medians is.
func (p *pace) share(to *shares) {
	total := p.sum()
	for i, w := range &p.weights {
		to[i] += w / total
	}
}

// share adds how likely each of the means is.
func (p *recency) share(to *[recencies]float32) {
	total := float32(0)
	for _, w := range p {
		total += w
	}
	for i, w := range p {
		to[i] += w / total
	}
}

// logShape returns the logarithm of how likely a command is answered in these
// words.
func (h *habits) logShape(verb matchVerb, shape uint32) float64 {
	n := 0.0
	if h.shaped[verb] > 0 {
		for i := range h.shapes {
			if x := &h.shapes[i]; x.shape == shape && x.verb == verb {
				n = float64(x.n)
				break
			}
		}
	}
	const unseen = 0.2 // of any one wording
	return logOf((n + shapePrior*unseen) / (float64(h.shaped[verb]) + shapePrior))
}

// learnShape counts a wording.
func (h *habits) learnShape(verb matchVerb, shape uint32) {
	least := 0
	for i := range h.shapes {
		x := &h.shapes[i]
		if x.n > 0 && x.verb == verb && x.shape == shape {
			if x.n < math.MaxUint8 {
				x.n++
				h.shaped[verb]++
			}
			return
		}
		if x.n < h.shapes[least].n {
			least = i
		}
	}
	x := &h.shapes[least]
	h.shaped[x.verb] -= uint16(x.n)
	*x = shapeCount{shape, verb, 1}
	h.shaped[verb]++
}

// A message takes about overhead milliseconds and one more for each so many
// bytes; which, is learnt.
var transferBytes = [transferRates]float64{5, 50, 500, 5000, 50000}

// transferPrior is how likely each of them is before anything is known.
var transferPrior = [transferRates]float32{0.03, 0.12, 0.35, 0.35, 0.15}

const (
	transferRates = 5
	overhead      = 100
)

// transferRates returns how likely each rate of transfer is.
func (h *habits) transferRates() [transferRates]float32 {
	if h.arrived > 0 {
		h.learnArrived()
	}
	if h.rates[0] == 0 {
		return transferPrior
	}
	return h.rates
}

// learnTransfer takes the time d for a message of that size into account. Few
// clusters are ever asked how fast their messages are, so it is kept until then.
func (h *habits) learnTransfer(d, size int64) {
	if size < 0 {
		return
	}
	if int(h.arrived) == len(h.arrivals) {
		h.learnArrived()
	}
	h.arrivals[h.arrived] = arrival{size, transferBucket(d)}
	h.arrived++
}

// An arrival is a message that has been sent.
type arrival struct {
	size   int64
	bucket int // see transferBucket
}

// learnArrived learns what has been kept.
func (h *habits) learnArrived() {
	if h.rates[0] == 0 {
		h.rates = transferPrior
	}
	for _, x := range h.arrivals[:h.arrived] {
		at := placesOf(x.size)
		for i := range h.rates {
			h.rates[i] *= float32(at.likely(x.bucket, i))
		}
		scale(h.rates[:], leastRate)
	}
	h.arrived = 0
}

// backwardsBucket stands for a time that ends before it begins.
const backwardsBucket = -1

// transferBucket returns the bucket of the logged time that a message took.
func transferBucket(d int64) int {
	if d < -resolution-slack {
		return backwardsBucket
	}
	return bucketOf(max(d, -resolution))
}

// transferPlaces are where the times that a message of some size takes lie among
// the medians of paces, by the rate of transfer.
type transferPlaces struct {
	size    int64
	medians [transferRates]struct {
		next int     // the median above
		part float64 // how far it is on the way there
	}
}

func placesOf(size int64) transferPlaces {
	t := transferPlaces{size: size}
	for i := range t.medians {
		median := logOf(overhead + float64(size)/transferBytes[i])
		k := 0
		for k < paces-2 && median > logMedians[k+1] {
			k++
		}
		t.medians[i].next = k + 1
		t.medians[i].part = min((median-logMedians[k])/(logMedians[k+1]-logMedians[k]), 1)
	}
	return t
}

// likely returns the likelihood of the logged times of a bucket at the i-th rate.
func (t *transferPlaces) likely(bucket, i int) float64 {
	if bucket == backwardsBucket {
		return gapBackwards
	}
	x, at := &t.medians[i], &gaps().pace[bucket]
	return (1-x.part)*float64(at[x.next-1]) + x.part*float64(at[x.next]) + gapFloor
}

// promptPrior is what is counted for each number of rows between a reply and our
// next command before anything is known; the last stands for all larger ones.
var promptPrior = [...]float64{3, 0.8, 0.1, 0.04, 0.03}

// prompted returns what is counted for i rows between a reply and our next
// command.
func (h *habits) prompted(i int) float64 { return promptPrior[i] + float64(h.prompts[i]) }

// learnPrompt counts the rows between a reply and our next command.
func (h *habits) learnPrompt(k int64) {
	learnCount(h.prompts[:], int(min(max(k, 0), int64(len(promptPrior))-1)))
}

// logOutOfTurn returns the logarithm of how likely a command is answered before
// an earlier one of another connection to the same host.
func (h *habits) logOutOfTurn() float64 {
	return logOf((0.5 + float64(h.turns[1])) / (4 + float64(h.turns[0]) + float64(h.turns[1])))
}

// learnTurn counts whether a reply came in its turn.
func (h *habits) learnTurn(turn bool) { learnCount(h.turns[:], pipeIndex(!turn)) }

// learnCount adds one to counts[i] and forgets the older half of the counts when
// they are too many.
func learnCount(counts []uint8, i int) {
	if counts[i] >= 40 {
		for j := range counts {
			counts[j] /= 2
		}
	}
	counts[i]++
}
