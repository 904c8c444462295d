package term

import "golang.org/x/sys/windows"

// enableEscapes switches on escape sequences for a console, and reports
// whether it takes them.
//
// QUIRK: Windows Server 2016 and later know escape sequences but leave them off
// until a program asks for them; before that, the mode is refused.
func enableEscapes(fd uintptr) bool {
	var mode uint32
	console := windows.Handle(fd)
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	if mode&windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING != 0 {
		return true
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
