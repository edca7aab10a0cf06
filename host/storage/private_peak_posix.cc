#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "host/storage/file_descriptor.h"
#include "host/storage/private_peak.h"

namespace tenon::host {

uint64_t anonymous_resident_bytes() {
  // Read several times while a model is opened: without a stream's buffer.
  const FileDescriptor file(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  char text[256];
  const ssize_t length = read(file.get(), text, sizeof text - 1);
  if (length <= 0) return 0;
  text[length] = '\0';
  unsigned long long size = 0, resident = 0, of_files = 0;
  if (std::sscanf(text, "%llu %llu %llu", &size, &resident, &of_files) != 3 || resident < of_files) return 0;
  return (resident - of_files) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace tenon::host
