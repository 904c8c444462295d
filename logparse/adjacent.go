package logparse

func newConnectivity(lines *lineScanner, opt *Options, found Detection) rowReader { return nil }

func newAgent(lines *lineScanner, opt *Options, found Detection) rowReader { return nil }
