// Parameters on the command line: a value's form says what it is.
#include "cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define XSD "http://www.w3.org/2001/XMLSchema#"

// True if text has the form of `shape`, in which 0 stands for a digit.
static bool shaped(const char* text, size_t len, const char* shape) {
  if (strlen(shape) != len) {
    return false;
  }
  for (size_t i = 0; i < len; i++) {
    if (shape[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i]) {
      return false;
    }
  }
  return true;
}

// A date or time with at least a year and a month, as the language writes it.
static bool is_date(const char* text, size_t len) {
  static const char* const shapes[] = {"0000-00", "0000-00-00", "0000-00-00T00:00", "0000-00-00T00:00:00", NULL};
  static const char* const zones[] = {"", "Z", "+00:00", "-00:00", NULL};
  for (size_t z = 0; zones[z]; z++) {
    const size_t zone = strlen(zones[z]);
    if (len < zone || !shaped(text + len - zone, zone, zones[z])) {
      continue;
    }
    for (size_t i = zone ? 2 : 0; shapes[i]; i++) {
      if (shaped(text, len - zone, shapes[i])) {
        return true;
      }
    }
  }
  return false;
}

static bool is_interval(const char* text) {
  const char* dots = strstr(text, "..");
  return dots && is_date(text, (size_t)(dots - text)) && is_date(dots + 2, strlen(dots + 2));
}

static parley_value interval(char* text) {
  char* dots = strstr(text, "..");
  *dots = '/';  // the form of ISO 8601
  memmove(dots + 1, dots + 2, strlen(dots + 2) + 1);
  return parley_date(text);
}

static parley_value parse_number(const char* text) {
  const size_t sign = *text == '-';
  const size_t whole = strspn(text + sign, "0123456789");
  const char* rest = text + sign + whole;
  char* end;
  if (whole && *rest == '\0') {
    return whole < 19 ? parley_integer(strtoll(text, NULL, 10)) : parley_typed(text, XSD "integer");
  }
  const size_t part = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
  if (whole && part && rest[1 + part] == '\0') {
    return parley_typed(text, XSD "decimal");
  }
  rest += part ? part + 1 : 0;
  if (whole && (*rest == 'e' || *rest == 'E') &&
      (isdigit((unsigned char)rest[1]) || rest[1] == '-' || rest[1] == '+')) {
    const double number = strtod(text, &end);
    if (*end == '\0') {
      return parley_double(number);
    }
  }
  return (parley_value){.type = PARLEY_NULL};
}

// A value as people write it on a command line: numbers, dates, booleans and <iri> by their form, anything else a
// string. What is written in double quotes is a string whatever its form.
static parley_value parse_value(char* text) {
  const size_t len = strlen(text);
  if (len >= 2 && ((text[0] == '"' && text[len - 1] == '"') || (text[0] == '<' && text[len - 1] == '>'))) {
    const bool iri = text[0] == '<';
    text[len - 1] = '\0';
    return iri ? parley_iri(text + 1) : parley_string(text + 1);
  }
  if (!strcmp(text, "true") || !strcmp(text, "false")) {
    return parley_boolean(text[0] == 't');
  }
  if (is_date(text, len)) {
    return parley_date(text);
  }
  if (is_interval(text)) {
    return interval(text);
  }
  const parley_value number = parse_number(text);
  return number.type == PARLEY_NULL ? parley_string(text) : number;
}

parley_value cli_node_value(char* text) {
  const size_t len = strlen(text);
  if (len >= 2 && text[0] == '<' && text[len - 1] == '>') {
    text[len - 1] = '\0';
    return parley_iri(text + 1);
  }
  return strstr(text, "://") ? parley_iri(text) : parley_name(text);
}

cli_exit cli_param_add(cli_session* session, char* text, bool node) {
  char* equals = strchr(text, '=');
  if (!equals || equals == text) {
    return cli_usage("`%s` is not name=value", text);
  }
  *equals = '\0';
  cli_param* grown = realloc(session->params, (session->param_count + 1) * sizeof *grown);
  if (!grown) {
    return cli_system_error("parameters");
  }
  session->params = grown;
  cli_param* param = &session->params[session->param_count++];
  *param = (cli_param){.name = text + (*text == '$')};
  param->value = node ? cli_node_value(equals + 1) : parse_value(equals + 1);
  return CLI_OK;
}
