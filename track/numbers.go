package track

// numberedEvents are the events of Exchange 4.0 to 2003: what today's logs
// would call them, and their documented names (KB Q173364, Q174078, Q246959,
// Q821905). Steps that have no name today are PROCESS.
var numberedEvents = map[int]struct{ source, event, name string }{
	0:    {"MTA", "RECEIVE", "Message transfer in"},
	1:    {"MTA", "PROCESS", "Probe transfer in"},
	2:    {"MTA", "RECEIVE", "Report transfer in"},
	4:    {"STOREDRIVER", "SUBMIT", "Message submission"},
	5:    {"MTA", "PROCESS", "Probe submission"},
	6:    {"MTA", "PROCESS", "Probe transfer out"},
	7:    {"MTA", "SEND", "Message transfer out"},
	8:    {"MTA", "SEND", "Report transfer out"},
	9:    {"STOREDRIVER", "DELIVER", "Message delivered"},
	10:   {"STOREDRIVER", "DELIVER", "Report delivered"},
	18:   {"MTA", "PROCESS", "StartAssocByMTSUser"},
	23:   {"MTA", "PROCESS", "ReleaseAssocByMTSUser"},
	26:   {"ROUTING", "EXPAND", "Distribution list expansion"},
	28:   {"ROUTING", "REDIRECT", "Message redirected"},
	29:   {"ROUTING", "PROCESS", "Message rerouted"},
	31:   {"MTA", "PROCESS", "Downgrading"},
	33:   {"DSN", "PROCESS", "Report absorption"},
	34:   {"DSN", "DSN", "Report generation"},
	43:   {"DSN", "DROP", "Unroutable report discarded"},
	50:   {"GATEWAY", "DROP", "Gateway deleted message"},
	51:   {"GATEWAY", "DROP", "Gateway deleted probe"},
	52:   {"GATEWAY", "DROP", "Gateway deleted report"},
	1000: {"STOREDRIVER", "DELIVER", "Local delivery"},
	1001: {"MTA", "RECEIVE", "Backbone transfer in"},
	1002: {"MTA", "SEND", "Backbone transfer out"},
	1003: {"GATEWAY", "SEND", "Gateway transfer out"},
	1004: {"GATEWAY", "RECEIVE", "Gateway transfer in"},
	1005: {"GATEWAY", "RECEIVE", "Gateway report transfer in"},
	1006: {"GATEWAY", "SEND", "Gateway report transfer out"},
	1007: {"DSN", "DSN", "Gateway report generation"},
	1010: {"SMTP", "PROCESS", "SMTP queued outbound"},
	1011: {"SMTP", "SEND", "SMTP transferred outbound"},
	1012: {"SMTP", "RECEIVE", "SMTP received inbound"},
	1013: {"SMTP", "PROCESS", "SMTP transferred inbound"},
	1014: {"SMTP", "PROCESS", "SMTP message rerouted"},
	1015: {"SMTP", "RECEIVE", "SMTP report transferred in"},
	1016: {"SMTP", "SEND", "SMTP report transferred out"},
	1017: {"DSN", "DSN", "SMTP report generated"},
	1018: {"DSN", "PROCESS", "SMTP report absorbed"},
	1019: {"SMTP", "SUBMIT", "SMTP submit message to Advanced Queue"},
	1020: {"SMTP", "PROCESS", "SMTP begin outbound transfer"},
	1021: {"SMTP", "BADMAIL", "SMTP bad mail"},
	1022: {"SMTP", "FAIL", "SMTP Advanced Queue failure"},
	1023: {"SMTP", "DELIVER", "SMTP local delivery"},
	1024: {"SMTP", "PROCESS", "SMTP submit message to categorizer"},
	1025: {"SMTP", "PROCESS", "SMTP begin submit message"},
	1026: {"SMTP", "FAIL", "SMTP Advanced Queue failed message"},
	1027: {"STOREDRIVER", "SUBMIT", "SMTP submit message to Store Driver"},
	1028: {"STOREDRIVER", "DELIVER", "SMTP Store Driver local delivery"},
	1029: {"STOREDRIVER", "PROCESS", "SMTP Store Driver gateway delivery"},
	1030: {"SMTP", "FAIL", "SMTP non-delivered to all recipients"},
	1031: {"SMTP", "SEND", "SMTP end outbound transfer"},
	1032: {"ROUTING", "DEFER", "SMTP message scheduled to retry categorization"},
	1033: {"ROUTING", "PROCESS", "SMTP message categorized and queued for routing"},
	1034: {"ROUTING", "PROCESS", "SMTP message routed and queued for remote delivery"},
	1035: {"ROUTING", "DEFER", "SMTP message scheduled to retry routing"},
	1036: {"ROUTING", "PROCESS", "SMTP message queued for local delivery"},
	1037: {"SMTP", "DEFER", "SMTP message scheduled to retry local delivery"},
	1038: {"ROUTING", "PROCESS", "SMTP message routed and queued for gateway delivery"},
	1039: {"AGENT", "DROP", "SMTP message deleted by Intelligent Message Filter"},
	1040: {"AGENT", "FAIL", "SMTP message rejected by Intelligent Message Filter"},
	1041: {"AGENT", "PROCESS", "SMTP message archived by Intelligent Message Filter"},
	1042: {"ROUTING", "REDIRECT", "SMTP message redirected to alternate recipient"},
}

// Numbers whose meaning for the recipients their event does not tell.
const (
	eventTransferOut   = 7
	eventReportOut     = 8
	eventBackboneOut   = 1002
	eventGatewayOut    = 1003
	eventQueuedOut     = 1010
	eventBeginOutbound = 1020
	eventArchived      = 1041
)
