# Counts refusals by code and recipient domain, and sessions, in a W3C log of
# IIS, whatever the order of its columns:
#   awk -f w3c.awk ex261102.log
# The log has no session ids: the client's address stands in for them.
/^#/ {
    if ($1 == "#Fields:") {
        for (i = 2; i <= NF; i++) {
            if ($i == "c-ip") client = i - 1
            else if ($i == "cs-username") user = i - 1
            else if ($i == "cs-method") method = i - 1
            else if ($i == "cs-uri-query") query = i - 1
            else if ($i == "sc-status") status = i - 1
        }
    }
    next
}
{
    verb = $method
    if (verb == "RCPT") {
        at = index($query, "@")
        domain[$client] = tolower(substr($query, at + 1, index($query, ">") - at - 1))
    } else if (verb == "QUIT") {
        sessions++
    } else if (verb == "MAIL") {
        delete domain[$client]
    }
    code = $user == "OutboundConnectionResponse" ? substr($query, 1, 3) : $status
    if (code + 0 >= 400) count[code "\t" domain[$client]]++
}
END {
    print "sessions\t" sessions + 0
    for (key in count) print key "\t" count[key]
}
