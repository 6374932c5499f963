// parley: find the command and run it. `parley STORE` opens the shell, `parley STORE 'query'` asks one question.
#include "cli.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const cli_command cli_commands[] = {
    {"query", "ask a store, or change it",
     "Usage: parley query STORE 'TEXT'      run the statements of TEXT, ended by ;\n"
     "       parley query STORE -f FILE     run those of a file (- for standard input)\n"
     "       parley STORE 'TEXT'            the same in short\n"
     "\n"
     "  --format F          table (default), csv, tsv, json, jsonl, markdown; graphs also as\n"
     "                      ttl, nt, nq, dot, mermaid, svg, png\n"
     "  --assertions        graphs as ttl, nt, nq: with their assertions\n"
     "  --param NAME=VALUE  bind $NAME; numbers, dates, true, false and <iri> by their form,\n"
     "                      anything else a string; given several times: a list\n"
     "  --node NAME=TEXT    bind $NAME to the node named TEXT\n"
     "  --memory MIB        memory limit of each statement\n"
     "  --timeout SECONDS   time limit of each statement\n"
     "  --max-rows N        fail after N rows\n"
     "  --timer             say how long each statement took\n"
     "  --no-wait           fail instead of waiting for another writer\n"
     "  --read-only         refuse statements that change the store\n"
     "\n"
     "Exit code: 0 done, 1 wrong query, 2 usage, 3 cannot open, read or write, 4 damaged\n"
     "store, 5 interrupted or limit reached. The language: docs/language.md\n",
     cli_query},
    {"load", "load files into a store, making it if need be",
     "Usage: parley load STORE FILE...      (- for standard input, then with --format)\n"
     "\n"
     "  --format F          nt, nq, ttl, trig, jsonl, csv, tsv; else by the file's name\n"
     "                      (.gz and .zst are seen by content)\n"
     "  --skip-bad N        skip up to N bad rows; else the first one stops the load\n"
     "  --bad-rows FILE     keep the skipped rows\n"
     "  --commit-every N    make rows visible and durable every N rows and every second;\n"
     "                      else the load is all or nothing\n"
     "  --map C=K,...       CSV: take column K as C, e.g. subject=head,object=tail\n"
     "  --columns C,...     CSV without a header row: its columns\n"
     "  --base IRI          base of a new store; relative IRIs of Turtle and TriG\n"
     "  --memory MIB        memory for sorting\n"
     "  --no-wait           fail instead of waiting for another writer\n"
     "  -q, --quiet         no progress, no summary\n"
     "\n"
     "Ctrl-C undoes the load. Formats and rules: docs/loading.md\n",
     cli_load},
    {"export", "write a store out, sorted",
     "Usage: parley export STORE [--format F] [--assertions] [-o FILE]\n"
     "\n"
     "  --format F          jsonl (default, exact), nt, nq, ttl\n"
     "  --assertions        nt, nq, ttl: write assertions as RDF 1.2 reifiers\n"
     "  -o, --output FILE   else standard output; the file appears whole or not at all\n"
     "\n"
     "Two equal stores export equal bytes.\n",
     cli_export},
    {"check", "verify a store",
     "Usage: parley check STORE [--deep]    verify the file; exit code 4 on damage\n"
     "       parley check --facts STORE     list contradictions; exit code 1 if there are any\n"
     "\n"
     "  --deep              compare everything with everything; else every page, block and term\n"
     "                      is read once and verified on its own, and counted\n"
     "  --json              one report for machines\n"
     "  --format F          with --facts: table (default), csv, tsv, json, jsonl, markdown\n"
     "\n"
     "A contradiction is two different objects of a single-valued predicate (parley set STORE\n"
     "single), stated for overlapping times or by different sources. Nothing is changed.\n",
     cli_check},
    {"backup", "copy a store while it is in use",
     "Usage: parley backup STORE DEST      copy one moment of a store to a new file\n"
     "\n"
     "  --no-check          do not verify the copy\n"
     "  --json              the closing line for machines\n"
     "\n"
     "Readers and writers go on. DEST must not exist; it appears whole, verified and on the\n"
     "disk, or not at all. It is a store like any other: to restore it, copy it back while no\n"
     "process has the store open. More: docs/keeping.md\n",
     cli_backup},
    {"compact", "give back the room that a store no longer needs",
     "Usage: parley compact STORE          replace a store by a copy without free pages\n"
     "\n"
     "  --no-check          do not verify the copy\n"
     "  --json              the closing line for machines\n"
     "\n"
     "Needs the store for itself: fails while any process has it open. Whatever happens, the\n"
     "file is the old store or the new one. More: docs/keeping.md\n",
     cli_compact},
    {"repair", "save what is readable of a damaged store",
     "Usage: parley repair STORE DEST      save it into a new store, and list what is lost\n"
     "\n"
     "  --json              one report for machines\n"
     "\n"
     "STORE is only read, and no process may have it open. DEST must not exist; it appears whole\n"
     "or not at all. Exit code 0 if STORE was sound, 4 if it was damaged. docs/keeping.md\n",
     cli_repair},
    {"set", "which predicates name things, are searched, have one value",
     "Usage: parley set STORE LIST                      print the list\n"
     "       parley set STORE LIST P...                 replace it\n"
     "       parley set STORE LIST --add P --drop P     change it (each any number of times)\n"
     "\n"
     "LIST is labels (what label() and @\"...\" read, in order of preference), text (what the\n"
     "text index holds; adding one builds it) or single (predicates with one value at a time:\n"
     "what parley check --facts looks at).\n",
     cli_set},
    {"describe", "what is known of a node, and who says so",
     "Usage: parley describe STORE NAME...\n"
     "\n"
     "  --format F          table (a card for each; default), json, jsonl, ttl, nt, nq, dot,\n"
     "                      mermaid, svg, png, csv, tsv, markdown\n"
     "  --assertions        ttl, nt, nq: with their assertions\n",
     cli_describe},
    {"remove", "take back everything that a source said",
     "Usage: parley remove STORE --source NAME [--dry-run]\n"
     "\n"
     "  --source NAME       a node by its name or IRI\n"
     "  --dry-run           list what would go, and change nothing\n"
     "  --format F          of the list: table (default), csv, tsv, json, jsonl, markdown\n"
     "  --no-wait           fail instead of waiting for another writer\n"
     "\n"
     "Facts that another source says as well stay, with its assertions; an assertion that names\n"
     "several sources stays with the others.\n",
     cli_remove},
    {"diff", "what only one of two stores, or of two sources, says",
     "Usage: parley diff A B [--source NAME [--source NAME]]\n"
     "       parley diff STORE --source X --source Y\n"
     "\n"
     "  --source NAME       compare only what this source says (of A and B, if given twice)\n"
     "  --format F          text (default) or jsonl\n"
     "\n"
     "Lines begin with - for what only the first has, with + for the second. Exit code: 0 equal,\n"
     "1 different, 2 trouble.\n",
     cli_diff},
    {"stats", "counts and sizes",
     "Usage: parley stats STORE [--format table|json]      (--json for the latter)\n"
     "\n"
     "Counts; the file's pages in use and free; who reads and how far behind; and of each part\n"
     "its pages, how full they are and what a block holds. docs/keeping.md\n",
     cli_stats},
    {"schema", "what a store holds: classes, predicates, links",
     "Usage: parley schema STORE [--format table|json]\n\n"
     "Classes and predicates with counts, and for each predicate what it links, with an\n"
     "example. ~ marks a count taken from a sample.\n",
     cli_schema},
    {"shell", "open the shell (also: parley STORE)", "Usage: parley shell STORE\n\n.help lists the shell's commands.\n",
     cli_shell},
    {0}};

