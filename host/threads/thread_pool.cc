// Jobs stand on their callers' stacks, in a list that the pool's mutex guards. A worker joins a job under the mutex and
// gets the next worker number there; each then takes chunks of its own part of the items, from an atomic counter, and
// at last of the others' parts. The caller takes its job off the list before it waits for those that joined, so nobody
// touches a job that is gone. The pool is never destroyed: its threads are detached and end with the process, which
// therefore never waits for them.
#include "host/threads/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "host/base/exceptions.h"
#include "host/plugins/calls/crash_report.h"
#include "host/threads/spin_wait.h"
#include "host/threads/thread_id.h"

namespace tenon::host {

unsigned granted_threads(unsigned asked) {
  return asked == 0 ? usable_cpus() : std::min(asked, usable_cpus());
}

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kNanosecondsPerThread = 10'000;  // a thread is worth waking for this much work
constexpr int64_t kChunksPerThread = 8;
constexpr std::chrono::microseconds kIdleSpin{50};     // of a worker, before it sleeps
constexpr std::chrono::microseconds kFinishSpin{100};  // of a caller that waits for the others' last chunks
constexpr int kLooksPerClock = 32;                     // asking the time takes longer than a look

thread_local bool inside_body = false;

/// Neighbouring items that one worker takes first: of one node after the other a CPU computes the same part, which it
/// then finds in its own cache.
struct alignas(64) Part {
  std::atomic<int64_t> next{0};
  int64_t end = 0;

  bool has_items() const { return next.load(std::memory_order_relaxed) < end; }
};
constexpr uint32_t kMostParts = 16;  // past which workers share one from the start

struct Job {
  RangeFunction body;
  void* arg;
  int64_t chunk;
  uint32_t limit;  // worker numbers to give out
  uint32_t part_count;
  uint32_t joined = 1;  // worker numbers given out; the caller has 0
  Job* next_job = nullptr;
  std::atomic<uint32_t> active{0};  // workers other than the caller that are in it
  Part parts[kMostParts];

  Job(RangeFunction function, void* argument, int64_t count, int64_t grain, uint32_t workers)
      : body(function),
        arg(argument),
        chunk(std::max<int64_t>({1, grain, count / (workers * kChunksPerThread)})),
        limit(workers),
        part_count(std::min(workers, kMostParts)) {
    // Whole chunks, so that no part leaves a small one.
    const int64_t chunks = (count - 1) / chunk + 1;
    for (uint32_t i = 0; i < part_count; ++i) {
      const int64_t begin = chunks * i / part_count * chunk;
      parts[i].next.store(begin, std::memory_order_relaxed);
      if (i > 0) parts[i - 1].end = begin;
    }
    parts[part_count - 1].end = count;
  }

  bool has_items() const {
    return std::any_of(parts, parts + part_count, [](const Part& part) { return part.has_items(); });
  }

  /// Its own part first, then what others have left.
  void work(uint32_t worker) {
    inside_body = true;
    for (uint32_t i = 0; i < part_count; ++i) work(worker, parts[(worker + i) % part_count]);
    inside_body = false;
  }

  void work(uint32_t worker, Part& part) {
    // The look keeps the counter from running past int64 however often workers look at a finished part.
    while (part.has_items()) {
      const int64_t begin = part.next.fetch_add(chunk, std::memory_order_relaxed);
      if (begin >= part.end) break;
      body(arg, worker, begin, std::min(begin + chunk, part.end));
    }
  }
};

/// Spins until `done()` or until `limit` has passed; returns done().
template <typename Done>
bool spin_until(Clock::duration limit, Done&& done) {
  if (done()) return true;
  const auto end = Clock::now() + limit;
  do {
    for (int i = 0; i < kLooksPerClock; ++i) {
      spin_pause();
      if (done()) return true;
    }
  } while (Clock::now() < end);
  return false;
}

unsigned worth_threads(int64_t count, double cost_per_item_ns, unsigned max_threads) {
  const double worth = static_cast<double>(count) * cost_per_item_ns / kNanosecondsPerThread;
  const int64_t most = std::min<int64_t>(max_threads, count);
  if (!(worth >= 2) || most < 2) return 1;
  return static_cast<unsigned>(std::min(worth, static_cast<double>(most)));
}

}  // namespace

struct ThreadPool::Impl {
  std::mutex mutex;
  std::condition_variable work_added;
  std::condition_variable job_left;
  Job* jobs = nullptr;                        // guarded by mutex
  unsigned threads = 0;                       // started; guarded by mutex
  unsigned sleeping = 0;                      // guarded by mutex
  bool cannot_start = false;                  // guarded by mutex
  std::atomic<uint64_t> added{0};             // jobs ever added: what idle workers watch
  std::atomic<unsigned> sleeping_callers{0};  // callers that wait on job_left
  const unsigned capacity = usable_cpus() - 1;
  std::vector<CpuList> affinity;                                                       // guarded by mutex; empty: none
  const std::unique_ptr<int64_t[]> workers{new int64_t[capacity > 0 ? capacity : 1]};  // of the first `running`
  unsigned running = 0;                                                                // guarded by mutex, as workers

