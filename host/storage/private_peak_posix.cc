#include <unistd.h>

#include <cstdio>

#include "host/storage/private_peak.h"

namespace tenon::host {

uint64_t anonymous_resident_bytes() {
  FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long size = 0, resident = 0, of_files = 0;
  const int fields = std::fscanf(file, "%llu %llu %llu", &size, &resident, &of_files);
  std::fclose(file);
  if (fields != 3 || resident < of_files) return 0;
  return (resident - of_files) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace tenon::host
