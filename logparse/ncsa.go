package logparse

func newNCSA(lines *lineScanner, opt *Options, found Detection) rowReader { return nil }
