# Counts refusals by code and recipient domain, and sessions, in a protocol log
# of Exchange with the usual columns:
#   awk -v command='<' -v reply='>' -f exchange.awk RECV.LOG
# In a send log commands are ">" and replies "<".
BEGIN { FS = "," }
/^#/ { next }
$7 == reply {
    code = substr($8, 1, 1) == "\"" ? substr($8, 2, 3) : substr($8, 1, 3)
    if (code + 0 >= 400) count[code "\t" domain[$3]]++
    next
}
$7 == command {
    verb = substr($8, 1, 5)
    if (verb == "RCPT " || verb == "rcpt ") {
        at = index($8, "@")
        domain[$3] = tolower(substr($8, at + 1, index($8, ">") - at - 1))
    } else if (verb == "MAIL " || verb == "mail ") {
        delete domain[$3]
    }
    next
}
$7 == "+" { sessions++; next }
$7 == "-" { delete domain[$3] }
END {
    print "sessions\t" sessions + 0
    for (key in count) print key "\t" count[key]
}
