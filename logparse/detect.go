package logparse

// A Detection says what a log was recognised as.
type Detection struct {
	Format  Format
	Service string // what else it is, when it is a log of another service
	Empty   bool   // there is nothing in it but blank lines
	Assumed string // what could not be told from the content and was assumed, in words; "" for nothing
	Order   DateOrder
	Fields  []string // columns of a log without a header
}

// Detect recognises a log by its beginning, some kilobytes of decoded text.
func Detect(head []byte) Detection { return detect(head, &Options{}) }

func detect(head []byte, opt *Options) Detection { return Detection{} }
