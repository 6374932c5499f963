/// virtuoso_peer FOLDER: Virtuoso 7 as a peer. FOLDER is where virtuoso_need.sh unpacked its Debian packages.
///
/// The server is a child process with a configuration, a port and files of its own in the store's folder; it is asked
/// through Virtuoso's own ODBC driver, loaded as a library (no driver manager between). Settings follow its manual
/// ("RDF Performance Tuning"): buffers for 2.7 GB of pages, two threads a query; bulk load from four pieces of the file
/// by two loaders without a log, then a checkpoint. All triples are in one graph, which is the default graph of every
/// question, because the server keeps triples of its own in others.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

#define GRAPH "urn:bench:graph"
#define SPARQL "SPARQL define input:default-graph-uri <" GRAPH "> "

enum { COLUMNS_MAX = 16, COLUMN_BYTES = 8192, PATH_BYTES = 4096, START_SECONDS = 300, PIECES = 4, LOADERS = 2 };

/// What is used of ODBC (ISO/IEC 9075-3), as the driver exports it.
enum {
  SQL_ENV = 1,
  SQL_DBC = 2,
  SQL_STMT = 3,
  SQL_CHAR = 1,
  SQL_NULL = -1,
  SQL_NO_DATA = 100,
  SQL_NTS = -3,
  SQL_RESET = 0
};

typedef struct odbc {
  short (*alloc)(short kind, void* parent, void** made);
  short (*release)(short kind, void* handle);
  short (*connect)(void* c, void* window, const char* text, short len, char* out, short max, short* out_len,
                   unsigned short how);
  short (*disconnect)(void* c);
  short (*prepare)(void* s, const char* text, int len);
  short (*execute)(void* s);
  short (*execute_text)(void* s, const char* text, int len);
  short (*columns)(void* s, short* count);
  short (*bind)(void* s, unsigned short column, short type, void* to, long max, long* len);
  short (*fetch)(void* s);
  short (*free_statement)(void* s, unsigned short what);
  short (*error)(void* e, void* c, void* s, char* state, int* native, char* text, short max, short* len);
} odbc;

/// A connection and its statements; one for each thread.
typedef struct session {
  void* connection;                      ///< of the driver
  void* statement;                       ///< texts
  void* prepared;                        ///< the prepared question or NULL
  char text[COLUMNS_MAX][COLUMN_BYTES];  ///< columns of the row at hand
  long len[COLUMNS_MAX];                 ///< their bytes or SQL_NULL
} session;

typedef struct virtuoso {
  const char* folder;      ///< unpacked packages
  char store[PATH_BYTES];  ///< folder of the database
  pid_t server;            ///< child or 0
  unsigned port;           ///< it listens at
  odbc api;                ///< of the driver
  void* environment;       ///< of the driver
  session main;            ///< of this thread
  char version[128];       ///< of the server
} virtuoso;

static int api_load(virtuoso* v) {
  char path[PATH_BYTES];
  snprintf(path, sizeof path, "%s/usr/lib/x86_64-linux-gnu/odbc/virtodbc_r.so", v->folder);
  void* driver = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (driver == NULL) {
    return peer_fail("%s", dlerror());
  }
  const struct {
    const char* name;  ///< in the driver
    void* to;          ///< member of odbc
  } all[] = {{"SQLAllocHandle", &v->api.alloc},
             {"SQLFreeHandle", &v->api.release},
             {"SQLDriverConnect", &v->api.connect},
             {"SQLDisconnect", &v->api.disconnect},
             {"SQLPrepare", &v->api.prepare},
             {"SQLExecute", &v->api.execute},
             {"SQLExecDirect", &v->api.execute_text},
             {"SQLNumResultCols", &v->api.columns},
             {"SQLBindCol", &v->api.bind},
             {"SQLFetch", &v->api.fetch},
             {"SQLFreeStmt", &v->api.free_statement},
             {"SQLError", &v->api.error}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    void* function = dlsym(driver, all[i].name);
    if (function == NULL) {
      return peer_fail("the driver has no %s", all[i].name);
    }
    memcpy(all[i].to, &function, sizeof function);
  }
  return v->api.alloc(SQL_ENV, NULL, &v->environment) < 0 ? peer_fail("no environment of the driver") : 0;
}

static int complain(const virtuoso* v, const session* s, void* statement) {
  char state[8] = "", text[1024] = "unknown error";
  int native = 0;
  short len = 0;
  v->api.error(v->environment, s->connection, statement, state, &native, text, sizeof text, &len);
  return peer_fail("%s %s", state, text);
}

