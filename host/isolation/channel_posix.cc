#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "host/isolation/channel.h"

namespace tenon::host {
namespace {

// Longer messages are no graphs: weights do not go this way.
constexpr uint64_t kMostBytes = uint64_t{1} << 31;

// Fills or empties `bytes` by `move(bytes, size, flags)` as often as it takes.
template <typename Byte, typename Move>
bool move_all(Byte* bytes, size_t size, Move&& move) {
  while (size > 0) {
    const ssize_t moved = move(bytes, size);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) return false;
    bytes += moved;
    size -= static_cast<size_t>(moved);
  }
  return true;
}

union DescriptorRoom {
  cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

}  // namespace

Result<Channel::Pair> Channel::make_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return error(TN_UNSUPPORTED, "no sockets for a worker process: ", std::strerror(errno));
  return Pair{Channel(FileDescriptor(ends[0])), FileDescriptor(ends[1])};
}

bool Channel::send(std::span<const uint8_t> message, int descriptor) {
  uint64_t size = message.size();
  iovec part{&size, sizeof size};
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  DescriptorRoom room{};
  if (descriptor >= 0) {
    head.msg_control = room.bytes;
    head.msg_controllen = sizeof room.bytes;
    cmsghdr* const control = CMSG_FIRSTHDR(&head);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
  }
  ssize_t sent;
  do sent = sendmsg(socket_.get(), &head, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent != static_cast<ssize_t>(sizeof size)) return false;
  return move_all(message.data(), message.size(), [this](const uint8_t* bytes, size_t left) {
    return ::send(socket_.get(), bytes, left, MSG_NOSIGNAL);
  });
}

bool Channel::receive(std::vector<uint8_t>* message, FileDescriptor* descriptor) {
  uint64_t size = 0;
  iovec part{&size, sizeof size};
  DescriptorRoom room{};
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  head.msg_control = room.bytes;
  head.msg_controllen = sizeof room.bytes;
  ssize_t received;
  do received = recvmsg(socket_.get(), &head, MSG_CMSG_CLOEXEC | MSG_WAITALL);
  while (received < 0 && errno == EINTR);
  if (received <= 0) return false;
  if (const cmsghdr* control = CMSG_FIRSTHDR(&head);
      control != nullptr && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS) {
    int given = -1;
    std::memcpy(&given, CMSG_DATA(control), sizeof given);
    FileDescriptor owner(given);  // closed where nobody asked for one
    if (descriptor != nullptr) *descriptor = std::move(owner);
  }
  if (received != static_cast<ssize_t>(sizeof size) || size > kMostBytes) return false;
  try {
    message->resize(size);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return move_all(message->data(), message->size(),
                  [this](uint8_t* bytes, size_t left) { return recv(socket_.get(), bytes, left, MSG_WAITALL); });
}

bool Channel::is_closed() const {
  pollfd asked{socket_.get(), POLLRDHUP, 0};
  return poll(&asked, 1, 0) > 0 && (asked.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

}  // namespace tenon::host
