package session

import (
	"math/rand/v2"
	"testing"

	"github.com/smtplog/smtplog/logparse"
)

// TestIndex does the same to an index and to a map of few hashes.
func TestIndex(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var x index
	want := map[handle]uint32{}
	for h := handle(1); h < 20_000; h++ {
		if rng.IntN(2) == 0 || len(want) == 0 {
			hash := uint32(rng.IntN(200)) << (8 * rng.IntN(4))
			x.add(hash, h)
			want[h] = hash
		} else {
			for old, hash := range want {
				if delete(want, old); rng.IntN(3) == 0 {
					x.replace(hash, old, h)
					want[h] = hash
				} else {
					x.remove(hash, old)
				}
				break
			}
		}
		if x.used != len(want) {
			t.Fatalf("%d in use, want %d", x.used, len(want))
		}
	}
	for h, hash := range want {
		found := 0
		for got, i := x.get(hash, hash); got != 0; got, i = x.get(hash, i) {
			if want[got] != hash {
				t.Errorf("%d has the hash %x", got, hash)
			}
			if got == h {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%d found %d times", h, found)
		}
	}
	if len(want) == 0 || len(x.places) > 8*len(want)+64 && len(x.places) > 1<<15 {
		t.Errorf("%d places for %d", len(x.places), len(want))
	}
}

// A key gives back what it was made of, and differs where that does.
func TestKeys(t *testing.T) {
	remote := []byte("[2001:db8::abcd:1]:51000!!")
	for n := range len(remote) + 1 {
		var k key
		k.set(logparse.ExchangeSend, []byte("08DE000000000001"), remote[:n])
		if fits := n >= minRemote && n <= maxRemote; (k.width > 0) != fits {
			t.Errorf("%d bytes: width %d", n, k.width)
		} else if !fits {
			continue
		}
		if id, r := string(k.appendID(nil)), string(k.appendRemote(nil)); id != "08DE000000000001" || r != string(remote[:n]) {
			t.Errorf("%q %q of %q", id, r, remote[:n])
		}
		for i := range n {
			other := []byte(string(remote[:n]))
			other[i]++
			var o key
			o.set(logparse.ExchangeSend, []byte("08DE000000000001"), other)
			if o.is(&k) || !k.is(&k) {
				t.Errorf("%q is %q", other, remote[:n])
			}
		}
	}
	var k key
	if k.set(logparse.ExchangeSend, []byte("08DE"), remote[:12]); k.width != 0 {
		t.Error("a short id has a key")
	}
}

func TestNames(t *testing.T) {
	const text = "mail-gateway.example.com"
	for n := range len(text) + 1 {
		server := newName([]byte(text[:n]))
		for m := range len(text) + 1 {
			for _, b := range [][]byte{[]byte(text)[:m], []byte(text)[:m:m]} {
				if server.is(b) != (n == m) {
					t.Errorf("%q is %q: %v", b, text[:n], n != m)
				}
				if m == n && m > 0 {
					for i := range m {
						b[i] ^= 1
						if server.is(b) {
							t.Errorf("%q is %q", b, text[:n])
						}
						b[i] ^= 1
					}
				}
			}
		}
	}
}