static int session_open(const virtuoso* v, session* s) {
  char text[128];
  memset(s, 0, sizeof *s);
  snprintf(text, sizeof text, "HOST=127.0.0.1:%u;UID=dba;PWD=dba;CHARSET=UTF-8", v->port);
  if (v->api.alloc(SQL_DBC, v->environment, &s->connection) < 0) {
    return peer_fail("no connection of the driver");
  }
  if (v->api.connect(s->connection, NULL, text, SQL_NTS, NULL, 0, NULL, 0) < 0) {
    complain(v, s, NULL);
    v->api.release(SQL_DBC, s->connection);
    s->connection = NULL;
    return -1;
  }
  return v->api.alloc(SQL_STMT, s->connection, &s->statement) < 0 ? complain(v, s, NULL) : 0;
}

static void session_close(const virtuoso* v, session* s) {
  if (s->connection) {
    v->api.release(SQL_STMT, s->statement);
    v->api.disconnect(s->connection);
    v->api.release(SQL_DBC, s->connection);
    s->connection = NULL;
  }
}

/// Fetch all rows of an executed statement.
static int fetch_rows(const virtuoso* v, session* s, void* statement, peer_sink* sink) {
  short columns = 0, status = 0;
  v->api.columns(statement, &columns);
  if (columns > COLUMNS_MAX) {
    return peer_fail("more than %d columns", COLUMNS_MAX);
  }
  for (short i = 0; i < columns && (sink->fetch || sink->sum); i++) {
    v->api.bind(statement, (unsigned short)(i + 1), SQL_CHAR, s->text[i], COLUMN_BYTES, &s->len[i]);
  }
  while (columns > 0 && (status = v->api.fetch(statement)) != SQL_NO_DATA && status >= 0) {
    for (short i = 0; i < columns && sink->sum; i++) {
      peer_column(&sink->row, s->len[i] == SQL_NULL ? NULL : s->text[i], s->len[i] < 0 ? 0 : (size_t)s->len[i]);
    }
    if (sink->sum) {
      peer_sink_row(sink);
    } else {
      sink->rows++;
    }
  }
  const int failed = status < 0 ? complain(v, s, statement) : 0;
  v->api.free_statement(statement, SQL_RESET);
  return failed;
}

static int ask(const virtuoso* v, session* s, const char* text, peer_sink* sink) {
  return v->api.execute_text(s->statement, text, SQL_NTS) < 0 ? complain(v, s, s->statement)
                                                              : fetch_rows(v, s, s->statement, sink);
}

static int command(const virtuoso* v, session* s, const char* text) {
  peer_sink none = {0};
  return ask(v, s, text, &none);
}

// ---- the server ----------------------------------------------------------------------------------------------------

static int write_configuration(const virtuoso* v) {
  char path[PATH_BYTES + 16];
  snprintf(path, sizeof path, "%s/virtuoso.ini", v->store);
  FILE* file = fopen(path, "w");
  if (file == NULL) {
    return peer_fail("%s: %s", path, strerror(errno));
  }
  fprintf(file,
          "[Database]\nDatabaseFile = virtuoso.db\nErrorLogFile = virtuoso.log\nLockFile = virtuoso.lck\n"
          "TransactionFile = virtuoso.trx\nxa_persistent_file = virtuoso.pxa\nFileExtend = 200\n"
          "MaxCheckpointRemap = 85000\n[TempDatabase]\nDatabaseFile = temp.db\nTransactionFile = temp.trx\n"
          "MaxCheckpointRemap = 2000\n[Parameters]\nServerPort = 127.0.0.1:%u\nServerThreads = 20\n"
          "NumberOfBuffers = 340000\nMaxDirtyBuffers = 250000\nCheckpointInterval = 0\nThreadsPerQuery = 2\n"
          "AsyncQueueMaxThreads = 4\nDirsAllowed = .\nDisableMtWrite = 0\nMaxSortedTopRows = 1000000\n"
          "TransactionAfterImageLimit = 1500000000\n[Client]\nSQL_PREFETCH_ROWS = 100\nSQL_PREFETCH_BYTES = 16000\n"
          "[SPARQL]\nResultSetMaxRows = 1000000000\n",
          v->port);
  return fclose(file) == 0 ? 0 : peer_fail("%s: %s", path, strerror(errno));
}

/// A port that is free now.
static unsigned free_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof address;
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  if (s < 0 || bind(s, (struct sockaddr*)&address, len) != 0 || getsockname(s, (struct sockaddr*)&address, &len) != 0) {
    address.sin_port = 0;
  }
  close(s);
  return ntohs(address.sin_port);
}

