package logparse

func newW3C(lines *lineScanner, opt *Options, found Detection) rowReader { return nil }
