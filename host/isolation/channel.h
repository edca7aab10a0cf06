// Messages between host and worker, each with a descriptor or none, over a pair of connected sockets. One thread at a
// time for each direction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "host/base/status.h"
#include "host/storage/file_descriptor.h"

namespace tenon::host {

class Channel {
 public:
  /// What the worker is started with in its descriptor of this number.
  static constexpr int kWorkerDescriptor = 3;

  struct Pair;
  /// Two that are connected. TN_UNSUPPORTED.
  static Result<Pair> make_pair();

  Channel() = default;
  explicit Channel(FileDescriptor socket) : socket_(std::move(socket)) {}

  /// False: the other side is gone. `descriptor`: -1 for none; stays the caller's.
  [[nodiscard]] bool send(std::span<const uint8_t> message, int descriptor = -1);
  /// Waits for a message. False: the other side is gone, or has sent what is none.
  [[nodiscard]] bool receive(std::vector<uint8_t>* message, FileDescriptor* descriptor = nullptr);
  /// Whether the other side has closed its end, which it does when it ends.
  bool is_closed() const;
  int descriptor() const { return socket_.get(); }

 private:
  FileDescriptor socket_;
};

struct Channel::Pair {
  Channel host;
  FileDescriptor worker;
};

}  // namespace tenon::host
