#include "host/isolation/messages.h"

namespace tenon::host {

std::vector<uint8_t> bytes_of(const wire::RequestT& request) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(wire::Request::Pack(builder, &request));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

bool is_reply(std::span<const uint8_t> bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  return verifier.VerifyBuffer<wire::Reply>(nullptr);
}

Result<wire::ReplyT> read_reply(std::span<const uint8_t> bytes) {
  if (!is_reply(bytes)) return error(TN_INTERNAL, "its worker process has sent what is no reply");
  wire::ReplyT reply;
  flatbuffers::GetRoot<wire::Reply>(bytes.data())->UnPackTo(&reply);
  if (reply.code == TN_OK) return reply;
  return Status(reply.code <= TN_NO_KERNEL ? static_cast<tn_code>(reply.code) : TN_INTERNAL, reply.message);
}

}  // namespace tenon::host
