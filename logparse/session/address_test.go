package session

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// However an argument is written, addressOf finds the address that pathArg does.
func TestAddressOf(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	pieces := []string{"FROM:", "TO:", "from:", "TO", ":", "<", ">", "<>", "a@example.com", "@b.example:", `"a>b"`, `"`, "\\", " ", "\t", "SIZE=10", "&lt;", "&gt;"}
	for range 20_000 {
		var arg strings.Builder
		if rng.IntN(2) == 0 {
			arg.WriteString(pieces[rng.IntN(3)])
		}
		for range rng.IntN(7) {
			arg.WriteString(pieces[rng.IntN(len(pieces))])
		}
		keyword := pieces[rng.IntN(2)]
		want, _, ok := pathArg([]byte(arg.String()), keyword)
		if !ok {
			want = []byte(arg.String())
		}
		if got := addressOf([]byte(arg.String()), keyword); string(got) != string(want) {
			t.Fatalf("%q of %q: %q, want %q", keyword, arg.String(), got, want)
		}
	}
}
