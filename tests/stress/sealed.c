/// Nothing that data or a query names is ever opened or run. Once a store is open, this program forbids itself to open,
/// make, rename or remove any file, to start a program or a process and to reach the network (seccomp: the kernel stops
/// it at the attempt); then it loads, asks, exports, compares and checks data full of paths, addresses and commands.
#include "place.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

// ---- the seal -----------------------------------------------------------------------------------------------------

static const int forbidden[] = {
    SYS_openat,   SYS_openat2, SYS_execve,   SYS_execveat,  SYS_clone,  SYS_clone3,       SYS_socket,   SYS_connect,
    SYS_bind,     SYS_sendto,  SYS_sendmsg,  SYS_renameat2, SYS_linkat, SYS_symlinkat,    SYS_unlinkat, SYS_mkdirat,
    SYS_fchmodat, SYS_mknodat, SYS_truncate, SYS_ptrace,    SYS_kill,   SYS_memfd_create,
#ifdef SYS_open  // processors that have the old calls too
    SYS_open,     SYS_creat,   SYS_fork,     SYS_vfork,     SYS_rename, SYS_renameat,     SYS_link,     SYS_symlink,
    SYS_unlink,   SYS_mkdir,   SYS_rmdir,    SYS_chmod,     SYS_mknod,
#endif
};

static void on_attempt(int signal, siginfo_t* info, void* context) {
  (void)signal;
  (void)context;
  char text[64];
  const int len = snprintf(text, sizeof text, "sealed: system call %d was tried\n", info->si_syscall);
  (void)!write(STDERR_FILENO, text, (size_t)len);
  _exit(1);
}

