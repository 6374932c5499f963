/// A data model of WatDiv, read: types with attributes, and associations between them.
///
/// The language of such a file, as far as its meaning goes: `<type> NAME n` declares n instances per unit of scale
/// (`<type*>` n at any scale), NAME0, NAME1 and so on; a `<pgroup> p @CLASS` holds attributes that an instance gets
/// together with probability p, only if it has the class; `#association S p O left right cover DIST @S-CLASS @O-CLASS`
/// links each S with probability cover to `right` objects (`right[normal]`: at most so many) drawn by DIST; left = 1
/// gives no object twice. A class is an instance of another type, and an instance has it by an rdf:type association.
#ifndef PL_BENCH_WATDIV_MODEL_H
#define PL_BENCH_WATDIV_MODEL_H

#include <stdbool.h>
#include <stdint.h>

typedef enum watdiv_dist { WATDIV_FIXED, WATDIV_UNIFORM, WATDIV_NORMAL, WATDIV_ZIPFIAN } watdiv_dist;
typedef enum watdiv_kind { WATDIV_INTEGER, WATDIV_STRING, WATDIV_NAME, WATDIV_DATE } watdiv_kind;

typedef struct watdiv_predicate {
  char* iri;         ///< whole, without angle brackets
  watdiv_kind kind;  ///< of its values
  uint32_t min;      ///< least value, dates as days since 1970-01-01
  uint32_t max;      ///< greatest value
  watdiv_dist dist;  ///< of the values between
} watdiv_predicate;

typedef struct watdiv_group {
  double probability;  ///< that an instance has these attributes
  int class;           ///< index in classes, -1: every instance
  uint32_t first;      ///< its predicates are predicates[first] ...
  uint32_t count;      ///< ... and so many
} watdiv_group;

typedef struct watdiv_type {
  char* iri;             ///< of its instances, without their numbers
  uint32_t count;        ///< instances at the scale at hand
  uint32_t group_first;  ///< its groups are groups[group_first] ...
  uint32_t groups;       ///< ... and so many
} watdiv_type;

/// "Instances of subject that are of class number id of type class", wherever a restriction asks for them.
typedef struct watdiv_class {
  int subject;   ///< type whose instances are meant
  int type;      ///< type of the class
  uint32_t id;   ///< which instance of that type the class is
  bool* member;  ///< for each instance of subject
} watdiv_class;

typedef struct watdiv_association {
  char* iri;           ///< predicate
  int subject;         ///< type
  int object;          ///< type
  bool once;           ///< no object twice
  uint32_t right;      ///< objects of a subject, at most
  watdiv_dist spread;  ///< of their number
  double cover;        ///< probability that a subject has any
  watdiv_dist dist;    ///< of the objects
  int subject_class;   ///< index in classes or -1
  int object_class;    ///< index in classes or -1
  bool restricted;     ///< written with classes (even null): comes after all others
} watdiv_association;

typedef struct watdiv_model {
  struct watdiv_namespace* namespaces;
  watdiv_type* types;
  watdiv_group* groups;
  watdiv_predicate* predicates;
  watdiv_association* associations;
  watdiv_class* classes;
  uint32_t namespace_count, type_count, group_count, predicate_count, association_count, class_count;
} watdiv_model;

typedef struct watdiv_namespace {
  char* alias;   ///< before the colon
  char* prefix;  ///< what it stands for
} watdiv_namespace;

/// Read a model for one scale; dies with file and line if it is none.
void watdiv_model_read(watdiv_model* m, const char* path, double scale);
/// Index of the type with this short name or -1.
int watdiv_model_type(const watdiv_model* m, const char* name);
/// `alias:name` as a whole IRI, allocated; NULL if no alias is known before the colon.
char* watdiv_model_expand(const watdiv_model* m, const char* name);

#endif
