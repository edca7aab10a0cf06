// What a worker process does: loads the library that its host names, and answers requests about its provider, one at a
// time, until the host is gone. Kernels run on lanes, beside that.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>

#include "host/isolation/channel.h"
#include "host/isolation/protocol_generated.h"
#include "host/isolation/worker/lane_server.h"
#include "host/isolation/worker/segments.h"
#include "host/placement/placement.h"
#include "host/plugins/loading/provider_library.h"

namespace tenon::host {

class Server {
 public:
  explicit Server(Channel channel) : channel_(std::move(channel)) {}
  /// Returns when the host has closed its end, or has sent what is no request.
  void serve();

 private:
  /// A graph that the host has sent, and one of its nodes; kept as long as a kernel is that was made of it.
  struct Received {
    std::vector<std::byte> bytes;
    std::unique_ptr<Model> model;
    Graph& graph() const { return *model->graph; }
    const Node& node() const { return *graph().nodes().front(); }
  };
  struct Made {
    std::shared_ptr<const Received> of;
    Kernel kernel;
  };

  Status answer(const wire::RequestT& request, FileDescriptor descriptor, wire::ReplyT& reply);
  Status hello(const wire::RequestT& request, const FileDescriptor& heap, wire::ReplyT& reply);
  Status claim(const wire::RequestT& request, wire::ReplyT& reply);
  Status make(const wire::RequestT& request, wire::ReplyT& reply);
  Status infer(const wire::RequestT& request, wire::ReplyT& reply);
  Status has_operator(const wire::RequestT& request, wire::ReplyT& reply);
  Status facts(wire::ReplyT& reply);
  Status pack_plan(const wire::RequestT& request, wire::ReplyT& reply);
  Status pack(const wire::RequestT& request, wire::ReplyT& reply);
  Status bind_pack(const wire::RequestT& request);

  Result<std::shared_ptr<Received>> receive(const wire::RequestT& request);
  Result<Tensor> tensor_at(tn_dtype dtype, std::vector<int64_t> shape, const wire::Place& place);
  Result<std::shared_ptr<Made>> find(uint64_t kernel);
  std::shared_ptr<Made> look_up(uint64_t kernel);
  Provider& provider() { return *providers_.front(); }

  Channel channel_;
  Segments segments_;
  ProviderList providers_;  // one, once the host has said which; outlives the kernels
  std::shared_ptr<ProviderLibrary> library_;
  std::mutex mutex_;  // of the kernels
  std::unordered_map<uint64_t, std::shared_ptr<Made>> kernels_;
  uint64_t next_ = 1;
  std::unique_ptr<LaneServer> lanes_;  // ends before the kernels do
};

}  // namespace tenon::host
