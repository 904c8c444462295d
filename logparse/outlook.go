package logparse

func newOutlookSMTP(lines *lineScanner, opt *Options, found Detection) rowReader { return nil }
