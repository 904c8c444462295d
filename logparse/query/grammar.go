package query

import (
	"errors"
	"io"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar. Precedence is in its layers, the loosest first; lower makes a
// tree of it that no longer has them.

type gQuery struct {
	Table string   `parser:"@(Name | Quoted)"`
	Steps []*gStep `parser:"( '|' @@ )*"`
}

type gCondition struct {
	Expr *gOr `parser:"@@"`
}

type gStep struct {
	Pos       lexer.Position
	Where     *gOr        `parser:"('where' | 'filter') @@"`
	Project   []*gItem    `parser:"| 'project' @@ (',' @@)*"`
	Away      []*gName    `parser:"| 'project-away' @@ (',' @@)*"`
	Extend    []*gItem    `parser:"| 'extend' @@ (',' @@)*"`
	Summarize *gSummarize `parser:"| 'summarize' @@"`
	Sort      []*gKey     `parser:"| ('sort' | 'order') 'by' @@ (',' @@)*"`
	Top       *gTop       `parser:"| 'top' @@"`
	Take      string      `parser:"| ('take' | 'limit') @Int"`
	Count     bool        `parser:"| @'count'"`
	Distinct  *gDistinct  `parser:"| 'distinct' @@"`
	Render    *gRender    `parser:"| 'render' @@"`
}

type gName struct {
	Pos  lexer.Position
	Name string `parser:"@(Name | Quoted)"`
}

type gItem struct {
	Pos   lexer.Position
	Alias string `parser:"( @(Alias | Quoted (?= '=')) '=' )?"`
	Expr  *gOr   `parser:"@@"`
}

type gSummarize struct {
	Items []*gItem `parser:"( @@ (',' @@)* )?"`
	By    []*gItem `parser:"( 'by' @@ (',' @@)* )?"`
}

type gKey struct {
	Expr  *gOr   `parser:"@@"`
	Order string `parser:"@('asc' | 'desc')?"`
	Nulls string `parser:"( 'nulls' @('first' | 'last') )?"`
}

type gTop struct {
	N    string  `parser:"@Int"`
	Keys []*gKey `parser:"'by' @@ (',' @@)*"`
}

type gDistinct struct {
	All   bool     `parser:"@'*'"`
	Items []*gItem `parser:"| @@ (',' @@)*"`
}

type gRender struct {
	Pos  lexer.Position
	Kind string     `parser:"@Name"`
	With []*gOption `parser:"( 'with' '(' @@ (',' @@)* ')' )?"`
}

type gOption struct {
	Pos    lexer.Position
	Name   string   `parser:"@Alias '='"`
	Text   string   `parser:"( @Text"`
	Values []*gName `parser:"| @@ ( ',' @@ (?! '=') )* )"`
}

type gOr struct {
	Left *gAnd   `parser:"@@"`
	Rest []*gAnd `parser:"( 'or' @@ )*"`
}

type gAnd struct {
	Left *gNot   `parser:"@@"`
	Rest []*gNot `parser:"( 'and' @@ )*"`
}

type gNot struct {
	Pos  lexer.Position
	Nots []string `parser:"@( 'not' | '!' )*"`
	Cmp  *gCmp    `parser:"@@"`
}

type gCmp struct {
	Left    *gSum      `parser:"@@"`
	Sign    string     `parser:"( @( '==' | '!=' | '=~' | '!~' | '<=' | '>=' | '<' | '>' | 'has' | '!has' | 'has_cs' | '!has_cs' | 'contains' | '!contains' | 'contains_cs' | '!contains_cs' | 'startswith' | '!startswith' | 'startswith_cs' | '!startswith_cs' | 'endswith' | '!endswith' | 'endswith_cs' | '!endswith_cs' )"`
	Right   *gSum      `parser:"@@"`
	Match   *gSum      `parser:"| 'matches' 'regex' @@"`
	Set     string     `parser:"| @( 'in' | '!in' | 'in~' | '!in~' | 'has_any' | 'has_all' )"`
	Members []*gSum    `parser:"'(' @@ ( ',' @@ )* ')'"`
	Between string     `parser:"| @( 'between' | '!between' )"`
	Limits  *gInterval `parser:"@@ )?"`
}

type gInterval struct {
	From *gSum `parser:"'(' @@"`
	To   *gSum `parser:"'..' @@ ')'"`
}

type gSum struct {
	Left *gProduct `parser:"@@"`
	Rest []*gTerm  `parser:"@@*"`
}

type gTerm struct {
	Sign  string    `parser:"@( '+' | '-' )"`
	Right *gProduct `parser:"@@"`
}

type gProduct struct {
	Left *gSigned   `parser:"@@"`
	Rest []*gFactor `parser:"@@*"`
}

type gFactor struct {
	Sign  string   `parser:"@( '*' | '/' | '%' )"`
	Right *gSigned `parser:"@@"`
}

type gSigned struct {
	Pos   lexer.Position
	Signs []string  `parser:"@( '+' | '-' )*"`
	Value *gPostfix `parser:"@@"`
}

type gPostfix struct {
	Primary *gPrimary  `parser:"@@"`
	Parts   []*gSuffix `parser:"@@*"`
}

type gSuffix struct {
	EndPos lexer.Position
	Member string `parser:"'.' @(Name | Quoted)"`
	Index  *gOr   `parser:"| '[' @@ ']'"`
}

type gPrimary struct {
	Pos    lexer.Position
	EndPos lexer.Position
	Call   *gCall `parser:"@@"`
	Name   string `parser:"| @(Name | Quoted)"`
	Text   string `parser:"| @Text"`
	Int    string `parser:"| @Int"`
	Real   string `parser:"| @Real"`
	Span   string `parser:"| @Span"`
	Time   string `parser:"| @Time"`
	Bool   string `parser:"| @Bool"`
	Inner  *gOr   `parser:"| '(' @@ ')'"`
}

type gCall struct {
	Name string  `parser:"@Func '('"`
	Args []*gArg `parser:"( @@ ( ',' @@ )* )? ')'"`
}

type gArg struct {
	Pos  lexer.Position
	Star bool `parser:"@'*'"`
	Expr *gOr `parser:"| @@"`
}

// tokens stands where participle wants a lexer: scan has done its work before.
type tokens struct{}

func (tokens) Symbols() map[string]lexer.TokenType { return symbols }

func (tokens) Lex(_ string, r io.Reader) (lexer.Lexer, error) {
	src, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	list, bad := scan(string(src))
	if bad != nil {
		return nil, bad
	}
	return &replay{tokens: list}, nil
}

func grammar[G any]() func() *participle.Parser[G] {
	return sync.OnceValue(func() *participle.Parser[G] {
		return participle.MustBuild[G](participle.Lexer(tokens{}), participle.CaseInsensitive("Name"))
	})
}

var (
	queryGrammar     = grammar[gQuery]()
	conditionGrammar = grammar[gCondition]()
)

// parse makes a tree of grammar nodes. What is wrong with the query is told in
// the words of diagnose.
func parse[G any](src string, list []token, p *participle.Parser[G], pipeline bool) (*G, *Error) {
	peeking, err := lexer.Upgrade(&replay{tokens: list})
	if err == nil {
		var tree *G
		if tree, err = p.ParseFromLexer(peeking); err == nil {
			return tree, nil
		}
	}
	pos := len(src)
	var at participle.Error
	if errors.As(err, &at) {
		pos = at.Position().Offset
	}
	return nil, diagnose(src, list, pos, pipeline)
}
