// What a process holds that a library may leave behind. thread: any
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tenon::conform {

size_t thread_count();
/// What its descriptors refer to, sorted.
std::vector<std::string> open_files();
bool is_mapped(const std::filesystem::path& library);
/// Bytes of memory that are resident.
int64_t resident_bytes();

}  // namespace tenon::conform
