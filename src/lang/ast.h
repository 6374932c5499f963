/// The abstract syntax tree: what was written, in the order and with the spans it was written in.
///
/// One node type serves all rules: a kind, the words of its text, and a list of children. That keeps the grammar at one
/// constructor call per rule, and lets one short function print the tree. Which children a kind has is said in the
/// table below; an optional child that was not written is left out, and is told from others by its kind.
///
/// Text is a slice of the source where nothing had to be decoded. Nodes live in the parse arena and are never freed
/// singly. Every node knows its depth, so that no text can make a tree that a recursive reader could not walk.
#ifndef PL_LANG_AST_H
#define PL_LANG_AST_H

#include "algebra/algebra.h"

/// AST(kind) - children in order; `x?` may be missing, `x*` may repeat.
#define PL_AST_KINDS(AST)                                                                  \
  AST(STATEMENT)      /* PROLOGUE? LENSES? body; op = pl_query_mode, or PL_AST_WHY */      \
  AST(PROLOGUE)       /* PREFIX or BASE * */                                               \
  AST(PREFIX)         /* text = name with its colon; IRI */                                \
  AST(BASE)           /* IRI */                                                            \
  AST(LENSES)         /* lens * */                                                         \
  AST(LENS_AT)        /* expr */                                                           \
  AST(LENS_DURING)    /* expr expr? */                                                     \
  AST(LENS_ACCORDING) /* TERMS or GROUP; op = 1: negated */                                \
  AST(LENS_TRUST)     /* expr */                                                           \
  AST(LENS_SAME)      /* expr */                                                           \
  AST(TERMS)          /* term * */                                                         \
  AST(QUERY)          /* SINGLE * */                                                       \
  AST(SINGLE)         /* clause *; op = how it joins those before: 0 union, 1 union all */ \
  AST(DESCRIBE)       /* TERMS */                                                          \
  AST(DEFINE)         /* NAME path, or NAME NULL: forget it */                             \
  AST(CONFLICTS)      /* TERMS? */                                                         \
  AST(MATCH)          /* PATTERN */                                                        \
  AST(WHERE)          /* expr */                                                           \
  AST(LET)            /* BIND * */                                                         \
  AST(BIND)           /* VAR expr */                                                       \
  AST(FOR)            /* VAR expr */                                                       \
  AST(WITH)           /* ITEMS or STAR, ORDER? SKIP? LIMIT?; op = 1: distinct */           \
  AST(RETURN)         /* as WITH */                                                        \
  AST(RETURN_GRAPH)   /* PATTERN? */                                                       \
  AST(DELETE)         /* PATTERN */                                                        \
  AST(INSERT)         /* PATTERN */                                                        \
  AST(STAR)                                                                                \
  AST(ITEMS)           /* ITEM * */                                                        \
  AST(ITEM)            /* expr, VAR? = its alias */                                        \
  AST(ORDER)           /* KEY * */                                                         \
  AST(KEY)             /* expr; op = 1: descending */                                      \
  AST(SKIP)            /* expr */                                                          \
  AST(LIMIT)           /* expr */                                                          \
  AST(PATTERN)         /* element * */                                                     \
  AST(GROUP)           /* PATTERN WHERE? */                                                \
  AST(TRIPLES)         /* subject PO * */                                                  \
  AST(PO)              /* path OBJECT *; op = 1: optional (in annotations) */              \
  AST(OBJECT)          /* term, BRACKET, INTERVAL or COMPARE; ANNOTATION? ALIAS? */        \
  AST(ALIAS)           /* VAR */                                                           \
  AST(ANNOTATION)      /* PO * */                                                          \
  AST(BRACKET)         /* PO * */                                                          \
  AST(COMPARE)         /* expr VAR?; op = pl_fn */                                         \
  AST(INTERVAL)        /* DATE or INTEGER, twice */                                        \
  AST(OPTIONAL)        /* GROUP */                                                         \
  AST(WITHOUT)         /* GROUP: not ( ... ) */                                            \
  AST(EITHER)          /* GROUP * */                                                       \
  AST(GIVEN)           /* LENSES GROUP */                                                  \
  AST(SHORTEST)        /* subject path object ALIAS?; op = 1: all */                       \
  AST(PATH_ALT)        /* path * */                                                        \
  AST(PATH_SEQ)        /* path * */                                                        \
  AST(PATH_INVERSE)    /* path */                                                          \
  AST(PATH_EITHER_WAY) /* path */                                                          \
  AST(PATH_EXCEPT)     /* path */                                                          \
  AST(PATH_REPEAT)     /* path; text = what was written: + * ? or {1,3} */                 \
  AST(VERB_TYPE)       /* the verb `a` */                                                  \
  AST(WILD)            /* _ */                                                             \
  AST(VAR)             /* text = name */                                                   \
  AST(PARAM)           /* text = name */                                                   \
  AST(IRI)             /* text */                                                          \
  AST(PNAME)           /* text with its colon */                                           \
  AST(NAME)            /* text */                                                          \
  AST(BNODE)           /* text = label */                                                  \
  AST(LABEL)           /* text; @"..." */                                                  \
  AST(LABEL_VAR)       /* text; @?x */                                                     \
  AST(LABEL_PARAM)     /* text; @$x */                                                     \
  AST(STRING)          /* text; LANG? or datatype name? */                                 \
  AST(LANG)            /* text */                                                          \
  AST(INTEGER)         /* text; op = 1: a minus sign before it */                          \
  AST(DECIMAL)                                                                             \
  AST(DOUBLE)                                                                              \
  AST(DATE)                                                                                \
  AST(TRUE)                                                                                \
  AST(FALSE)                                                                               \
  AST(NULL)                                                                                \
  AST(OP)     /* expr *; op = pl_fn */                                                     \
  AST(RANGE)  /* expr expr */                                                              \
  AST(IF)     /* expr expr expr */                                                         \
  AST(LIST)   /* expr * */                                                                 \
  AST(CALL)   /* NAME expr *; op = 1: distinct, 2: star */                                 \
  AST(EXISTS) /* GROUP */                                                                  \
  AST(ERROR)  /* stands for what could not be read */

