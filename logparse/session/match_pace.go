package session

import (
	"math"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// A client is slow or fast throughout. How long one waits before its commands is
// taken to be log-normal around one of these medians, in milliseconds; which of
// them is learnt from the connection's own rows.
var paceMedians = [paces]float64{2, 20, 100, 400, 1200, 4000, 12000, 40000}

const (
	paces      = 8
	paceSpread = 0.8 // σ of the logarithm of the time

	// Logs say when something was in whole seconds. A time of which the log
	// says d was between d−1000 and d+1000.
	resolution = 1000

	gapStep    = 250                          // of the fine part of a gapTable, ms
	gapFine    = 40                           // steps of the fine part
	gapBuckets = gapFine + 64                 // the rest is logarithmic
	gapRatio   = 1.1                          // of neighbours in the logarithmic part
	gapFrom    = gapFine*gapStep - resolution // where the logarithmic part begins, ms
)

var logMedians = func() (l [paces]float64) {
	for i, m := range paceMedians {
		l[i] = math.Log(m)
	}
	return l
}()

// Logarithms of times in milliseconds, see conn.expect.
var (
	logTransfer = math.Log(2000)
	logPrompt   = math.Log(100)
)

// silentSpread is σ of the logarithm of the time until a connection's next row.
const silentSpread = 1.2

// A pace is how likely each of the medians is, compared to the likeliest, and the
// sum of these, 0 while nobody asked.
type pace struct {
	weights [paces]float32
	total   float32
}

// A gapTable holds the likelihood of a logged time, by bucket.
type gapTable [gapBuckets]float64

// gapTables are the likelihoods of logged times.
type gapTables struct {
	pace     [gapBuckets][paces]float32 // by the client's pace
	learn    [gapBuckets][paces]float32 // the same, and how unlikely one can be at most
	greet    gapTable                   // from the opening of the connection to the first command
	transfer gapTable                   // of a message, where time-taken is not logged
	any      gapTable                   // of nothing in particular
	stale    gapTable                   // logarithm of how likely a command of ours comes that late
}

var knownGaps atomic.Pointer[gapTables]

// gaps returns the likelihoods, which are worked out when the first row asks
// for them.
func gaps() *gapTables {
	if t := knownGaps.Load(); t != nil {
		return t
	}
	return workOutGaps()
}

func workOutGaps() *gapTables {
	t := newGaps()
	knownGaps.Store(t)
	return t
}

var newGaps = sync.OnceValue(func() *gapTables {
	t := &gapTables{}
	for i, median := range paceMedians {
		for b, l := range newGapTable(component{1, median, paceSpread}) {
			t.pace[b][i] = float32(l)
			t.learn[b][i] = t.pace[b][i] + gapFloor/10
		}
	}
	t.greet = newGapTable(component{0.8, 150, 1.3}, component{0.2, 3000, 1})
	t.transfer = newGapTable(component{0.7, 300, 1.6}, component{0.3, 4000, 1.5})
	t.any = newGapTable(component{0.7, 50, 1.8}, component{0.3, 2000, 1.8})
	for b, l := range t.any {
		t.stale[b] = logOf((1 - promptly) * (l + gapFloor))
	}
	return t
})

// A component is a log-normal part of a mixture.
type component struct{ weight, median, spread float64 }

// newGapTable returns the likelihoods, per second, of the logged times when the
// true ones are distributed like the mixture. The log cuts the fraction of the
// second off at both ends, so that the logged time is off by a triangular error.
func newGapTable(mix ...component) gapTable {
	var t gapTable
	for i := range t {
		d := bucketTime(i)
		const parts = 40
		edge, below := math.NaN(), make([]float64, len(mix)) // the shares up to edge
		for k := range parts {
			// The true time lies in [lo, hi) with the triangle's weight w.
			lo := d - resolution + float64(k)*2*resolution/parts
			hi := lo + 2*resolution/parts
			w := 1 - math.Abs((lo+hi)/2-d)/resolution
			for j, c := range mix {
				if lo != edge {
					below[j] = logNormal(lo, c)
				}
				up := logNormal(hi, c)
				t[i] += w * c.weight * (up - below[j])
				below[j] = up
			}
			edge = hi
		}
	}
	return t
}

// logNormal returns the share of times up to x.
func logNormal(x float64, c component) float64 {
	if x <= 0 {
		return 0
	}
	return 0.5 * math.Erfc(-math.Log(x/c.median)/c.spread/math.Sqrt2)
}

// bucketTime returns the time in the middle of a bucket.
func bucketTime(i int) float64 {
	if i < gapFine {
		return float64(i*gapStep - resolution)
	}
	return gapFrom * math.Pow(gapRatio, float64(i-gapFine))
}

// bucketFrom is the shortest time of each bucket of the logarithmic part, ms.
var bucketFrom = func() (t [gapBuckets - gapFine]int64) {
	for i := range t {
		t[i] = int64(math.Ceil(gapFrom * math.Pow(gapRatio, float64(i)-0.5)))
	}
	t[0] = gapFrom
	return t
}()

// bucketOf returns the bucket of a logged time of at least −resolution.
func bucketOf(d int64) int {
	if d < gapFrom {
		return int(d+resolution+gapStep/2) / gapStep
	}
	i := gapBuckets - gapFine - 1
	if d < bucketFrom[i] {
		i = int(bucketsBelow[topBits(d)])
		for d >= bucketFrom[i+1] {
			i++
		}
	}
	return gapFine + i
}

// topBits returns how long d, at least gapFrom, is in bits, and the 3 bits behind
// the first, as one number, 0 for the least there may be.
func topBits(d int64) int {
	const least = 14 // bits of gapFrom
	n := bits.Len64(uint64(d))
	return (n-least)<<3 | int(d>>(n-4))&7
}

// bucketsBelow is the bucket of the logarithmic part in which the times begin
// that have the same topBits. They reach over two of its borders at most.
var bucketsBelow = func() (t [9 << 3]uint8) {
	for k := range t {
		from := int64(8|k&7) << (k>>3 + 10)
		i := len(bucketFrom) - 1
		for i > 0 && from < bucketFrom[i] {
			i--
		}
		t[k] = uint8(i)
	}
	return t
}()

const (
	gapFloor     = 1e-5 // likelihood of a time that nothing explains
	gapBackwards = 1e-5 // of a command that began before the row before was written
	greetFloor   = 2e-5 // of a session length that does not fit
	slack        = 100  // ms by which the times of IIS may be out of step
	hurried      = 0.1  // share of commands that are sent without waiting

	// How unlikely a pace, a recency or a rate can become, compared to others.
	leastPace    = 3e-4
	leastRecency = 2.5e-3
	leastRate    = 1e-4
)

// likely returns the likelihood of the logged times of a bucket for a client with
// the pace p.
func (p *pace) likely(bucket int) float64 {
	at := &gaps().pace[bucket]
	sum := float32(0)
	for i, w := range &p.weights {
		sum += w * at[i]
	}
	return float64((1-hurried)*sum/p.sum() + hurried*at[0] + gapFloor)
}

// sum returns the sum of the weights.
func (p *pace) sum() float32 {
	if p.total == 0 {
		for _, w := range &p.weights {
			p.total += w
		}
	}
	return p.total
}

// learn takes a logged time into account. A client may change its pace, so no
// median is ruled out.
func (p *pace) learn(bucket uint8) {
	at := &gaps().learn[bucket]
	top := uint32(0)
	for i, w := range &p.weights {
		w *= at[i]
		p.weights[i] = w
		top = max(top, math.Float32bits(w))
	}
	most := math.Float32frombits(top)
	for i, w := range &p.weights {
		p.weights[i] = atLeast(w/most, leastPace)
	}
	p.total = 0
}

// atLeast returns the greater of two numbers that are not negative. The bits of
// such compare as they do, and that costs no branch.
func atLeast(x, least float32) float32 {
	return math.Float32frombits(max(math.Float32bits(x), math.Float32bits(least)))
}

// scale makes the greatest of the weights 1 and none of them less than least.
func scale(weights []float32, least float32) {
	top := slices.Max(weights)
	for i := range weights {
		weights[i] = max(weights[i]/top, least)
	}
}

// likely returns the likelihood of the logged time d.
func (t *gapTable) likely(d int64, floor float64) float64 {
	if d < -resolution-slack {
		return floor / 10
	}
	return t[bucketOf(max(d, -resolution))] + floor
}

// Clients that do not wait are told apart by how many rows of the cluster come
// between two of theirs, which shows their pace where the log's whole seconds do
// not. The number is taken to be Poisson with one of these means.
var recencyMeans = [recencies]float64{0.05, 0.4, 1, 2, 4}

const (
	recencies  = 5
	maxBetween = 16
)

// A recency is how likely each of the means is, compared to the likeliest.
type recency [recencies]float32

// recencyTable holds the likelihood of each number of rows in between by the
// means; sumTable that of any number up to it, divided by how many these are.
var recencyTable, sumTable = func() (one, sum [maxBetween + 1]recency) {
	for i, mean := range recencyMeans {
		l, total := math.Exp(-mean), 0.0
		for k := range one {
			one[k][i] = float32(0.97*l + 0.03/(maxBetween+1))
			total += float64(one[k][i])
			sum[k][i] = float32(total / float64(k+1))
			l *= mean / float64(k+1)
		}
	}
	return one, sum
}()

// likely returns the likelihood of k rows in between.
func (p *recency) likely(k int64) float64 { return p.mean(&recencyTable[upToMost(k)]) }

// likelyUpTo returns the mean likelihood of 0 to k rows in between.
func (p *recency) likelyUpTo(k int64) float64 { return p.mean(&sumTable[upToMost(k)]) }

func upToMost(k int64) int64 { return min(max(k, 0), maxBetween) }

func (p *recency) mean(of *recency) float64 {
	sum, total := float32(0), float32(0)
	for i := range p {
		total += p[i]
		sum += p[i] * of[i]
	}
	return float64(sum / total)
}

// learn takes k rows in between into account, at most maxBetween.
func (p *recency) learn(k uint8) {
	of := &recencyTable[k]
	top := uint32(0)
	for i, w := range p {
		p[i] = w * of[i]
		top = max(top, math.Float32bits(p[i]))
	}
	most := math.Float32frombits(top)
	for i, w := range p {
		p[i] = atLeast(w/most, leastRecency)
	}
}
