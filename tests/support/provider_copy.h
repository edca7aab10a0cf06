// cpu_ref with another kernel table: answers are those of cpu_ref, bit for bit.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "host/plugins/loading/provider_library.h"

namespace tenon::test {

class ProviderCopy {
 public:
  explicit ProviderCopy(std::string name) : name_(std::move(name)) {
    const auto library =
        host::ProviderLibrary::load(std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/libcpu_ref.so");
    REQUIRE(library.is_ok());
    table_ = (*library)->table();
    const auto* line = reinterpret_cast<const std::byte*>(table_.kernels);
    for (uint32_t i = 0; i < table_.kernel_count; ++i, line += table_.kernel_stride)
      lines_.push_back(*reinterpret_cast<const tn_kernel_def*>(line));
    table_.name = name_.c_str();
    use_lines();
  }
  ProviderCopy(const ProviderCopy&) = delete;
  ProviderCopy& operator=(const ProviderCopy&) = delete;

  template <typename Change>
  void change_lines(const Change& change) {
    for (tn_kernel_def& line : lines_) change(line);
  }
  template <typename Test>
  void erase_lines(const Test& test) {
    std::erase_if(lines_, test);
    use_lines();
  }
  /// Lives as long as this.
  const tn_provider& table() const { return table_; }

 private:
  void use_lines() {
    table_.kernels = lines_.data();
    table_.kernel_count = static_cast<uint32_t>(lines_.size());
    table_.kernel_stride = sizeof(tn_kernel_def);
  }

  std::string name_;
  std::vector<tn_kernel_def> lines_;
  tn_provider table_;
};

}  // namespace tenon::test