_Noreturn static void become_server(const virtuoso* v) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // a server never outlives its peer
  char program[PATH_BYTES + 32], libraries[PATH_BYTES + 32];
  snprintf(program, sizeof program, "%s/usr/bin/virtuoso-t", v->folder);
  snprintf(libraries, sizeof libraries, "%s/usr/lib/x86_64-linux-gnu:%s/lib/x86_64-linux-gnu", v->folder, v->folder);
  if (chdir(v->store) == 0 && freopen("server.out", "w", stdout) && dup2(1, 2) == 2 &&
      freopen("/dev/null", "r", stdin) && setenv("LD_LIBRARY_PATH", libraries, 1) == 0) {
    execl(program, "virtuoso-t", "+foreground", "+configfile", "virtuoso.ini", (char*)NULL);
  }
  _exit(127);
}

static int server_start(virtuoso* v) {
  v->port = free_port();
  if (v->port == 0 || write_configuration(v)) {
    return v->port ? -1 : peer_fail("no free port");
  }
  v->server = fork();
  if (v->server == 0) {
    become_server(v);
  }
  const double end = peer_now() + START_SECONDS;
  while (v->server > 0 && peer_now() < end) {
    if (waitpid(v->server, NULL, WNOHANG) == v->server) {
      v->server = 0;
      return peer_fail("the server ended, see %s/virtuoso.log", v->store);
    }
    if (session_open(v, &v->main) == 0) {
      return 0;
    }
    usleep(100000);
  }
  return peer_fail("the server does not answer");
}

static int open_store(void* self, const char* store, const json* settings, const char** version, const char** told) {
  virtuoso* v = self;
  (void)settings;
  peer_sink none = {.fetch = 1};
  if (realpath(store, v->store) == NULL) {
    return peer_fail("%s: %s", store, strerror(errno));
  }
  if ((v->api.alloc == NULL && api_load(v)) || server_start(v) ||
      ask(v, &v->main, "select sys_stat('st_dbms_ver')", &none)) {
    return -1;
  }
  snprintf(v->version, sizeof v->version, "%.100s", v->main.text[0]);
  *version = v->version;
  *told = "NumberOfBuffers 340000, MaxDirtyBuffers 250000, ThreadsPerQuery 2, ODBC without driver manager";
  return 0;
}

static int close_store(void* self) {
  virtuoso* v = self;
  if (v->server > 0) {
    (void)command(v, &v->main, "SHUTDOWN");  // the connection breaks before an answer comes
    waitpid(v->server, NULL, 0);
    v->server = 0;
  }
  return 0;
}

// ---- requests ------------------------------------------------------------------------------------------------------

/// Pieces of a file, cut between lines, in the folder from which the server may read.
static int cut_file(const virtuoso* v, const char* file) {
  char pieces[16], prefix[PATH_BYTES + 16];
  snprintf(pieces, sizeof pieces, "l/%d", PIECES);
  snprintf(prefix, sizeof prefix, "%s/piece.", v->store);
  const pid_t child = fork();
  if (child == 0) {
    execlp("split", "split", "-n", pieces, "--additional-suffix=.nt", file, prefix, (char*)NULL);
    _exit(127);
  }
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : peer_fail("%s: cannot be cut", file);
}

typedef struct loader {
  const virtuoso* v;  ///< whose server
  session s;          ///< of this thread
  int status;         ///< of the load
  pthread_t thread;
} loader;

static void* load_pieces(void* argument) {
  loader* l = argument;
  l->status = session_open(l->v, &l->s) || command(l->v, &l->s, "rdf_loader_run()");
  session_close(l->v, &l->s);
  return NULL;
}

static int load_file(virtuoso* v, const char* file) {
  static loader loaders[LOADERS];
  int status = cut_file(v, file) || command(v, &v->main, "ld_dir('.', 'piece.*.nt', '" GRAPH "')");
  for (unsigned i = 0; i < LOADERS && !status; i++) {
    loaders[i].v = v;
    if (pthread_create(&loaders[i].thread, NULL, load_pieces, &loaders[i])) {
      return peer_fail("no thread");
    }
  }
  for (unsigned i = 0; i < LOADERS && !status; i++) {
    pthread_join(loaders[i].thread, NULL);
  }
  for (char last = 'a'; last < 'a' + PIECES; last++) {
    char piece[PATH_BYTES + 32];
    snprintf(piece, sizeof piece, "%s/piece.a%c.nt", v->store, last);
    (void)unlink(piece);
  }
  for (unsigned i = 0; i < LOADERS; i++) {
    status = status || loaders[i].status;
  }
  return status;
}

