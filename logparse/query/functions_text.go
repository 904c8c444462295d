package query

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var textFunctions = map[string]*function{
	"strlen":         {params: []Type{String}, result: Int, build: plain1(func(a Value) Value { return IntOf(int64(utf8.RuneCountInString(a.text))) })},
	"tolower":        {params: []Type{String}, result: String, build: plain1(func(a Value) Value { return StringOf(strings.ToLower(a.text)) })},
	"toupper":        {params: []Type{String}, result: String, build: plain1(func(a Value) Value { return StringOf(strings.ToUpper(a.text)) })},
	"trim":           {params: []Type{String, String}, optional: 1, result: String, build: buildTrim},
	"substring":      {params: []Type{String, Int, Int}, optional: 1, result: String, build: buildSubstring},
	"split":          {params: []Type{String, String}, result: List, build: plain2(split)},
	"strcat":         {params: []Type{anything}, more: true, result: String, build: buildStrcat},
	"strcat_array":   {params: []Type{List, String}, result: String, build: plain2(func(a, b Value) Value { return StringOf(strings.Join(a.list, b.text)) })},
	"replace_string": {params: []Type{String, String, String}, result: String, build: plain3(replaceText)},
	"replace_regex":  {params: []Type{String, String, String}, result: String, build: buildReplaceRegex},
	"extract":        {params: []Type{String, Int, String}, result: String, build: buildExtract},
	"indexof":        {params: []Type{String, String}, result: Int, build: plain2(indexOf)},

	"array_length":    {params: []Type{List}, result: Int, build: plain1(func(a Value) Value { return IntOf(int64(len(a.list))) })},
	"set_has_element": {params: []Type{List, String}, result: Bool, build: plain2(func(a, b Value) Value { return BoolOf(slices.Contains(a.list, b.text)) })},
}

func (c *call) pattern(i int) *regexp.Regexp {
	re, problem := compilePattern(c.args[i])
	if problem != "" {
		c.fail(c.args[i], problem, "the syntax is that of RE2; a verbatim text such as `@\"\\d+\"` needs no doubled backslashes")
	}
	return re
}

// buildTrim: trim(text) without white space at its ends, trim(regex, text)
// without what the expression matches there, as in KQL.
func buildTrim(c *call) *node {
	if len(c.args) == 1 {
		return plain1(func(a Value) Value { return StringOf(strings.TrimSpace(a.text)) })(c)
	}
	re := c.pattern(0).String()
	begin, err := regexp.Compile(`^(?:` + re + `)+`)
	end, err2 := regexp.Compile(`(?:` + re + `)+$`)
	if err != nil || err2 != nil {
		c.fail(c.args[0], "this regular expression is too large", "")
	}
	text := c.args[1].eval
	n := &node{eval: func(row any, s []Value) Value {
		v := text(row, s)
		if v.kind == 0 {
			return v
		}
		t := v.text
		if at := begin.FindStringIndex(t); at != nil {
			t = t[at[1]:]
		}
		if at := end.FindStringIndex(t); at != nil {
			t = t[:at[0]]
		}
		return StringOf(t)
	}}
	n.name = columnName("trim_" + c.args[1].name)
	return n
}

// buildSubstring: substring(text, start[, length]) in characters, the first is 0;
// a negative start counts from the end.
func buildSubstring(c *call) *node {
	if len(c.args) == 2 {
		return plain2(func(a, b Value) Value { return substring(a, b, IntOf(int64(len(a.text)))) })(c)
	}
	return plain3(substring)(c)
}

func substring(text, start, length Value) Value {
	s := text.text
	from, n := start.num, length.num
	if from < 0 {
		from = max(0, from+int64(utf8.RuneCountInString(s)))
	}
	if n < 0 {
		n = 0
	}
	for ; from > 0 && s != ""; from-- {
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
	}
	end := 0
	for ; n > 0 && end < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return StringOf(s[:end])
}

func split(text, delimiter Value) Value {
	if delimiter.text == "" {
		return ListOf([]string{text.text})
	}
	return ListOf(strings.Split(text.text, delimiter.text))
}

// maxText bounds what strcat and replace_string make of texts that are long
// already.
const maxText = 1 << 20

// buildStrcat joins its arguments as tostring writes them; null is nothing.
func buildStrcat(c *call) *node {
	var evals []evalFunc
	for _, a := range c.args {
		evals = append(evals, a.eval)
	}
	return &node{eval: func(row any, s []Value) Value {
		var b []byte
		for _, eval := range evals {
			if b = eval(row, s).Append(b); len(b) > maxText {
				return Null
			}
		}
		return StringOf(string(b))
	}}
}

func replaceText(text, old, with Value) Value {
	if old.text == "" {
		return text
	}
	if n := strings.Count(text.text, old.text); n > 0 && len(text.text)+n*len(with.text) > maxText {
		return Null
	}
	return StringOf(strings.ReplaceAll(text.text, old.text, with.text))
}

// buildReplaceRegex: replace_regex(text, regex, with), where \1 in with is a group.
func buildReplaceRegex(c *call) *node {
	re := c.pattern(1)
	with := c.constantText(2, "what to put in place")
	with = strings.ReplaceAll(with, "$", "$$")
	with = regexp.MustCompile(`\\([0-9])`).ReplaceAllString(with, "$${$1}")
	text := c.args[0].eval
	return &node{eval: func(row any, s []Value) Value {
		v := text(row, s)
		if v.kind == 0 {
			return v
		}
		t := re.ReplaceAllString(v.text, with)
		if len(t) > maxText {
			return Null
		}
		return StringOf(t)
	}}
}

// buildExtract: extract(regex, group, text), null where nothing matches.
func buildExtract(c *call) *node {
	re := c.pattern(0)
	group := c.args[1]
	if !group.constant || group.val.kind == 0 || group.val.num < 0 || group.val.num > int64(re.NumSubexp()) {
		c.fail(group, "the expression has no group "+c.text(group), "0 is all that matches, 1 the first pair of brackets")
	}
	k, text := group.val.num, c.args[2].eval
	n := &node{eval: func(row any, s []Value) Value {
		v := text(row, s)
		if v.kind == 0 {
			return v
		}
		at := re.FindStringSubmatchIndex(v.text)
		if at == nil || at[2*k] < 0 {
			return Null
		}
		return StringOf(v.text[at[2*k]:at[2*k+1]])
	}}
	n.name = columnName("extract_" + c.args[2].name)
	return n
}

// indexOf returns where a text begins in another, in characters, -1 if nowhere.
func indexOf(text, part Value) Value {
	i := strings.Index(text.text, part.text)
	if i < 0 {
		return IntOf(-1)
	}
	return IntOf(int64(utf8.RuneCountInString(text.text[:i])))
}
