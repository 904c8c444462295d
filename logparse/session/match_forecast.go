package session

// A forecast is what the habits of a hypothesis say about the row under way.
// Several of its connections ask the same; it is worked out when the first does.
// 0 stands for what nobody asked yet.
type forecast struct {
	habits *habits
	answers
	places [sizesKept]transferPlaces // whatever the habits and the row
}

// answers are what is known of the row and the habits.
type answers struct {
	verbs     [stages]float64         // see fitVerb
	pipes     [2]float64              // see logPipe, by piped
	shapes    [matchVerbs + 1]float64 // see logShape, by what is answered
	prompts   float64                 // the sum of what is counted
	outOfTurn float64
	rates     float64 // the sum of how likely each is
}

// about makes f one about the row under way and h, which must not learn until
// that has been weighed.
func (f *forecast) about(h *habits) {
	f.habits = h
	f.answers = answers{}
}

func (f *forecast) logPipe(verb matchVerb, piped bool) float64 {
	l := &f.pipes[pipeIndex(piped)]
	if *l == 0 {
		*l = f.habits.logPipe(verb, piped)
	}
	return *l
}

func (f *forecast) logShape(verb matchVerb, shape uint32) float64 {
	l := &f.shapes[verb]
	if *l == 0 {
		*l = f.habits.logShape(verb, shape)
	}
	return *l
}

func (f *forecast) logOutOfTurn() float64 {
	if f.outOfTurn == 0 {
		f.outOfTurn = f.habits.logOutOfTurn()
	}
	return f.outOfTurn
}

// prompt returns the likelihood of k rows between a reply and our next command.
func (f *forecast) prompt(k int64) float64 {
	h := f.habits
	if f.prompts == 0 {
		for i := range promptPrior {
			f.prompts += h.prompted(i)
		}
	}
	return h.prompted(int(min(max(k, 0), int64(len(promptPrior))-1))) / f.prompts
}

// logTransfer returns the logarithm of how likely a message of that size, -1 for
// not known, takes the logged time d.
func (f *forecast) logTransfer(d, size int64) float64 {
	if size < 0 {
		return logOf(gaps().transfer.likely(d, gapFloor))
	}
	rates := f.habits.transferRates()
	if f.rates == 0 {
		for _, w := range rates {
			f.rates += float64(w)
		}
	}
	at := &f.places[uint64(size)%sizesKept]
	if at.size != size || at.medians[0].next == 0 {
		*at = placesOf(size)
	}
	b, sum := transferBucket(d), 0.0
	for i, w := range rates {
		sum += float64(w) * at.likely(b, i)
	}
	return logOf(sum / f.rates)
}

// sizesKept is how many sizes of messages are looked at again without working
// their places out.
const sizesKept = 16
