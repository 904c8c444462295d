package probe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/smtplog/smtplog/reply"
)

// A Result says how a step ended.
type Result string

// The results.
const (
	Passed  Result = "passed"
	Info    Result = "info"    // shown only, nothing to pass
	Warning Result = "warning" // mail gets through, but something is amiss
	Failed  Result = "failed"
	Skipped Result = "skipped" // not done; Text says why
)

// A Name says what a step does. Names stay.
type Name string

// The steps, in the order in which they are taken.
const (
	StepSyntax     Name = "syntax"      // an address
	StepSOA        Name = "soa"         // SOA of the recipient's domain, from one server over one transport
	StepSOASerials Name = "soa_serials" // the serials compared
	StepMX         Name = "mx"          // MX of a domain, from all servers over one transport
	StepAddress    Name = "address"     // A and AAAA of a domain, from all servers over one transport
	StepMXList     Name = "mx_list"     // what the MX records come to
	StepMXHost     Name = "mx_host"     // A and AAAA of a mail server, over both transports
	StepPTR        Name = "ptr"         // of our address
	StepHelo       Name = "helo"        // whether the name belongs to our address
	StepSPF        Name = "spf"
	StepDMARC      Name = "dmarc"
	StepDKIM       Name = "dkim"
	StepMTASTS     Name = "mta_sts"
	StepTLSA       Name = "tlsa"

	StepConnect     Name = "connect"
	StepBanner      Name = "banner"
	StepEHLO        Name = "ehlo"
	StepLink2State  Name = "x_link2state" // that EHLO lists it
	StepXExch50     Name = "xexch50"      // that EHLO lists it
	StepStartTLS    Name = "starttls"
	StepCertificate Name = "certificate"
	StepDANE        Name = "dane"
	StepMail        Name = "mail"
	StepRcpt        Name = "rcpt"
	StepData        Name = "data"
	StepEndOfData   Name = "end_of_data"
	StepRset        Name = "rset"
	StepQuit        Name = "quit"
)

// An Issue names what is amiss. Names stay; new ones may come.
type Issue string

// The issues.
const (
	BadSyntax         Issue = "bad_syntax"
	Internationalized Issue = "idn"      // the domain has letters beyond ASCII
	NeedsSMTPUTF8     Issue = "smtputf8" // the local part has letters beyond ASCII

	DNSTimeout       Issue = "dns_timeout"
	DNSRefused       Issue = "dns_refused" // the DNS server takes no connection
	DNSError         Issue = "dns_error"   // an error code, or an answer that cannot be read
	LameServer       Issue = "lame_server" // refuses, or points elsewhere
	Truncated        Issue = "truncated"
	TCPBlocked       Issue = "tcp_blocked"
	UDPBlocked       Issue = "udp_blocked"
	DifferingAnswers Issue = "differing_answers"
	DifferingSerials Issue = "differing_serials"
	NoSuchDomain     Issue = "no_such_domain"
	NullMX           Issue = "null_mx"
	NullMXMixed      Issue = "null_mx_mixed" // a null MX beside others
	ImplicitMX       Issue = "implicit_mx"
	NoMailServer     Issue = "no_mail_server" // neither MX nor address
	MXIsAddress      Issue = "mx_is_address"
	UnresolvableMX   Issue = "unresolvable_mx"
	CNAMEBehindMX    Issue = "cname_behind_mx"
	CNAMELoop        Issue = "cname_loop"
	CNAMEAtDomain    Issue = "cname_at_domain"
	PrivateAddress   Issue = "private_address"
	TooMany          Issue = "too_many" // more hosts or addresses than are looked at
	NoPTR            Issue = "no_ptr"
	PTRNotConfirmed  Issue = "ptr_not_confirmed" // the name does not lead back
	HeloMismatch     Issue = "helo_mismatch"
	HeloNotFQDN      Issue = "helo_not_fqdn"
	UnknownAddress   Issue = "unknown_address" // how others see us is not known

	NoRecord    Issue = "no_record"
	BadRecord   Issue = "bad_record"
	SPFNotPass  Issue = "spf_not_pass"
	NotDNSSEC   Issue = "not_dnssec" // TLSA records that nobody vouches for
	STSMismatch Issue = "mta_sts_mismatch"
	NotFetched  Issue = "mta_sts_not_fetched"

	NoRoute          Issue = "no_route"
	ConnectTimeout   Issue = "connect_timeout"
	ConnectRefused   Issue = "connect_refused"
	ConnectFailed    Issue = "connect_failed"
	TimedOut         Issue = "timed_out"
	Dropped          Issue = "dropped"
	BadReply         Issue = "bad_reply" // not SMTP, or without end
	CutReply         Issue = "cut_reply" // longer than is kept
	FilteredBanner   Issue = "filtered_banner"
	Refused          Issue = "refused"
	OnlyHELO         Issue = "only_helo"
	MissingExtension Issue = "missing_extension"
	NoStartTLS       Issue = "no_starttls"
	HandshakeFailed  Issue = "handshake_failed"
	OldTLS           Issue = "old_tls"
	WeakCipher       Issue = "weak_cipher"
	CertExpired      Issue = "certificate_expired"
	CertNotYetValid  Issue = "certificate_not_yet_valid"
	CertExpiresSoon  Issue = "certificate_expires_soon"
	CertSelfSigned   Issue = "certificate_self_signed"
	CertUntrusted    Issue = "certificate_untrusted"
	CertName         Issue = "certificate_name"
	DANEMismatch     Issue = "dane_mismatch"
	NotReached       Issue = "not_reached"
	OutOfTime        Issue = "out_of_time"
	Interrupted      Issue = "interrupted"
	NotAsked         Issue = "not_asked" // left out by an option
)