typedef enum pl_ast_kind {
#define AST(kind) PL_AST_##kind,
  PL_AST_KINDS(AST)
#undef AST
      PL_AST_KIND_COUNT_
} pl_ast_kind;

#define PL_AST_WHY 100u                         ///< STATEMENT.op for `why`
#define PL_AST_NEGATED 1u                       ///< op of a lens, and of a number with a minus sign
#define PL_AST_DISTINCT 1u                      ///< op of a call, `with` and `return`
#define PL_AST_STAR_ARGUMENT 2u                 ///< op of count(*)
#define PL_AST_DEPTH_MAX (5u * PL_NESTING_MAX)  ///< nodes above each other: no bracket makes more than five

typedef struct pl_ast pl_ast;
struct pl_ast {
  pl_ast_kind kind;  ///< what it is
  uint32_t op;       ///< see the table
  pl_span span;      ///< in the query text
  uint32_t depth;    ///< 1 for a leaf
  uint32_t count;    ///< children
  pl_str text;       ///< decoded words
  pl_ast* first;     ///< first child
  pl_ast* last;      ///< last child
  pl_ast* next;      ///< next child of the same parent
};

/// Printed name of a kind.
const char* pl_ast_kind_name(pl_ast_kind kind);
/// First child of that kind, or NULL.
const pl_ast* pl_ast_child(const pl_ast* node, pl_ast_kind kind);
/// Child number `index`, or NULL.
const pl_ast* pl_ast_at(const pl_ast* node, uint32_t index);
/// Print as an indented tree.
pl_status pl_ast_print(const pl_ast* root, pl_buf* out);

#endif
