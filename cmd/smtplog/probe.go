package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smtplog/smtplog/cmd/internal/term"
	"github.com/smtplog/smtplog/reply/probe"
)

type probeFlags struct {
	dns       []string
	verbose   bool
	helo      string
	port      int
	source    string
	timeout   time.Duration
	ipv4      bool
	ipv6      bool
	noTLS     bool
	policy    bool
	selectors []string
	accept    string
	exchange  bool
	logs      []string
	rules     string
	json      bool
	color     string
}

func (a *app) probeCommand() *cobra.Command {
	var f probeFlags
	cmd := &cobra.Command{
		Use:   "probe SENDER RECIPIENT",
		Short: "Check live whether mail from SENDER to RECIPIENT gets through, and at which step it fails",
		Long: `Checks, step by step: both addresses; SOA, MX and addresses in DNS, over UDP and TCP,
from every DNS server in use; the name of our own address; then every mail server of the
recipient's domain at every address, in order of preference: connection, banner, EHLO,
STARTTLS and certificate, MAIL, RCPT, RSET, QUIT. A refusal is explained: why, who acts,
what to do. Run it where the mail leaves: other hosts are treated otherwise.

Nothing is sent unless --accept is given: then one small test message goes to one
recipient, by the first server that takes it.

Each step waits --timeout at most, a DNS question 5 seconds (twice over UDP), the whole
check 10 minutes; 2 seconds lie between two connections.

Exit status: 0 no step failed (warnings do not count); 1 something failed; 2 wrong usage.`,
		Example: `  smtplog probe alice@example.org bob@example.net
  smtplog probe alice@example.org bob@example.net -v --dns 192.0.2.53 --helo mail.example.org
  smtplog probe alice@example.org bob@example.net --policy --dkim-selector s1
  smtplog probe alice@example.org bob@example.net --log C:\Logs\SmtpSend
  smtplog probe "<>" bob@example.net --accept=postmaster`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{errors.New("give the SENDER and the RECIPIENT: smtplog probe alice@example.org bob@example.net")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.probe(cmd.Context(), &f, args[0], args[1]) },
	}
	fl := cmd.Flags()
	fl.StringSliceVarP(&f.dns, "dns", "d", nil, "ask this DNS `SERVER`, not those of the system; may be given again, e.g. -d 192.0.2.53 -d 192.0.2.54:5353")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print every packet and line as it goes over the wire, e.g. -v")
	fl.StringVar(&f.helo, "helo", "", "`NAME` for EHLO, e.g. mail.example.org (default: the host name)")
	fl.IntVar(&f.port, "port", 25, "`PORT` of the mail servers, e.g. 587")
	fl.StringVar(&f.source, "source", "", "connect from this `IP`; PTR and SPF are checked for it, e.g. 198.51.100.7")
	fl.DurationVar(&f.timeout, "timeout", probe.DefaultTimeout, "wait so long for each step at most, a `TIME`, e.g. 10s")
	fl.BoolVarP(&f.ipv4, "ipv4", "4", false, "connect over IPv4 only, e.g. -4")
	fl.BoolVarP(&f.ipv6, "ipv6", "6", false, "connect over IPv6 only, e.g. -6")
	fl.BoolVar(&f.noTLS, "no-tls", false, "do not use STARTTLS, e.g. --no-tls")
	fl.BoolVar(&f.policy, "policy", false, "look at SPF (for our address), DMARC, MTA-STS and TLSA, too; fetches the MTA-STS policy over HTTPS, e.g. --policy")
	fl.StringSliceVar(&f.selectors, "dkim-selector", nil, "look at this DKIM `SELECTOR` of the sender's domain, too; implies --policy, e.g. --dkim-selector s1")
	fl.StringVar(&f.accept, "accept", "", "send a test message to the recipient, or to the domain's postmaster: `WHO` is recipient or postmaster, e.g. --accept=postmaster")
	fl.Lookup("accept").NoOptDefVal = "recipient"
	fl.BoolVar(&f.exchange, "exchange-2003", false, "expect X-LINK2STATE and XEXCH50, as Exchange 2000 and 2003 offer them inside, e.g. --exchange-2003")
	fl.StringArrayVar(&f.logs, "log", nil, "read the logs at `PATH` first and say since when the destination has failed with the same reply, e.g. --log SEND*.LOG")
	fl.BoolVar(&f.json, "json", false, "one JSON object, e.g. --json | jq .verdict")
	addRules(fl, &f.rules)
	addColor(fl, &f.color)
	cmd.MarkFlagsMutuallyExclusive("ipv4", "ipv6")
	return cmd
}

