#include "host/storage/pack/file_time.h"

namespace tenon::host {

std::chrono::system_clock::time_point last_used(const std::filesystem::path& path) {
  using std::chrono::system_clock;
  constexpr std::chrono::seconds kSkew(10);  // between a file server's clock and ours
  std::error_code failed;
  const auto modified = std::filesystem::last_write_time(path, failed);
  if (failed) return {};
  const auto time = std::chrono::time_point_cast<system_clock::duration>(std::chrono::file_clock::to_sys(modified));
  return time > system_clock::now() + kSkew ? system_clock::time_point() : time;
}

}  // namespace tenon::host
