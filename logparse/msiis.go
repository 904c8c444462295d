package logparse

func newMSIIS(lines *lineScanner, opt *Options, found Detection) rowReader { return nil }