func (a *app) probe(ctx context.Context, f *probeFlags, sender, recipient string) error {
	out, err := a.output(f.color)
	if err != nil {
		return err
	}
	opt, err := f.options(sender, recipient)
	if err != nil {
		return err
	}
	if opt.Classifier, err = classifier(f.rules); err != nil {
		return err
	}
	var history *history
	if len(f.logs) > 0 {
		if history, err = a.readHistory(ctx, f, recipient); err != nil {
			return err
		}
	}
	live := a.liveProbe(f)
	opt.Begin, opt.Done = live.begin, live.done
	if f.verbose {
		opt.Trace = live.trace
	}
	fmt.Fprintf(a.stderr, "smtplog: %s\n", term.Safe(intention(&opt)))
	r, runErr := probe.Run(ctx, opt)
	live.end()
	if r == nil {
		return usageError{runErr}
	}
	var past *pastFailures
	if history != nil {
		past = history.same(r)
	}
	if f.json {
		err = printJSON(a.stdout, reportToJSON(r, past))
	} else {
		p := &probePrinter{w: a.stdout, out: out, details: f.verbose, accept: opt.AcceptTo, exchange: opt.Exchange2003}
		err = p.report(r, past)
	}
	switch {
	case err != nil:
		return err
	case runErr != nil:
		return runErr
	case r.Failed(), history != nil && history.failed:
		return errFailed
	}
	return nil
}

// options are what the flags mean.
func (f *probeFlags) options(sender, recipient string) (probe.Options, error) {
	opt := probe.Options{
		Sender: sender, Recipient: recipient, DNS: f.dns, Helo: f.helo, Port: f.port, NoTLS: f.noTLS,
		Policy: f.policy || len(f.selectors) > 0, DKIMSelectors: f.selectors, Exchange2003: f.exchange, Timeout: f.timeout,
	}
	if f.port < 1 || f.port > 65535 {
		return opt, usageError{errors.New("--port is 1 to 65535")}
	}
	if f.timeout <= 0 {
		return opt, usageError{errors.New("--timeout is a time such as 10s")}
	}
	if f.source != "" {
		addr, err := netip.ParseAddr(f.source)
		if err != nil {
			return opt, usageError{fmt.Errorf("--source: %q is no IP address", f.source)}
		}
		opt.Source = addr
	}
	switch {
	case f.ipv4:
		opt.Family = probe.IPv4
	case f.ipv6:
		opt.Family = probe.IPv6
	}
	switch f.accept {
	case "":
	case "recipient":
		opt.AcceptTo = recipient
	case "postmaster":
		opt.AcceptTo = "postmaster" + recipient[max(strings.LastIndexByte(recipient, '@'), 0):]
	default:
		return opt, usageError{fmt.Errorf("--accept is recipient or postmaster, not %q", f.accept)}
	}
	return opt, nil
}

// intention says what the check is about to do.
func intention(o *probe.Options) string {
	var b strings.Builder
	asks := "the system's DNS servers"
	if len(o.DNS) > 0 {
		asks = strings.Join(o.DNS, ", ")
	}
	fmt.Fprintf(&b, "asks %s about both domains, connects to port %d of every mail server of %s", asks, o.Port, o.Recipient[strings.LastIndexByte(o.Recipient, '@')+1:])
	fmt.Fprintf(&b, " and offers mail from <%s> to <%s>; ", strings.Trim(o.Sender, "<>"), o.Recipient)
	if o.AcceptTo == "" {
		b.WriteString("no message is sent")
	} else {
		fmt.Fprintf(&b, "SENDS ONE TEST MESSAGE to <%s>", o.AcceptTo)
	}
	return b.String()
}