  // Holds the mutex.
  bool pin_worker(unsigned i) const { return pin_thread(workers[i], affinity[i % affinity.size()]); }

  void start_threads(unsigned wanted) {
    wanted = std::min(wanted, capacity);
    while (threads < wanted && !cannot_start) {
      try {
        std::thread([this] { serve(); }).detach();
        ++threads;
      } catch (const std::system_error&) {
        cannot_start = true;  // the callers do the work themselves
      }
    }
  }

  // A job that still has a free worker number and items left. Holds the mutex.
  Job* find_job() const {
    for (Job* job = jobs; job != nullptr; job = job->next_job)
      if (job->joined < job->limit && job->has_items()) return job;
    return nullptr;
  }

  [[noreturn]] void serve() {
    prepare_thread_for_crash_report();
    std::unique_lock lock(mutex);
    workers[running++] = current_thread_id();
    // Where it cannot be kept to them it runs anywhere: the CPUs were checked when they were given.
    if (!affinity.empty()) (void)guarded([&] { return pin_worker(running - 1), Status(); });
    while (true) {
      if (Job* job = find_job()) {
        const uint32_t worker = job->joined++;
        job->active.fetch_add(1, std::memory_order_relaxed);
        lock.unlock();
        job->work(worker);
        leave(*job);
        lock.lock();
        continue;
      }
      const uint64_t seen = added.load(std::memory_order_relaxed);
      lock.unlock();
      const bool more = spin_until(kIdleSpin, [&] { return added.load(std::memory_order_relaxed) != seen; });
      lock.lock();
      if (more || added.load(std::memory_order_relaxed) != seen) continue;
      ++sleeping;
      work_added.wait(lock, [&] { return added.load(std::memory_order_relaxed) != seen; });
      --sleeping;
    }
  }

  // The job may be gone as soon as `active` is lowered, so only the pool is touched after that. Sequential consistency
  // pairs the two loads with wait_for(): either the caller sees 0, or the worker sees the caller asleep.
  void leave(Job& job) {
    if (job.active.fetch_sub(1, std::memory_order_seq_cst) != 1) return;
    if (sleeping_callers.load(std::memory_order_seq_cst) == 0) return;
    std::lock_guard lock(mutex);
    job_left.notify_all();
  }

  void add(Job* job) {
    unsigned wake;
    {
      std::lock_guard lock(mutex);
      start_threads(job->limit - 1);
      job->next_job = jobs;
      jobs = job;
      added.fetch_add(1, std::memory_order_relaxed);
      wake = std::min<unsigned>(sleeping, job->limit - 1);
    }
    for (unsigned i = 0; i < wake; ++i) work_added.notify_one();
  }

  void remove(Job* job) {
    std::lock_guard lock(mutex);
    Job** link = &jobs;
    while (*link != job) link = &(*link)->next_job;
    *link = job->next_job;
  }

  void wait_for(Job& job) {
    const auto done = [&] { return job.active.load(std::memory_order_seq_cst) == 0; };
    if (spin_until(kFinishSpin, done)) return;
    sleeping_callers.fetch_add(1, std::memory_order_seq_cst);
    std::unique_lock lock(mutex);
    job_left.wait(lock, done);
    sleeping_callers.fetch_sub(1, std::memory_order_seq_cst);
  }
};

Status ThreadPool::pin(const std::vector<CpuList>& lists) {
  if (lists.empty()) return {};
  const std::lock_guard lock(impl_->mutex);
  if (impl_->affinity == lists) return {};
  if (!impl_->affinity.empty())
    return error(TN_INVALID_ARGUMENT, "worker threads are the process's, and a session keeps them to '",
                 cpu_lists_text(impl_->affinity), "' already, asked for is '", cpu_lists_text(lists), "'");
  TENON_RETURN_IF_ERROR(check_cpus(lists));
  impl_->affinity = lists;
  for (unsigned i = 0; i < impl_->running; ++i)
    if (!impl_->pin_worker(i)) return error(TN_INTERNAL, "the system does not keep thread ", i, " to its CPUs");
  return {};
}

bool is_inside_body() {
  return inside_body;
}

ThreadPool::ThreadPool() : impl_(new Impl) {}
ThreadPool::~ThreadPool() = default;

ThreadPool& ThreadPool::process() {
  static ThreadPool* const pool = new ThreadPool;
  return *pool;
}

void ThreadPool::parallel_for(int64_t count, double cost_per_item_ns, unsigned max_threads, RangeFunction body,
                              void* arg, int64_t grain) {
  if (count <= 0) return;
  const unsigned threads =
      inside_body ? 1 : worth_threads(count, cost_per_item_ns, std::min(max_threads, impl_->capacity + 1));
  if (threads < 2) {
    const bool was_inside = std::exchange(inside_body, true);
    body(arg, 0, 0, count);
    inside_body = was_inside;
    return;
  }
  Job job(body, arg, count, grain, threads);
  impl_->add(&job);
  job.work(0);
  impl_->remove(&job);
  impl_->wait_for(job);
}

}  // namespace tenon::host
