/// The support of a row: what stands behind it, as a tree for people or as JSON.
#ifndef CLI_WHY_H
#define CLI_WHY_H

#include "names.h"

/// Print the current row's support as a tree, two spaces deeper per level from `indent` on; at most `width` cells a line
/// (0 = all).
parley_status cli_why_tree(FILE* out, cli_names* names, parley_query* query, unsigned indent, size_t width);
/// The same as a JSON array.
parley_status cli_why_json(FILE* out, cli_names* names, parley_query* query);
/// "source, span, confidence 0.97, on 2023-09-05" of one assertion.
void cli_assertion_text(FILE* out, cli_names* names, const parley_support* s);
/// {"source": ..., "span": ...} of one assertion.
void cli_assertion_json(FILE* out, cli_names* names, const parley_support* s);

#endif
