/// A thread pool without a queue of tasks: each pl_pool_run() is one job on its caller's stack, and a list holds the
/// jobs that still have an index to give out. Workers take the next index of the oldest job; the caller takes indices
/// of its own job until none is left, then waits for those that workers still run. So a run never waits for another
/// one, and a pool whose workers are busy costs nothing.
#include "base/pool.h"

#include <pthread.h>
#include <unistd.h>

enum { POOL_THREADS_MAX = 256 };

typedef struct pool_job {
  struct pool_job* next;                  ///< younger job with indices left
  pl_status (*fn)(void* user, size_t i);  ///< the task
  void* user;                             ///< passed to fn
  size_t count;                           ///< indices in all
  size_t taken;                           ///< indices given out; always the lowest ones
  size_t running;                         ///< taken and not finished
  size_t failed_index;                    ///< lowest index that failed
  pl_status status;                       ///< its status
  pthread_cond_t finished;                ///< signalled when the last running task ends
} pool_job;

struct pl_pool {
  pl_mem* mem;            ///< paid for this
  pthread_mutex_t lock;   ///< guards all below and the jobs in the list
  pthread_cond_t wake;    ///< a job came, or stopping was set
  pool_job* jobs;         ///< jobs with indices left, oldest first
  bool stopping;          ///< set by pl_pool_free
  unsigned started;       ///< worker threads that run
  unsigned worker_count;  ///< room in workers
  pthread_t workers[];    ///< all but the caller
};

static size_t pool_bytes(unsigned worker_count) { return sizeof(pl_pool) + worker_count * sizeof(pthread_t); }

static void job_unlink(pl_pool* pool, const pool_job* job) {
  for (pool_job** link = &pool->jobs; *link; link = &(*link)->next) {
    if (*link == job) {
      *link = job->next;
      return;
    }
  }
}

static void job_append(pl_pool* pool, pool_job* job) {
  pool_job** link = &pool->jobs;
  while (*link) {
    link = &(*link)->next;
  }
  *link = job;
}

/// Take one index and run it with the lock released. After a failure no further index is given out: all lower ones have
/// been.
static void job_step(pl_pool* pool, pool_job* job) {
  const size_t i = job->taken++;
  job->running++;
  if (job->taken == job->count) {
    job_unlink(pool, job);
  }
  (void)pthread_mutex_unlock(&pool->lock);
  const pl_status status = job->fn(job->user, i);
  (void)pthread_mutex_lock(&pool->lock);
  if (status != PL_OK && i < job->failed_index) {
    job->failed_index = i;
    job->status = status;
  }
  if (status != PL_OK && job->taken < job->count) {
    job->taken = job->count;
    job_unlink(pool, job);
  }
  if (--job->running == 0 && job->taken == job->count) {
    (void)pthread_cond_signal(&job->finished);
  }
}

static void* worker_main(void* arg) {
  pl_pool* const pool = arg;
  (void)pthread_mutex_lock(&pool->lock);
  while (!pool->stopping) {
    if (pool->jobs) {
      job_step(pool, pool->jobs);
    } else {
      (void)pthread_cond_wait(&pool->wake, &pool->lock);
    }
  }
  (void)pthread_mutex_unlock(&pool->lock);
  return NULL;
}

static unsigned processor_count(void) {
  const long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : (unsigned)count;
}

pl_status pl_pool_new(pl_mem* mem, unsigned threads, pl_pool** out) {
  threads = threads ? threads : processor_count();
  threads = threads > POOL_THREADS_MAX ? POOL_THREADS_MAX : threads;
  const unsigned worker_count = threads - 1;
  pl_pool* const pool = pl_mem_calloc(mem, 1, pool_bytes(worker_count));
  if (!pool) {
    return pl_mem_status(mem);
  }
  pool->mem = mem;
  pool->worker_count = worker_count;
  if (pthread_mutex_init(&pool->lock, NULL) != 0) {
    pl_mem_free(mem, pool, pool_bytes(worker_count));
    return PL_ERR_NOMEM;
  }
  if (pthread_cond_init(&pool->wake, NULL) != 0) {
    (void)pthread_mutex_destroy(&pool->lock);
    pl_mem_free(mem, pool, pool_bytes(worker_count));
    return PL_ERR_NOMEM;
  }
  // A system that gives fewer threads than asked for only makes the work slower.
  while (pool->started < worker_count && pthread_create(&pool->workers[pool->started], NULL, worker_main, pool) == 0) {
    pool->started++;
  }
  *out = pool;
  return PL_OK;
}

void pl_pool_free(pl_pool* pool) {
  if (!pool) {
    return;
  }
  (void)pthread_mutex_lock(&pool->lock);
  assert(!pool->jobs);
  pool->stopping = true;
  (void)pthread_cond_broadcast(&pool->wake);
  (void)pthread_mutex_unlock(&pool->lock);
  for (unsigned i = 0; i < pool->started; i++) {
    (void)pthread_join(pool->workers[i], NULL);
  }
  (void)pthread_cond_destroy(&pool->wake);
  (void)pthread_mutex_destroy(&pool->lock);
  pl_mem_free(pool->mem, pool, pool_bytes(pool->worker_count));
}

unsigned pl_pool_threads(const pl_pool* pool) { return pool ? pool->started + 1 : 1; }

static pl_status run_alone(size_t count, pl_status (*fn)(void* user, size_t i), void* user) {
  for (size_t i = 0; i < count; i++) {
    PL_TRY(fn(user, i));
  }
  return PL_OK;
}

pl_status pl_pool_run(pl_pool* pool, size_t count, pl_status (*fn)(void* user, size_t i), void* user) {
  pool_job job = {.fn = fn, .user = user, .count = count, .failed_index = SIZE_MAX, .status = PL_OK};
  if (!pool || pool->started == 0 || count < 2 || pthread_cond_init(&job.finished, NULL) != 0) {
    return run_alone(count, fn, user);
  }
  (void)pthread_mutex_lock(&pool->lock);
  job_append(pool, &job);
  (void)pthread_cond_broadcast(&pool->wake);
  while (job.taken < job.count) {
    job_step(pool, &job);
  }
  while (job.running > 0) {
    (void)pthread_cond_wait(&job.finished, &pool->lock);
  }
  (void)pthread_mutex_unlock(&pool->lock);
  (void)pthread_cond_destroy(&job.finished);
  return job.status;
}
