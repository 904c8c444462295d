// Package track follows messages through message-tracking logs of every
// generation and joins them with the sessions of the protocol logs.
//
// [Parse] reads one row of a tracking log as a typed [Event]. A [Builder] puts
// the rows of all servers and files together to [Message]s: what became of the
// mail for each recipient, from hop to hop, and which logs are missing. Nothing
// is claimed that the logs do not show: a recipient whose trail ends in a
// server without logs is pending, and the [Hole] says which log would tell.
//
// The order of the rows does not matter. A Builder holds the rows of messages
// that may still get more of them, packed, and no more than [MaxRows] or
// [Options.Memory].
package track
