// A file layer that does as the system does until a given call, and something else from there on.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>

#include "host/storage/pack/file_ops.h"

namespace tenon::test {

class FaultyFileOps final : public host::FileOps {
 public:
  enum class Fault {
    kNone,
    kKillBefore,       // the process ends before the call
    kKillAfter,        // the process ends after the call
    kKillHalfWritten,  // the process ends when half of the bytes are written
    kShortWrites,      // from there on, writes end after a few bytes
    kFail,             // that call fails
    kFailFromThere,    // that call and all later ones that write fail
  };
  static constexpr int kKilled = 77;  // the exit code of a killed process

  FaultyFileOps() = default;
  FaultyFileOps(Fault fault, int at, int error_number = 0) : fault_(fault), at_(at), error_(error_number) {}

  int calls() const { return calls_; }

  int create(const std::string& path) override {
    return static_cast<int>(guard([&] { return posix().create(path); }));
  }
  int64_t write_at(int descriptor, std::span<const std::byte> bytes, uint64_t offset) override {
    const int call = calls_ + 1;
    if (fault_ == Fault::kKillHalfWritten && call == at_) {
      posix().write_at(descriptor, bytes.first(bytes.size() / 2), offset);
      _exit(kKilled);
    }
    if (fault_ == Fault::kShortWrites && call >= at_) bytes = bytes.first(std::min<size_t>(bytes.size(), 7));
    return guard([&] { return posix().write_at(descriptor, bytes, offset); });
  }
  int sync_data(int descriptor) override {
    return static_cast<int>(guard([&] { return posix().sync_data(descriptor); }));
  }
  int sync_folder(const std::string& path) override {
    return static_cast<int>(guard([&] { return posix().sync_folder(path); }));
  }
  int rename(const std::string& from, const std::string& to) override {
    return static_cast<int>(guard([&] { return posix().rename(from, to); }));
  }
  int unlink(const std::string& path) override {
    // On a full disk files can be removed still.
    if (fault_ == Fault::kFailFromThere) return posix().unlink(path);
    return static_cast<int>(guard([&] { return posix().unlink(path); }));
  }
  int make_folder(const std::string& path) override {
    return static_cast<int>(guard([&] { return posix().make_folder(path); }));
  }
  int touch(const std::string& path) override {
    return static_cast<int>(guard([&] { return posix().touch(path); }));
  }

 private:
  int64_t guard(const std::function<int64_t()>& call) {
    const int number = ++calls_;
    if (fault_ == Fault::kFailFromThere && number >= at_) return -error_;
    if (number != at_) return call();
    if (fault_ == Fault::kFail) return -error_;
    if (fault_ == Fault::kKillBefore || fault_ == Fault::kKillHalfWritten) _exit(kKilled);
    const int64_t result = call();
    if (fault_ == Fault::kKillAfter) _exit(kKilled);
    return result;
  }

  Fault fault_ = Fault::kNone;
  int at_ = 0, error_ = 0;
  std::atomic<int> calls_{0};
};

}  // namespace tenon::test
