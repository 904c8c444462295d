// Generate writes a large log to measure smtplog with:
//
//	go run ./testdata/bench/generate --size 1GB exchange-receive > receive.log
//
// Without a kind it says which there are.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/smtplog/smtplog/testdata/bench/logs"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate() error {
	sizeText := flag.String("size", "100MB", "about how large the log is: a number of bytes, kB, MB or GB")
	open := flag.Int("open", 200, "about how many sessions or messages are open at a time")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), "usage: generate [--size 1GB] [--open 200] KIND > FILE\n\nKinds:\n")
		for _, k := range logs.Kinds() {
			fmt.Fprintf(flag.CommandLine.Output(), "  %-18s %s\n", k.Name, k.About)
		}
		fmt.Fprintln(flag.CommandLine.Output())
		flag.PrintDefaults()
	}
	flag.Parse()
	size, err := parseSize(*sizeText)
	if err != nil {
		return err
	}
	if flag.NArg() != 1 || *open < 1 {
		flag.Usage()
		os.Exit(2)
	}
	kind, err := logs.Find(flag.Arg(0))
	if err != nil {
		return err
	}
	if _, err := kind.Write(os.Stdout, size, *open); err != nil {
		return fmt.Errorf("writing a log: %w", err)
	}
	return nil
}

func parseSize(s string) (int64, error) {
	number, unit := s, int64(1)
	for suffix, size := range map[string]int64{"kB": 1e3, "MB": 1e6, "GB": 1e9} {
		if before, ok := strings.CutSuffix(s, suffix); ok {
			number, unit = before, size
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > 1<<50/unit {
		return 0, fmt.Errorf("no size: %q; 200MB and 1GB are", s)
	}
	return n * unit, nil
}
