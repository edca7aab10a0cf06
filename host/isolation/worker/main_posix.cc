// tenon-worker: the process that an isolated provider runs in. Started by a host, which it is connected to by the
// descriptor Channel::kWorkerDescriptor.
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "host/isolation/worker/server.h"
#include "host/plugins/calls/crash_report.h"

namespace {

// Without its host nobody needs the process: whatever the library is at, it has this long to leave it.
constexpr std::chrono::seconds kTidying{1};

void end_with(int channel) {
  pollfd asked{channel, POLLRDHUP, 0};
  while (poll(&asked, 1, -1) < 0) {
  }
  std::this_thread::sleep_for(kTidying);
  _exit(0);
}

}  // namespace

int main() {
  using namespace tenon::host;
  Channel channel{FileDescriptor(Channel::kWorkerDescriptor)};
  if (channel.is_closed()) {
    std::fputs("tenon-worker is started by programs that isolate a provider, not by hand.\n", stderr);
    return 2;
  }
  install_crash_report();
  std::thread(end_with, Channel::kWorkerDescriptor).detach();
  Server(std::move(channel)).serve();
  return 0;
}
