// What the system lets this process do no more, for good: system calls by seccomp, in all its threads, and files by
// Landlock, in the calling thread and those that it starts.
#pragma once

#include <filesystem>

#include "host/base/status.h"

namespace tenon::host {

/// Before a library is loaded: no network, no other programs, no other processes' business. TN_UNSUPPORTED: why not.
Status confine_before_loading();
/// Once it is: nothing but memory, threads, time, descriptors that are open, and libraries to load, which are read from
/// the system's folders and from `own_folder`, that of the provider; without Landlock, no files at all. What is refused
/// fails with EPERM or EACCES, so that libraries can go without.
Status confine_after_loading(const std::filesystem::path& own_folder);

}  // namespace tenon::host
