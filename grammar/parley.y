/* The grammar of the query language (docs/language.md). A rule is its shape and one constructor call: names, types and
   meaning belong to the binder. There are no conflicts. `error` stands only where reading can safely go on: after a
   closing bracket and at the next clause. Words that are not reserved are names wherever no rule needs them otherwise:
   see `bare`. */
%define api.pure full
%define api.push-pull push
%define api.prefix {pl_parse_}
%define api.token.prefix {PL_TOK_}
%define api.value.type {union pl_parse_value}
%define api.location.type {pl_span}
%define parse.error custom
%define parse.lac full
%locations
%param {pl_parser* parser}
%expect 0

%code requires {
#include "lang/parse.h"
}
%code {
/* The stacks have their full size from the start and live in the arena: pl_parse_new. */
#define YYINITDEPTH 2000
#define YYMAXDEPTH 2000
#define YYMALLOC(size) NULL
#define YYFREE(pointer) ((void)(pointer))
#define YYLLOC_DEFAULT(current, rhs, n)                                                       \
  ((current) = (n) ? (pl_span){YYRHSLOC(rhs, 1).start, YYRHSLOC(rhs, n).end}                  \
                   : (pl_span){YYRHSLOC(rhs, 0).end, YYRHSLOC(rhs, 0).end})
/* A node over the children named, NULLs left out. */
#define NODE(kind, span, ...) \
  pl_ast_node(parser, PL_AST_##kind, span, 0, (pl_ast*[]){__VA_ARGS__}, PL_COUNT_OF(((pl_ast*[]){__VA_ARGS__})))
#define NODE_OP(kind, span, op, ...) \
  pl_ast_node(parser, PL_AST_##kind, span, op, (pl_ast*[]){__VA_ARGS__}, PL_COUNT_OF(((pl_ast*[]){__VA_ARGS__})))
#define LEAF(kind, span, text) pl_ast_leaf(parser, PL_AST_##kind, span, text)
#define WORD(kind, span) pl_ast_leaf(parser, PL_AST_##kind, span, (pl_str){0})
#define ADD(list, item) pl_ast_add(parser, list, item)
#define BINARY(fn, span, a, b) NODE_OP(OP, span, PL_FN_##fn, a, b)
#define UNARY(fn, span, a) NODE_OP(OP, span, PL_FN_##fn, a)

static void pl_parse_error(const pl_span* span, pl_parser* parser, const char* text);
}

%token YYEOF 0 "end of query"
%token <text> IRI "an IRI" PNAME "a prefixed name" NAME "a name" BNODE "a blank node" STRING "a string" LANGTAG "a language tag"
%token <text> INTEGER "an integer" DECIMAL "a decimal" DOUBLE "a double" DATE "a date"
%token <text> VAR "a variable" PARAM "a parameter" LABEL "a label" LABEL_VAR "a label variable" LABEL_PARAM "a label parameter"
%token A "a" ACCORDING "according" ALL "all" AND "and" AS "as" ASC "asc" AT "at" BASE "base" BY "by"
%token CONFLICTS "conflicts" DEFINE "define"
%token DELETE "delete" DESC "desc" DESCRIBE "describe" DISTINCT "distinct" DURING "during" EITHER "either" ELSE "else"
%token EXISTS "exists" EXPLAIN "explain" FALSE "false" FOR "for" GIVEN "given" GRAPH "graph" IF "if" IN "in" INSERT "insert"
%token LET "let" LIMIT "limit" MATCH "match" NOT "not" NULL "null" OPTIONAL "optional" OR "or" ORDER "order" PREFIX "prefix"
%token PREVIEW "preview" PROFILE "profile" RETURN "return" SAME "same" SHORTEST "shortest" SKIP "skip" THEN "then" TO "to" TRUE "true"
%token TRUST "trust" UNION "union" WHERE "where" WHY "why" WITH "with"
%token DOTDOT ".." NE "!=" LE "<=" GE ">=" HATHAT "^^" WILD "_"

%type <node> statement prologue declaration body lens lenses lens_arg source terms query single clauses clause tail
%type <node> pattern_opt pattern group elements element triples po object object_term bracket bracket_open interval
%type <node> interval_end annotation_opt annotation_list annotation alias_opt either compare where_opt bindings binding
%type <node> items item_list item order_opt keys key skip_opt limit_opt node term name bare name_verb literal number path
%type <node> path_seq path_part path_prim expr cmp range sum prim list args call delete insert
%type <op> mode distinct_opt

%precedence ELSE
%left OR
%left AND
%precedence NOT
%left '+' '-'
%left '*' '/' '%'
%precedence UMINUS

%%

input
  : statement                 { parser->root = $statement; }
  | statement ';'             { parser->root = $statement; }
  ;

statement
  : prologue mode body        { $$ = pl_ast_set_op(ADD($body, $prologue), $mode, @$); }
  ;
prologue
  : %empty                    { $$ = NULL; }
  | prologue declaration      { $$ = ADD($1 ? $1 : WORD(PROLOGUE, @2), $2); }
  ;
declaration
  : PREFIX PNAME IRI          { $$ = pl_ast_add(parser, LEAF(PREFIX, @$, $2), LEAF(IRI, @3, $3)); }
  | BASE IRI                  { $$ = NODE(BASE, @$, LEAF(IRI, @2, $2)); }
  ;
mode
  : %empty                    { $$ = PL_MODE_RUN; }
  | EXPLAIN                   { $$ = PL_MODE_EXPLAIN; }
  | PROFILE                   { $$ = PL_MODE_PROFILE; }
  | WHY                       { $$ = PL_AST_WHY; }
  | PREVIEW                   { $$ = PL_MODE_PREVIEW; }
  ;
body
  : query                     { $$ = NODE(STATEMENT, @$, $1); }
  | lenses query              { $$ = NODE(STATEMENT, @$, $1, $2); }
  | EXISTS group              { $$ = NODE(STATEMENT, @$, NODE(EXISTS, @$, $2)); }
  | lenses EXISTS group       { $$ = NODE(STATEMENT, @$, $1, NODE(EXISTS, @$, $3)); }
  | DESCRIBE terms            { $$ = NODE(STATEMENT, @$, NODE(DESCRIBE, @$, $2)); }
  | lenses DESCRIBE terms     { $$ = NODE(STATEMENT, @$, $1, NODE(DESCRIBE, @$, $3)); }
  | CONFLICTS                 { $$ = NODE(STATEMENT, @$, WORD(CONFLICTS, @$)); }
  | CONFLICTS terms           { $$ = NODE(STATEMENT, @$, NODE(CONFLICTS, @$, $2)); }
  | lenses CONFLICTS          { $$ = NODE(STATEMENT, @$, $1, WORD(CONFLICTS, @2)); }
  | lenses CONFLICTS terms    { $$ = NODE(STATEMENT, @$, $1, NODE(CONFLICTS, @$, $3)); }
  | DEFINE bare '=' NULL      { $$ = NODE(STATEMENT, @$, NODE(DEFINE, @$, $2, WORD(NULL, @4))); }
  | DEFINE bare '=' path      { $$ = NODE(STATEMENT, @$, NODE(DEFINE, @$, $2, $4)); }
  ;

lenses
  : lens                      { $$ = NODE(LENSES, @$, $1); }
  | lenses lens               { $$ = ADD($1, $2); }
  ;
lens
  : AT lens_arg               { $$ = NODE(LENS_AT, @$, $2); }
  | DURING lens_arg           { $$ = NODE(LENS_DURING, @$, $2); }
  | DURING lens_arg DOTDOT lens_arg { $$ = NODE(LENS_DURING, @$, $2, $4); }
  | ACCORDING TO source       { $$ = NODE(LENS_ACCORDING, @$, $3); }
  | NOT ACCORDING TO source   { $$ = NODE_OP(LENS_ACCORDING, @$, PL_AST_NEGATED, $4); }
  | TRUST lens_arg            { $$ = NODE(LENS_TRUST, @$, $2); }
  | SAME lens_arg             { $$ = NODE(LENS_SAME, @$, $2); }
  ;
lens_arg
  : VAR                       { $$ = LEAF(VAR, @$, $1); }
  | PARAM                     { $$ = LEAF(PARAM, @$, $1); }
  | literal
  | call
  ;
source
  : terms
  | group
  ;
terms
  : term                      { $$ = NODE(TERMS, @$, $1); }
  | terms ',' term            { $$ = ADD($1, $3); }
  ;

query
  : single                    { $$ = NODE(QUERY, @$, $1); }
  | query UNION single        { $$ = ADD($1, $3); }
  | query UNION ALL single    { $$ = ADD($1, pl_ast_set_op($4, 1, @4)); }
  ;
single
  : clauses tail              { $$ = ADD($1, $2); }
  | clauses delete insert     { $$ = ADD(ADD($1, $2), $3); }
  | tail                      { $$ = NODE(SINGLE, @$, $1); }
  | delete insert             { $$ = NODE(SINGLE, @$, $1, $2); }
  ;
clauses
  : clause                    { $$ = NODE(SINGLE, @$, $1); }
  | clauses clause            { $$ = ADD($1, $2); }
  | clauses error             { $$ = $1; }
  ;
clause
  : MATCH pattern             { $$ = NODE(MATCH, @$, $2); }
  | MATCH error               { $$ = WORD(ERROR, @$); }
  | WHERE expr                { $$ = NODE(WHERE, @$, $2); }
  | LET bindings              { $$ = $2; }
  | FOR VAR IN expr           { $$ = NODE(FOR, @$, LEAF(VAR, @2, $2), $4); }
  | WITH distinct_opt items order_opt skip_opt limit_opt { $$ = NODE_OP(WITH, @$, $2, $3, $4, $5, $6); }
  ;
bindings
  : binding                   { $$ = NODE(LET, @$, $1); }
  | bindings ',' binding      { $$ = ADD($1, $3); }
  ;
binding
  : VAR '=' expr              { $$ = NODE(BIND, @$, LEAF(VAR, @1, $1), $3); }
  ;
tail
  : RETURN distinct_opt items order_opt skip_opt limit_opt { $$ = NODE_OP(RETURN, @$, $2, $3, $4, $5, $6); }
  | RETURN GRAPH pattern_opt  { $$ = NODE(RETURN_GRAPH, @$, $3); }
  | delete
  | insert
  ;
delete
  : DELETE '(' pattern ')'    { $$ = NODE(DELETE, @$, $3); }
  ;
insert
  : INSERT '(' pattern ')'    { $$ = NODE(INSERT, @$, $3); }
  ;
pattern_opt
  : %empty                    { $$ = NULL; }
  | '(' pattern ')'           { $$ = $2; }
  ;
distinct_opt
  : %empty                    { $$ = 0; }
  | DISTINCT                  { $$ = PL_AST_DISTINCT; }
  ;
items
  : '*'                       { $$ = WORD(STAR, @$); }
  | item_list
  ;
item_list
  : item                      { $$ = NODE(ITEMS, @$, $1); }
  | item_list ',' item        { $$ = ADD($1, $3); }
  ;
item
  : expr                      { $$ = NODE(ITEM, @$, $1); }
  | expr AS VAR               { $$ = NODE(ITEM, @$, $1, LEAF(VAR, @3, $3)); }
  ;
order_opt
  : %empty                    { $$ = NULL; }
  | ORDER BY keys             { $$ = $3; }
  ;
keys
  : key                       { $$ = NODE(ORDER, @$, $1); }
  | keys ',' key              { $$ = ADD($1, $3); }
  ;
key
  : expr                      { $$ = NODE(KEY, @$, $1); }
  | expr ASC                  { $$ = NODE(KEY, @$, $1); }
  | expr DESC                 { $$ = NODE_OP(KEY, @$, 1, $1); }
  ;
skip_opt
  : %empty                    { $$ = NULL; }
  | SKIP expr                 { $$ = NODE(SKIP, @$, $2); }
  ;
limit_opt
  : %empty                    { $$ = NULL; }
  | LIMIT expr                { $$ = NODE(LIMIT, @$, $2); }
  ;

pattern
  : elements
  | elements '.'              { $$ = $1; }
  ;
elements
  : element                   { $$ = NODE(PATTERN, @$, $1); }
  | elements '.' element      { $$ = ADD($1, $3); }
  ;
element
  : triples
  | OPTIONAL group            { $$ = NODE(OPTIONAL, @$, $2); }
  | NOT group                 { $$ = NODE(WITHOUT, @$, $2); }
  | either
  | GIVEN lenses group        { $$ = NODE(GIVEN, @$, $2, $3); }
  | SHORTEST node[s] path node[o] alias_opt { $$ = NODE(SHORTEST, @$, $s, $path, $o, $alias_opt); }
  | ALL SHORTEST node[s] path node[o] alias_opt { $$ = NODE_OP(SHORTEST, @$, 1, $s, $path, $o, $alias_opt); }
  ;
either
  : EITHER group OR group     { $$ = NODE(EITHER, @$, $2, $4); }
  | either OR group           { $$ = ADD($1, $3); }
  ;
group
  : '(' pattern where_opt ')' { $$ = NODE(GROUP, @$, $2, $3); }
  | '(' error ')'             { $$ = WORD(ERROR, @$); }
  ;
where_opt
  : %empty                    { $$ = NULL; }
  | WHERE expr                { $$ = NODE(WHERE, @$, $2); }
  ;
triples
  : node po                   { $$ = NODE(TRIPLES, @$, $1, $2); }
  | bracket                   { $$ = NODE(TRIPLES, @$, $1); }
  | bracket po                { $$ = NODE(TRIPLES, @$, $1, $2); }
  | triples ';' po            { $$ = ADD($1, $3); }
  | triples ';'               { $$ = $1; }
  ;
po
  : path object               { $$ = NODE(PO, @$, $1, $2); }
  | po ',' object             { $$ = ADD($1, $3); }
  ;
object
  : object_term annotation_opt alias_opt { $$ = NODE(OBJECT, @$, $1, $2, $3); }
  ;
object_term
  : node
  | interval
  | bracket
  | compare
  | VAR compare               { $$ = ADD($2, LEAF(VAR, @1, $1)); }
  ;
interval
  : interval_end DOTDOT interval_end { $$ = NODE(INTERVAL, @$, $1, $3); }
  ;
interval_end
  : DATE                      { $$ = LEAF(DATE, @$, $1); }
  | INTEGER                   { $$ = LEAF(INTEGER, @$, $1); }
  ;
bracket
  : bracket_open ']'          { $$ = pl_ast_set_op($1, 0, @$); }
  | '[' ']'                   { $$ = WORD(BRACKET, @$); }
  | '[' error ']'             { $$ = WORD(ERROR, @$); }
  ;
bracket_open
  : '[' po                    { $$ = NODE(BRACKET, @$, $2); }
  | bracket_open ';' po       { $$ = ADD($1, $3); }
  | bracket_open ';'          { $$ = $1; }
  ;
annotation_opt
  : %empty                    { $$ = NULL; }
  | '{' annotation_list '}'   { $$ = $2; }
  | '{' error '}'             { $$ = NULL; }
  ;
annotation_list
  : annotation                { $$ = NODE(ANNOTATION, @$, $1); }
  | annotation_list ';' annotation { $$ = ADD($1, $3); }
  | annotation_list ';'       { $$ = $1; }
  ;
annotation
  : po
  | OPTIONAL po               { $$ = pl_ast_set_op($2, 1, @$); }
  ;
alias_opt
  : %empty                    { $$ = NULL; }
  | AS VAR                    { $$ = NODE(ALIAS, @$, LEAF(VAR, @2, $2)); }
  ;
compare
  : '=' sum                   { $$ = NODE_OP(COMPARE, @$, PL_FN_EQ, $2); }
  | NE sum                    { $$ = NODE_OP(COMPARE, @$, PL_FN_NE, $2); }
  | '<' sum                   { $$ = NODE_OP(COMPARE, @$, PL_FN_LT, $2); }
  | LE sum                    { $$ = NODE_OP(COMPARE, @$, PL_FN_LE, $2); }
  | '>' sum                   { $$ = NODE_OP(COMPARE, @$, PL_FN_GT, $2); }
  | GE sum                    { $$ = NODE_OP(COMPARE, @$, PL_FN_GE, $2); }
  | '~' sum                   { $$ = NODE_OP(COMPARE, @$, PL_FN_MATCH_TEXT, $2); }
  | IN range                  { $$ = NODE_OP(COMPARE, @$, PL_FN_IN, $2); }
  ;

node
  : term
  | WILD                      { $$ = WORD(WILD, @$); }
  | '-' number                { $$ = pl_ast_set_op($2, PL_AST_NEGATED, @$); }
  ;
term
  : VAR                       { $$ = LEAF(VAR, @$, $1); }
  | PARAM                     { $$ = LEAF(PARAM, @$, $1); }
  | name
  | BNODE                     { $$ = LEAF(BNODE, @$, $1); }
  | literal
  | LABEL                     { $$ = LEAF(LABEL, @$, $1); }
  | LABEL_VAR                 { $$ = LEAF(LABEL_VAR, @$, $1); }
  | LABEL_PARAM               { $$ = LEAF(LABEL_PARAM, @$, $1); }
  ;
name
  : name_verb
  | A                         { $$ = LEAF(NAME, @$, PL_STR("a")); }
  ;
name_verb
  : IRI                       { $$ = LEAF(IRI, @$, $1); }
  | PNAME                     { $$ = LEAF(PNAME, @$, $1); }
  | bare
  ;
bare
  : NAME                      { $$ = LEAF(NAME, @$, $1); }
  | ACCORDING                 { $$ = LEAF(NAME, @$, PL_STR("according")); }
  | ALL                       { $$ = LEAF(NAME, @$, PL_STR("all")); }
  | ASC                       { $$ = LEAF(NAME, @$, PL_STR("asc")); }
  | AT                        { $$ = LEAF(NAME, @$, PL_STR("at")); }
  | CONFLICTS                 { $$ = LEAF(NAME, @$, PL_STR("conflicts")); }
  | DESC                      { $$ = LEAF(NAME, @$, PL_STR("desc")); }
  | DURING                    { $$ = LEAF(NAME, @$, PL_STR("during")); }
  | PREVIEW                   { $$ = LEAF(NAME, @$, PL_STR("preview")); }
  | SAME                      { $$ = LEAF(NAME, @$, PL_STR("same")); }
  | TO                        { $$ = LEAF(NAME, @$, PL_STR("to")); }
  | TRUST                     { $$ = LEAF(NAME, @$, PL_STR("trust")); }
  ;
literal
  : STRING                    { $$ = LEAF(STRING, @$, $1); }
  | STRING LANGTAG            { $$ = ADD(LEAF(STRING, @$, $1), LEAF(LANG, @2, $2)); }
  | STRING HATHAT name        { $$ = ADD(LEAF(STRING, @$, $1), $3); }
  | number
  | DATE                      { $$ = LEAF(DATE, @$, $1); }
  | TRUE                      { $$ = WORD(TRUE, @$); }
  | FALSE                     { $$ = WORD(FALSE, @$); }
  ;
number
  : INTEGER                   { $$ = LEAF(INTEGER, @$, $1); }
  | DECIMAL                   { $$ = LEAF(DECIMAL, @$, $1); }
  | DOUBLE                    { $$ = LEAF(DOUBLE, @$, $1); }
  ;

path
  : path_seq
  | path '|' path_seq         { $$ = pl_ast_chain(parser, PL_AST_PATH_ALT, 0, @$, $1, $3); }
  ;
path_seq
  : path_part
  | path_seq '/' path_part    { $$ = pl_ast_chain(parser, PL_AST_PATH_SEQ, 0, @$, $1, $3); }
  ;
path_part
  : path_prim
  | path_part '+'             { $$ = ADD(LEAF(PATH_REPEAT, @$, PL_STR("+")), $1); }
  | path_part '*'             { $$ = ADD(LEAF(PATH_REPEAT, @$, PL_STR("*")), $1); }
  | path_part '?'             { $$ = ADD(LEAF(PATH_REPEAT, @$, PL_STR("?")), $1); }
  | path_part '{' INTEGER '}' { $$ = NODE(PATH_REPEAT, @$, $1, LEAF(INTEGER, @3, $3)); }
  | path_part '{' INTEGER ',' '}' { $$ = NODE_OP(PATH_REPEAT, @$, 1, $1, LEAF(INTEGER, @3, $3)); }
  | path_part '{' INTEGER ',' INTEGER '}' { $$ = NODE(PATH_REPEAT, @$, $1, LEAF(INTEGER, @3, $3), LEAF(INTEGER, @5, $5)); }
  ;
path_prim
  : name_verb
  | A                         { $$ = WORD(VERB_TYPE, @$); }
  | VAR                       { $$ = LEAF(VAR, @$, $1); }
  | PARAM                     { $$ = LEAF(PARAM, @$, $1); }
  | WILD                      { $$ = WORD(WILD, @$); }
  | '^' path_prim             { $$ = NODE(PATH_INVERSE, @$, $2); }
  | '~' path_prim             { $$ = NODE(PATH_EITHER_WAY, @$, $2); }
  | '!' path_prim             { $$ = NODE(PATH_EXCEPT, @$, $2); }
  | '(' path ')'              { $$ = $2; }
  ;

expr
  : expr OR expr              { $$ = pl_ast_chain(parser, PL_AST_OP, PL_FN_OR, @$, $1, $3); }
  | expr AND expr             { $$ = pl_ast_chain(parser, PL_AST_OP, PL_FN_AND, @$, $1, $3); }
  | NOT expr                  { $$ = UNARY(NOT, @$, $2); }
  | IF expr THEN expr ELSE expr { $$ = NODE(IF, @$, $2, $4, $6); }
  | cmp
  ;
cmp
  : range
  | range '=' range           { $$ = BINARY(EQ, @$, $1, $3); }
  | range NE range            { $$ = BINARY(NE, @$, $1, $3); }
  | range '<' range           { $$ = BINARY(LT, @$, $1, $3); }
  | range LE range            { $$ = BINARY(LE, @$, $1, $3); }
  | range '>' range           { $$ = BINARY(GT, @$, $1, $3); }
  | range GE range            { $$ = BINARY(GE, @$, $1, $3); }
  | range '~' range           { $$ = BINARY(MATCH_TEXT, @$, $1, $3); }
  | range IN range            { $$ = BINARY(IN, @$, $1, $3); }
  | range NOT IN range        { $$ = UNARY(NOT, @$, BINARY(IN, @$, $1, $4)); }
  ;
range
  : sum
  | sum DOTDOT sum            { $$ = NODE(RANGE, @$, $1, $3); }
  ;
sum
  : sum '+' sum               { $$ = BINARY(ADD, @$, $1, $3); }
  | sum '-' sum               { $$ = BINARY(SUB, @$, $1, $3); }
  | sum '*' sum               { $$ = BINARY(MUL, @$, $1, $3); }
  | sum '/' sum               { $$ = BINARY(DIV, @$, $1, $3); }
  | sum '%' sum               { $$ = BINARY(MOD, @$, $1, $3); }
  | '-' sum %prec UMINUS      { $$ = UNARY(NEG, @$, $2); }
  | prim
  ;
prim
  : prim '[' expr ']'         { $$ = BINARY(INDEX, @$, $1, $3); }
  | VAR                       { $$ = LEAF(VAR, @$, $1); }
  | PARAM                     { $$ = LEAF(PARAM, @$, $1); }
  | name
  | BNODE                     { $$ = LEAF(BNODE, @$, $1); }
  | literal
  | LABEL                     { $$ = LEAF(LABEL, @$, $1); }
  | LABEL_VAR                 { $$ = LEAF(LABEL_VAR, @$, $1); }
  | LABEL_PARAM               { $$ = LEAF(LABEL_PARAM, @$, $1); }
  | NULL                      { $$ = WORD(NULL, @$); }
  | '(' expr ')'              { $$ = $2; }
  | '(' error ')'             { $$ = WORD(ERROR, @$); }
  | call
  | list
  | EXISTS group              { $$ = NODE(EXISTS, @$, $2); }
  ;
list
  : '[' ']'                   { $$ = WORD(LIST, @$); }
  | '[' args ']'              { $$ = pl_ast_set_op($2, 0, @$); }
  ;
args
  : expr                      { $$ = NODE(LIST, @$, $1); }
  | args ',' expr             { $$ = ADD($1, $3); }
  ;
call
  : bare '(' ')'              { $$ = NODE(CALL, @$, $1); }
  | bare '(' args ')'         { $$ = NODE(CALL, @$, $1, $3); }
  | bare '(' DISTINCT args ')' { $$ = NODE_OP(CALL, @$, PL_AST_DISTINCT, $1, $4); }
  | bare '(' '*' ')'          { $$ = NODE_OP(CALL, @$, PL_AST_STAR_ARGUMENT, $1); }
  ;

%%

static void pl_parse_error(const pl_span* span, pl_parser* parser, const char* text) {
  PL_UNUSED(text);  // the only message that is not custom: the stacks are full
  pl_parse_too_deep(parser, *span);
}

static int yyreport_syntax_error(const yypcontext_t* context, pl_parser* parser) {
  yysymbol_kind_t symbols[YYNTOKENS];
  const char* names[YYNTOKENS];
  const int count = yypcontext_expected_tokens(context, symbols, YYNTOKENS);
  for (int i = 0; i < count; i++) {
    names[i] = yysymbol_name(symbols[i]);
  }
  pl_parse_unexpected(parser, yysymbol_name(yypcontext_token(context)), *yypcontext_location(context), names,
                      count > 0 ? count : 0);
  return 0;
}

struct pl_parse_pstate* pl_parse_new(pl_parser* parser) {
  yypstate* const state = pl_arena_alloc(parser->arena, sizeof(*state));
  yy_state_t* const lookahead = pl_arena_alloc(parser->arena, YYMAXDEPTH * sizeof(*lookahead));
  if (!state || !lookahead) {
    return NULL;
  }
  state->yystacksize = YYINITDEPTH;
  state->yyss = state->yyssa;
  state->yyvs = state->yyvsa;
  state->yyls = state->yylsa;
  state->yyes = lookahead;
  state->yyes_capacity = YYMAXDEPTH;
  yypstate_clear(state);
  return state;
}

int pl_parse_expected(struct pl_parse_pstate* state, int* symbols, int max) {
  yysymbol_kind_t found[YYNTOKENS];
  const int count = yypstate_expected_tokens(state, found, YYNTOKENS);
  for (int i = 0; i < count && i < max; i++) {
    symbols[i] = (int)found[i];
  }
  return count < max ? count : max;
}

const char* pl_parse_symbol(int symbol) { return yysymbol_name((yysymbol_kind_t)symbol); }

const char* pl_parse_token_name(int token) { return yysymbol_name(YYTRANSLATE(token)); }
