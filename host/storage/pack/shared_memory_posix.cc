// On Linux the objects of shm_open(), which Boost.Interprocess's shared_memory_object wraps, are the files of the tmpfs
// at /dev/shm. They are used as files here: only so they have a folder with an owner, a rename and a flock.
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "host/storage/pack/shared_memory.h"

namespace tenon::host {
namespace {

constexpr char kSharedMemory[] = "/dev/shm";

Status check_shared_memory() {
  struct statfs info;
  if (statfs(kSharedMemory, &info) != 0)
    return error(TN_UNSUPPORTED, "there is no shared memory at ", kSharedMemory, ": ",
                 std::generic_category().message(errno), ": name a folder of a tmpfs with TENON_SHM_DIR");
  if (info.f_type != TMPFS_MAGIC)
    return error(TN_UNSUPPORTED, kSharedMemory, " is no tmpfs: name a folder of one with TENON_SHM_DIR");
  return {};
}

}  // namespace

Result<std::filesystem::path> shared_memory_folder() {
  if (const char* named = std::getenv("TENON_SHM_DIR"); named != nullptr && *named != '\0')
    return std::filesystem::path(named);
  TENON_RETURN_IF_ERROR(check_shared_memory());
  return std::filesystem::path(kSharedMemory) / ("tenon-" + std::to_string(geteuid()));
}

}  // namespace tenon::host