/// False where the system does not grant it.
static int seal(void) {
  enum { CALLS = sizeof forbidden / sizeof forbidden[0] };
  struct sock_filter code[CALLS * 2 + 2];
  size_t n = 0;
  code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < CALLS; i++) {
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)forbidden[i], 0, 1);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
  }
  code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const struct sock_fprog filter = {.len = (unsigned short)n, .filter = code};
  const struct sigaction action = {.sa_sigaction = on_attempt, .sa_flags = SA_SIGINFO};
  return sigaction(SIGSYS, &action, NULL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// ---- data that asks for trouble -----------------------------------------------------------------------------------

static const char turtle[] =
    "@base <file:///etc/> .\n"
    "@prefix f: <file:///etc/> .\n"
    "@prefix h: <http://127.0.0.1:9/> .\n"
    "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
    "<passwd> a owl:Ontology ; owl:imports <file:///etc/shadow>, h:more.ttl, <ftp://127.0.0.1/x> .\n"
    "f:passwd h:see <../../../../etc/passwd>, \"file:///etc/passwd\", \"$(touch /tmp/owned)\", \"`id`\", \"| id\" .\n"
    "h:x <http://www.w3.org/2000/01/rdf-schema#label> \"@import url(http://127.0.0.1/x.css)\", \"; rm -rf /\", "
    "\"%n%s%p\" .\n"
    "h:x <http://www.w3.org/2000/01/rdf-schema#seeAlso> <jar:file:/tmp/x.jar!/>, <data:text/plain,hello> .\n";
static const char jsonl[] =
    "{\"subject\":\"/etc/passwd\",\"predicate\":\"@import\",\"object\":\"file:///dev/zero\",\"source\":\"../../"
    "secret.txt\"}\n"
    "{\"subject\":\"x.gz\",\"predicate\":\"load\",\"object\":\"http://127.0.0.1/x.nt\",\"source\":\"| "
    "sh\",\"confidence\":0.5}\n";
static const char csv[] =
    "subject,predicate,object,source\n"
    "=cmd|'/c calc'!A0,opens,/etc/hosts,https://127.0.0.1/\n"
    "/dev/stdin,reads,-,/proc/self/mem\n";
static const char quads[] = "<file:///a> <file:///b> <file:///c> <file:///etc/group> .\n";

static const char* const questions[] = {
    "match ?s ?p ?o return ?s, ?p, ?o",
    "match ?s ?p ?o return str(?o), label(?s)",
    "match ?s ?p ?o where str(?o) ~ \"etc\" return ?s",
    "match ?s ?p ?o { source ?from } return ?s, ?from",
    "why match ?s ?p ?o return ?s order by ?s limit 5",
    "describe <file:///etc/passwd>, <http://127.0.0.1:9/x>",
    "match <file:///etc/passwd> ?p{1,3} ?o return ?o",
    "prefix f: <file:///etc/> match f:passwd ?p ?o return graph",
    "explain match ?s ?p ?o return ?s",
    "insert ( <file:///etc/passwd> <file:///run> <http://127.0.0.1/cgi?x=`id`> )",
    "match ?s <file:///run> ?o delete ( ?s <file:///run> ?o )",
    "define open = see|load",
    "match <file:///no/such/file> ?p ?o return ?o",
};

static int take(void* user, const char* data, size_t len) {
  (void)data;
  *(size_t*)user += len;
  return 0;
}

static void load(parley* store, const char* format, const char* text) {
  const parley_input input = {.memory = text, .memory_len = strlen(text), .format = format};
  MUST(parley_load(store, &input, 1, NULL, NULL) == PARLEY_OK);
}

/// Run a question to its end, whatever it answers, and look at every column, and at the support where there is one.
static void ask(parley* store, const char* text) {
  parley_query* q = NULL;
  (void)parley_prepare(store, text, SIZE_MAX, &q, NULL);
  while (parley_step(q) == PARLEY_ROW) {
    parley_support support = {.size = sizeof support};
    for (size_t i = 0; i < parley_column_count(q); i++) {
      (void)parley_column_text(q, i);
      (void)parley_column_source(q, i);
    }
    while (parley_query_is_why(q) && parley_why_next(q, &support) == PARLEY_OK) {
    }
  }
  parley_finalize(q);
}

static void export_all(parley* store) {
  static const char* const formats[] = {"nt", "nq", "ttl", "jsonl"};
  for (int i = 0; i < 8; i++) {
    size_t len = 0;
    const parley_export_options options = {
        .size = sizeof options, .format = formats[i % 4], .assertions = i / 4, .write = take, .user = &len};
    MUST(parley_export(store, &options) == PARLEY_OK && len > 0);
  }
}

static int differ(void* user, const parley_difference* difference) {
  (void)user;
  return !difference->json || !difference->text;
}

/// What a process may do with a store that is open.
static void live(parley* store) {
  const parley_schema_options schema = {.size = sizeof schema};
  const parley_value one = parley_name("../../secret.txt"), other = parley_name("| sh");
  const parley_diff_options diff = {.size = sizeof diff, .source_a = &one, .source_b = &other, .on_difference = differ};
  const parley_check_options check = {.size = sizeof check, .deep = 1};
  const parley_value see = parley_iri("http://127.0.0.1:9/see");
  parley_stats stats = {.size = sizeof stats};
  load(store, "ttl", turtle);
  load(store, "jsonl", jsonl);
  load(store, "csv", csv);
  load(store, "nq", quads);
  for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
    ask(store, questions[i]);
  }
  export_all(store);
  MUST(parley_set_property(store, PARLEY_PROPERTY_TEXT, &see, 1) == PARLEY_OK);
  MUST(parley_schema(store, &schema) == PARLEY_OK);
  MUST(parley_diff(store, store, &diff) == PARLEY_OK);
  MUST(parley_check(store, &check, NULL) == PARLEY_OK);
  MUST(parley_get_stats(store, &stats) == PARLEY_OK && stats.facts > 10);
}

int main(void) {
  parley* store = NULL;
  place_make();
  const pid_t pid = fork();
  if (pid == 0) {
    const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_CREATE, .threads = 1};
    MUST(parley_open(path, &options, &store, NULL) == PARLEY_OK);
    load(store, "jsonl",
         "{\"subject\":\"a\",\"predicate\":\"b\",\"object\":\"c\"}\n");  // takes the seed of its hash tables from
                                                                         // /dev/urandom, once
    if (!seal()) {
      _exit(77);
    }
    live(store);
    MUST(parley_close(store) == PARLEY_OK);
    _exit(0);
  }
  int state = 0;
  MUST(pid > 0 && waitpid(pid, &state, 0) == pid);
  MUST(place_end() == 0);
  if (WIFEXITED(state) && WEXITSTATUS(state) == 77) {
    (void)puts("skipped: no seccomp here");
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : 1;
}
