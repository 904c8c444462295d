package logs

import (
	"io"
	"strings"
	"time"

	"github.com/smtplog/smtplog/logparse"
	"github.com/smtplog/smtplog/logparse/testlog"
)

// reordered are the columns of a W3C log in an order that nobody would think of.
var reordered = strings.Fields("sc-status cs-uri-query cs-method time date c-ip s-ip s-port cs-username s-sitename s-computername " +
	"cs(Referer) cs(Cookie) cs(User-Agent) cs-host cs-version time-taken cs-bytes sc-bytes sc-win32-status cs-uri-stem")

// crowd is how many open sessions make a log in which each peer has one that it
// keeps open for long.
const crowd = 500

// played writes a log of conversations between made-up hosts.
func played(format logparse.Format, outbound float64, fields ...string) func(io.Writer, int64, int) (*Truth, error) {
	return func(w io.Writer, size int64, open int) (*Truth, error) {
		opt := testlog.Options{Seed: 7, Format: format, Fields: fields, Outbound: outbound, Hosts: open}
		if open >= crowd {
			opt.Spread, opt.Hold = time.Minute, 10*time.Minute
		}
		var err error
		if opt.Connections, err = connections(opt, size); err != nil {
			return nil, err
		}
		truth := &Truth{Recipients: map[string]int64{}}
		err = testlog.Stream(w, opt, func(int64, int) { truth.Records++ }, func(s *testlog.Session) {
			if s.Rows > 0 {
				truth.Sessions++
			}
			for _, tr := range s.Transactions {
				for _, r := range tr.Recipients {
					if r.Result == testlog.Unknown {
						continue
					}
					truth.Recipients[string(r.Result)]++
				}
			}
		})
		return truth, err
	}
}

// connections returns how many of them fill a log of that size, judged by some.
func connections(opt testlog.Options, size int64) (int, error) {
	opt.Connections = 2000
	some := counter{w: io.Discard}
	if err := testlog.Stream(&some, opt, nil, nil); err != nil {
		return 0, err
	}
	return max(1, int(size*int64(opt.Connections)/some.n)), nil
}
