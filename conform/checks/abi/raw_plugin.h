// The library as the dynamic loader gives it, without the host between: what checks of the ABI's own rules call. Used
// by one thread, unless said.
#pragma once

#include <tenon/kernel_api/kernel_api.h>

#include <map>
#include <string>
#include <vector>

#include "conform/checks/subject.h"

namespace tenon::conform {

/// Loads it. It stays loaded, since threads that it has left may still be in its code, unless unload() is called. Throws
/// Breach("not-loadable").
class RawPlugin {
 public:
  explicit RawPlugin(const Subject& subject);
  RawPlugin(const RawPlugin&) = delete;
  RawPlugin& operator=(const RawPlugin&) = delete;

  tn_entry_fn entry() const { return entry_; }
  /// The table for a host of this build. Throws Breach("refuses-host") where the plugin gives none.
  const tn_provider& table() const;
  /// Nothing of it may be used any more.
  void unload();

 private:
  void* handle_ = nullptr;
  tn_entry_fn entry_ = nullptr;
};

/// What create is asked for an instance with options. Borrows them, and itself must stay where it is.
class InstanceRequest {
 public:
  explicit InstanceRequest(const std::map<std::string, std::string>& options);
  const tn_instance_request& get() const { return request_; }

 private:
  std::vector<tn_str> names_, values_;
  tn_instance_request request_{};
};

/// An instance of the table with the subject's options. Throws Breach where create fails. thread: any
tn_provider_instance* create_instance(const tn_provider& table, const Subject& subject);
/// Of what a plugin gave back: its message, and the status is freed; empty for NULL.
std::string take_message(tn_status* status, uint32_t* code = nullptr);

}  // namespace tenon::conform