// A Note is one thing that a step found.
type Note struct {
	Issue  Issue
	Result Result // Failed, Warning, Info or Skipped
	Text   string
}

// A Step is one question and its answer.
type Step struct {
	Name      Name
	Target    string // a domain, an address, a DNS server, or "mx1.example.net [192.0.2.25]:25"
	Transport string // "udp" or "tcp" where a step takes one of them
	Asked     string // the question or command
	Answered  string // the reply as it came, or the records
	Started   time.Time
	Duration  time.Duration
	Result    Result
	Text      string   // what came of it, a sentence
	Details   []string // what it came of: an answer a line, capabilities, certificates
	Notes     []Note   // what is amiss or worth knowing

	// Classification says what a refusal or a failed connection means; nil
	// where nothing was refused.
	Classification *reply.Classification
}

// Has reports whether the step found the issue.
func (s *Step) Has(issue Issue) bool {
	for _, n := range s.Notes {
		if n.Issue == issue {
			return true
		}
	}
	return false
}

func (s *Step) add(r Result, issue Issue, format string, args []any) {
	s.Notes = append(s.Notes, Note{issue, r, fmt.Sprintf(format, args...)})
	switch {
	case s.Result == Failed, r == Info:
	case s.Result == Warning && r != Failed:
	default:
		s.Result = r
	}
}

func (s *Step) fail(issue Issue, format string, args ...any) { s.add(Failed, issue, format, args) }
func (s *Step) warn(issue Issue, format string, args ...any) { s.add(Warning, issue, format, args) }
func (s *Step) skip(issue Issue, format string, args ...any) { s.add(Skipped, issue, format, args) }

// info notes something that is worth knowing and no fault.
func (s *Step) info(issue Issue, format string, args ...any) { s.add(Info, issue, format, args) }

func (s *Step) say(format string, args ...any) { s.Text = fmt.Sprintf(format, args...) }
func (s *Step) detail(format string, args ...any) {
	s.Details = append(s.Details, fmt.Sprintf(format, args...))
}

// step takes one step: do fills in what came of it.
func (p *prober) step(name Name, target, asked string, do func(*Step)) *Step {
	return p.stepVia("", name, target, asked, do)
}

func (p *prober) stepVia(transport string, name Name, target, asked string, do func(*Step)) *Step {
	s := &Step{Name: name, Target: target, Transport: transport, Asked: asked, Started: p.opt.Now(), Result: Passed}
	over := p.ctx.Err() != nil
	if !over {
		if p.opt.Begin != nil {
			p.opt.Begin(s)
		}
		do(s)
		s.Duration = max(p.opt.Now().Sub(s.Started), 0)
		// What was broken off has not failed.
		over = p.ctx.Err() != nil && s.Result == Failed && !s.Has(Refused)
	}
	if over {
		s.Result, s.Text, s.Notes, s.Classification = Passed, "", nil, nil
		if errors.Is(p.ctx.Err(), context.DeadlineExceeded) {
			s.skip(OutOfTime, "not done: the whole check took longer than %s", p.opt.Total)
		} else {
			s.skip(Interrupted, "not done: interrupted")
		}
	}
	if s.Text == "" && len(s.Notes) > 0 {
		s.Text = worst(s.Notes).Text
	}
	p.report.Steps = append(p.report.Steps, s)
	if p.opt.Done != nil {
		p.opt.Done(s)
	}
	return s
}

// worst returns the first of the notes that weigh most.
func worst(notes []Note) Note {
	weight := map[Result]int{Failed: 3, Warning: 2, Skipped: 1}
	found := notes[0]
	for _, n := range notes[1:] {
		if weight[n.Result] > weight[found.Result] {
			found = n
		}
	}
	return found
}

// because returns the classification of what is no reply, such as a connection
// that was never made.
func because(r reply.Reason) *reply.Classification {
	return &reply.Classification{
		Class: reply.Transient, Reason: r, Actor: r.Actor(reply.Outbound),
		Remedy: r.Remedy(reply.Outbound), Meaning: r.Meaning(),
	}
}
