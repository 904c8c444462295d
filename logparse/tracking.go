package logparse

func newTracking(lines *lineScanner, opt *Options, found Detection) rowReader { return nil }