static int number_of(virtuoso* v, const char* text, uint64_t* n) {
  peer_sink none = {.fetch = 1};
  if (ask(v, &v->main, text, &none)) {
    return -1;
  }
  *n = strtoull(v->main.text[0], NULL, 10);
  return 0;
}

static int load(void* self, char** files, size_t count, const char* format, uint64_t* triples) {
  virtuoso* v = self;
  uint64_t failed = 0;
  if (strcmp(format, "nt") != 0) {
    return peer_cannot("no loader for %s", format);
  }
  for (size_t i = 0; i < count; i++) {
    if (load_file(v, files[i])) {
      return -1;
    }
  }
  if (command(v, &v->main, "checkpoint") ||
      number_of(v, "select count(*) from DB.DBA.load_list where ll_error is not null or ll_state <> 2", &failed)) {
    return -1;
  }
  return failed ? peer_fail("%d pieces were not loaded", (int)failed)
                : number_of(v, SPARQL "select (count(*) as ?n) where { ?s ?p ?o }", triples);
}

static int prepare_in(const virtuoso* v, session* s, const char* text) {
  if (s->prepared) {
    v->api.release(SQL_STMT, s->prepared);
    s->prepared = NULL;
  }
  if (text == NULL) {
    return 0;
  }
  char whole[65536];
  if (snprintf(whole, sizeof whole, SPARQL "%s", text) >= (int)sizeof whole) {
    return peer_fail("a text too long");
  }
  return v->api.alloc(SQL_STMT, s->connection, &s->prepared) < 0 || v->api.prepare(s->prepared, whole, SQL_NTS) < 0
             ? complain(v, s, s->prepared)
             : 0;
}

static int prepare(void* self, const char* text) {
  virtuoso* v = self;
  return prepare_in(v, &v->main, text);
}

static int run_in(const virtuoso* v, session* s, const char* text, peer_sink* sink) {
  if (text == NULL) {
    return v->api.execute(s->prepared) < 0 ? complain(v, s, s->prepared) : fetch_rows(v, s, s->prepared, sink);
  }
  char whole[65536];
  if (snprintf(whole, sizeof whole, SPARQL "%s", text) >= (int)sizeof whole) {
    return peer_fail("a text too long");
  }
  return ask(v, s, whole, sink);
}

static int run(void* self, const char* text, const json* parameters, peer_sink* sink) {
  virtuoso* v = self;
  return parameters ? peer_cannot("no parameters in SPARQL") : run_in(v, &v->main, text, sink);
}

/// A transaction is one INSERT DATA. The server writes its log without waiting for the disk; durable is a checkpoint.
static int insert(void* self, uint64_t first, unsigned size, int durable) {
  virtuoso* v = self;
  const size_t room = 256 + (size_t)size * 96;
  char* text = malloc(room);
  if (text == NULL) {
    return peer_fail("no memory");
  }
  size_t len = (size_t)snprintf(text, room, "SPARQL INSERT DATA { GRAPH <" GRAPH "> { ");
  for (uint64_t i = first; i < first + size; i++) {
    len +=
        (size_t)snprintf(text + len, room - len, "<urn:bench:s%llu> <urn:bench:p%llu> <urn:bench:o%llu> . ",
                         (unsigned long long)i, (unsigned long long)(i % 10), (unsigned long long)(i * 7919 % 10000));
  }
  snprintf(text + len, room - len, "} }");
  const int status = command(v, &v->main, text) || (durable && command(v, &v->main, "checkpoint"));
  free(text);
  return status;
}

static int reader(void* self, const char* text, const json* parameters, const atomic_int* stop, uint64_t* runs,
                  double* ms, size_t ms_max) {
  const virtuoso* v = self;
  (void)parameters;
  session* s = malloc(sizeof *s);
  peer_sink sink = {.fetch = 1};
  int status = s == NULL || session_open(v, s) || prepare_in(v, s, text);
  for (; !status && !*stop; ++*runs) {
    const double start = peer_now();
    status = run_in(v, s, NULL, &sink);
    if (*runs < ms_max) {
      ms[*runs] = (peer_now() - start) * 1e3;
    }
  }
  if (s) {
    (void)prepare_in(v, s, NULL);
    session_close(v, s);
  }
  free(s);
  return status;
}

int main(int argc, char** argv) {
  static const peer_class class = {.open = open_store,
                                   .load = load,
                                   .prepare = prepare,
                                   .run = run,
                                   .insert = insert,
                                   .reader = reader,
                                   .close = close_store};
  static virtuoso v;
  if (argc != 2) {
    fprintf(stderr, "usage: virtuoso_peer FOLDER\n");
    return 2;
  }
  v.folder = argv[1];
  return peer_main(&class, &v);
}
