/// The interactive shell: what its files share.
#ifndef CLI_SHELL_H
#define CLI_SHELL_H

#include "cli.h"
#include "edit.h"

typedef struct shell {
  cli_session session;  ///< store, format, output
  EditLine* editor;     ///< NULL when standard input is no terminal
  History* history;     ///< NULL when there is no editor
  char* history_path;   ///< file of the history, or NULL
  bool interactive;     ///< prompts, colour, history
  bool quit;            ///< .quit was given
  char* output_path;    ///< where .output sends answers, or NULL
  char* pending;        ///< statement typed so far, or NULL
  size_t pending_len;   ///< bytes of it
  size_t pending_size;  ///< bytes allocated
  int depth;            ///< of .read within .read
  char** names;         ///< predicates and classes for completion, or NULL until asked for
  size_t name_count;    ///< used
} shell;

/// A dot command.
typedef struct shell_command {
  const char* name;                            ///< with the dot
  const char* arguments;                       ///< as help shows them
  const char* summary;                         ///< one line
  cli_exit (*run)(shell* sh, char* argument);  ///< argument: rest of the line, trimmed, maybe ""
} shell_command;
extern const shell_command shell_commands[];

/// Run one dot command line (without newline). Unknown ones get a suggestion.
cli_exit shell_command_run(shell* sh, char* line);
/// Run every line of a stream (a script, or standard input): dot commands and statements. Stops at the first failure.
/// There an empty line ends nothing: only `;` and the end of the file do. `name` is shown in messages.
cli_exit shell_read(shell* sh, FILE* in, const char* name);
/// Close .output's file, if any, and send answers to standard output again.
cli_exit shell_output_reset(shell* sh);

/// Complete the word at the cursor (bound to Tab).
unsigned char shell_complete(EditLine* editor, int key);
/// Forget the names read for completion (after a change).
void shell_names_forget(shell* sh);

/// Open the editor with history and completion; leaves sh->editor NULL if that fails.
void shell_editor_open(shell* sh);
void shell_editor_close(shell* sh);  ///< saves the history
/// Read one line (borrowed until the next call); NULL at the end of input. *interrupted is set when Ctrl-C ended the
/// line.
const char* shell_editor_line(shell* sh, bool* interrupted);
void shell_editor_remember(shell* sh, const char* statement);

#endif
