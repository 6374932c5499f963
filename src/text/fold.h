/// Folding: the case-, diacritic- and width-free form of a text (Unicode NFKD, marks stripped, case folded, and a table for letters that do
/// not decompose: đ Đ ð ø Ø ł Ł ħ ı ß æ œ þ and their like). Names found whatever their diacritics rest on it.
#ifndef PL_TEXT_FOLD_H
#define PL_TEXT_FOLD_H

#include "base/guard.h"
#include "base/mem.h"

/// Append the folded form of valid UTF-8. ASCII goes through a fast path.
pl_status pl_fold(pl_str text, pl_buf* out);
/// The same, asking the guard now and then: a text may have a gigabyte. guard may be NULL.
pl_status pl_fold_within(pl_str text, pl_guard* guard, pl_error* err, pl_buf* out);

#endif
