package reply

import _ "embed"

// The texts of the tables. Strings, for rules refer to them: nothing of them is
// copied when they are read.
var (
	//go:embed rules/win32.rules
	win32Rules string
	//go:embed rules/exchange-tokens.rules
	exchangeTokensRules string
	//go:embed rules/exchange-online.rules
	exchangeOnlineRules string
	//go:embed rules/provider.rules
	providerRules string
	//go:embed rules/servers.rules
	serversRules string
	//go:embed rules/languages.rules
	languagesRules string
	//go:embed rules/network.rules
	networkRules string
	//go:embed rules/security.rules
	securityRules string
	//go:embed rules/reputation.rules
	reputationRules string
	//go:embed rules/sender.rules
	senderRules string
	//go:embed rules/recipient.rules
	recipientRules string
	//go:embed rules/message.rules
	messageRules string
	//go:embed rules/server.rules
	serverRules string
	//go:embed rules/other.rules
	otherRules string
	//go:embed rules/enhanced.rules
	enhancedRules string
	//go:embed rules/basic.rules
	basicRules string
	//go:embed rules/exchange.rules
	exchangeRules string
)
