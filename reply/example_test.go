package reply_test

import (
	"fmt"
	"strings"

	"github.com/smtplog/smtplog/reply"
)

func ExampleClassify() {
	c := reply.Classify("552 5.2.2 <pat@example.com>: The mailbox is full", reply.Outbound)
	fmt.Println(c.Class, c.Reason, c.Actor)
	fmt.Println(c.Meaning)
	fmt.Println(c.Remedy)
	// Output:
	// permanent mailbox_full recipient
	// The recipient's mailbox is over its quota.
	// Wait for the recipient to free space, then send again; reach them another way if it is urgent.
}

func ExampleClassify_direction() {
	text := "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"
	for _, d := range []reply.Direction{reply.Outbound, reply.Inbound} {
		c := reply.Classify(text, d)
		fmt.Println(d, c.Reason, c.Actor)
	}
	// Output:
	// outbound relay_denied ours
	// inbound relay_denied sender
}

func ExampleClassify_quoted() {
	c := reply.Classify(`451 4.4.0 Primary target IP address responded with: "554 5.7.1 192.0.2.1 is blocked using zen.spamhaus.org."`, reply.Outbound)
	fmt.Println(c.Code, c.Class, c.Reason)
	fmt.Println(c.Inner)
	fmt.Println(c.List)
	// Output:
	// 451 transient blocklisted
	// 554 5.7.1 192.0.2.1 is blocked using zen.spamhaus.org.
	// zen.spamhaus.org
}

func ExampleExplain() {
	for _, input := range []string{"10061", "5.7.606", "421"} {
		x := reply.Explain(input, reply.Outbound)
		fmt.Printf("%s: %v. %s\n", x.Input, x.Reason, x.Meaning)
	}
	// Output:
	// 10061: connection_refused. The connection was refused: nothing listens there, or a firewall rejects it.
	// 5.7.606: blocklisted. The sending address is banned by Microsoft.
	// 421: server_unavailable. The service is not available and the server closes the connection; any command can get this answer.
}

func ExampleParseRules() {
	rules, err := reply.ParseRules(strings.NewReader(`
[gateway-quarantine]
reason: policy
actor: ours
when: held by the gateway
meaning: Our own gateway holds the message for review.
remedy: Release it on the gateway.
test: 550 5.7.1 Held by the gateway, ticket 4711
`), "house.rules")
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := reply.NewClassifier(rules)
	if err != nil {
		fmt.Println(err)
		return
	}
	x := c.Classify("550 5.7.1 Held by the gateway, ticket 4712", reply.Outbound)
	fmt.Println(x.Rule, x.Reason, x.Actor)
	fmt.Println(x.Remedy)
	// Output:
	// gateway-quarantine policy ours
	// Release it on the gateway.
}
