package logparse

// promised returns what there is of a record before Fill is called.
func promised(rec *Record) Record {
	p := Record{Pos: rec.Pos, Lines: rec.Lines, Format: rec.Format, Time: rec.Time, conversation: rec.conversation}
	p.Kind, p.Direction, p.Verb, p.Code, p.Enhanced, p.More = rec.Kind, rec.Direction, rec.Verb, rec.Code, rec.Enhanced, rec.More
	p.Elapsed, p.Win32, p.BytesIn, p.BytesOut = rec.Elapsed, rec.Win32, rec.BytesIn, rec.BytesOut
	switch rec.Kind {
	case KindCommand:
		p.Arg = rec.Arg
	case KindReply:
	default:
		p.Data, p.Context = rec.Data, rec.Context
	}
	return p
}
