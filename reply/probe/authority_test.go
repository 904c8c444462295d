package probe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"
)

// An authority makes certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

var (
	shared     *authority
	sharedOnce sync.Once
)

// sharedAuthority is the one that every test trusts.
func sharedAuthority(t *testing.T) *authority {
	sharedOnce.Do(func() { shared = newAuthority(t) })
	a := *shared
	a.t = t
	return &a
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t), pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Authority"}, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = a.sign(template, template, a.key, a.key)
	a.pool.AddCert(a.cert)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(template, parent *x509.Certificate, of, by *ecdsa.PrivateKey) *x509.Certificate {
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &of.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// server returns a TLS configuration with a certificate for a name and time.
func (a *authority) server(name string, from, to time.Time, selfSigned bool) *tls.Config {
	key := newKey(a.t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from, NotAfter: to}
	parent, by := a.cert, a.key
	if selfSigned {
		parent, by = template, key
	}
	cert := a.sign(template, parent, key, by)
	raw := [][]byte{cert.Raw}
	if !selfSigned {
		raw = append(raw, a.cert.Raw)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: raw, PrivateKey: key, Leaf: cert}}}
}

func (a *authority) good() *tls.Config {
	return a.server("mx1.example.net", now.AddDate(0, -1, 0), now.AddDate(0, 6, 0), false)
}
