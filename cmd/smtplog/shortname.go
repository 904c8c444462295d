package main

import (
	"iter"
	"strings"
)

// maxNamesakes is how many files of one name are told apart by less than their
// whole paths.
const maxNamesakes = 1000

// shortNames returns short names for files: the base name, and where several of all
// files share it, as the logs of several servers do, so much more of the path that
// they differ.
func shortNames(files, all iter.Seq[string]) map[string]string {
	names := map[string]string{}
	namesakes := map[string][]string{} // by base name
	for file := range files {
		names[file] = ""
		namesakes[baseName(file)] = nil
	}
	for file := range all {
		base := baseName(file)
		if same, wanted := namesakes[base]; wanted && len(same) <= maxNamesakes {
			namesakes[base] = append(same, file)
		}
	}
	for file := range names {
		base := baseName(file)
		switch same := namesakes[base]; {
		case len(same) <= 1:
			names[file] = base
		case len(same) <= maxNamesakes:
			names[file] = distinctName(file, base, same)
		default:
			names[file] = file
		}
	}
	return names
}

// distinctName returns the first folder from the end that no other of the files
// has in this place, and the base name: "EX1/…/MSGTRK2026110208-1.LOG". Where
// there is none, it is the whole path.
func distinctName(file, base string, files []string) string {
	parts := pathParts(file)
	for back := 2; back <= len(parts); back++ {
		folder, same := parts[len(parts)-back], 0
		for _, other := range files {
			if o := pathParts(other); len(o) >= back && o[len(o)-back] == folder {
				same++
			}
		}
		switch {
		case same > 1:
		case back == 2:
			return folder + "/" + base
		default:
			return folder + "/…/" + base
		}
	}
	return file
}

func pathParts(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' || r == '!' })
}

// baseName returns the last element of a path of Windows or not, or of an
// archive's member.
func baseName(p string) string {
	const separators = `/\!`
	p = strings.TrimRight(p, separators)
	return p[strings.LastIndexAny(p, separators)+1:]
}