const cli_command* cli_command_find(const char* name) {
  for (const cli_command* c = cli_commands; c->name; c++) {
    if (!strcmp(c->name, name)) {
      return c;
    }
  }
  return NULL;
}

static cli_exit unknown(const char* word);

static cli_exit help(const char* command) {
  const cli_command* found = command ? cli_command_find(command) : NULL;
  if (command && !found) {
    return unknown(command);
  }
  if (found) {
    fputs(found->help, stdout);
    return CLI_OK;
  }
  printf(
      "Parley %s: a knowledge-graph store that knows who says so\n\n"
      "Usage: parley STORE              open the shell\n"
      "       parley STORE 'QUERY'      ask one question\n"
      "       parley COMMAND ...\n\n",
      parley_version());
  for (const cli_command* c = cli_commands; c->name; c++) {
    printf("  %-8s %s\n", c->name, c->summary);
  }
  fputs(
      "\nparley COMMAND --help explains one; --version prints the version.\n"
      "Exit codes: 0 done, 1 wrong query or data, 2 usage, 3 cannot open, read or write,\n"
      "4 damaged store, 5 interrupted or limit reached.\n",
      stdout);
  return CLI_OK;
}

// The command or option that was probably meant, or NULL.
static const char* looks_like(const char* word) {
  const char* names[24] = {"help", "--help", "--version"};
  size_t count = 3;
  for (const cli_command* c = cli_commands; c->name && count < 23; c++) {
    names[count++] = c->name;
  }
  names[count] = NULL;
  return cli_closest(word, names);
}

static cli_exit unknown(const char* word) {
  const char* near = looks_like(word);
  const char* kind = word[0] == '-' ? "option" : "command";
  return near ? cli_usage("there is no %s `%s`; did you mean `%s`?", kind, word, near)
              : cli_usage("there is no %s `%s` (see parley --help)", kind, word);
}

// A word that names no file, has no dot or slash, and is nearly a command was meant as one.
static bool misspelt(const char* word) { return !strpbrk(word, "./") && access(word, F_OK) != 0 && looks_like(word); }

static cli_exit run(int argc, char** argv) {
  if (argc < 2) {
    help(NULL);
    return CLI_USAGE;
  }
  const char* word = argv[1];
  if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) {
    return help(argc > 2 ? argv[2] : NULL);
  }
  if (!strcmp(word, "--version")) {
    printf("parley %s\n", parley_version());
    return CLI_OK;
  }
  const cli_command* command = cli_command_find(word);
  if (command) {
    return command->run(argc - 1, argv + 1);
  }
  if (word[0] == '-' || misspelt(word)) {
    return unknown(word);
  }
  return argc > 2 ? cli_query(argc, argv) : cli_shell(argc, argv);
}

// A file opened while a standard stream is closed would take its number, and what is printed would go into the store. A
// stream that is missing is held by one that refuses.
static bool hold_streams(void) {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
    if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) != stream) {
      return false;
    }
  }
  return true;
}

int main(int argc, char** argv) {
  if (!hold_streams()) {
    return CLI_IO;
  }
  cli_interrupt_setup();
  return (int)cli_flush(stdout, "standard output", run(argc, argv));
}
