#include <sys/syscall.h>
#include <unistd.h>

#include "host/threads/thread_id.h"

namespace tenon::host {

int64_t current_thread_id() {
  return syscall(SYS_gettid);
}

int64_t current_process_id() {
  return getpid();
}

}  // namespace tenon::host
