package logparse

func newTrackingPS(lines *lineScanner, opt *Options, found Detection) rowReader { return nil }

func newMessageTrace(lines *lineScanner, opt *Options, found Detection) rowReader { return nil }
