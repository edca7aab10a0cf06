#include "host/isolation/messages.h"

#include <algorithm>

namespace tenon::host {

std::vector<uint8_t> bytes_of(const wire::RequestT& request) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(wire::Request::Pack(builder, &request));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

namespace {

// The library's verifier leaves out how the numbers of a vector are aligned.
bool is_aligned(const flatbuffers::Vector<int64_t>* numbers) {
  return numbers == nullptr || reinterpret_cast<uintptr_t>(numbers->Data()) % alignof(int64_t) == 0;
}

bool is_aligned(const wire::Operator& op) {
  if (op.attributes() == nullptr) return true;
  return std::all_of(op.attributes()->begin(), op.attributes()->end(),
                     [](const wire::AttributeSpec* spec) { return is_aligned(spec->default_ints()); });
}

}  // namespace

bool is_reply(std::span<const uint8_t> bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  if (!verifier.VerifyBuffer<wire::Reply>(nullptr)) return false;
  const wire::Reply& reply = *flatbuffers::GetRoot<wire::Reply>(bytes.data());
  const auto has_aligned = [](const auto* list, auto&& is_sound) {
    return list == nullptr || std::all_of(list->begin(), list->end(), is_sound);
  };
  return has_aligned(reply.operators(), [](const wire::Operator* op) { return is_aligned(*op); }) &&
         has_aligned(reply.outputs(), [](const wire::OutputFact* fact) { return is_aligned(fact->shape()); });
}

Result<wire::ReplyT> read_reply(std::span<const uint8_t> bytes) {
  if (!is_reply(bytes)) return error(TN_INTERNAL, "its worker process has sent what is no reply");
  wire::ReplyT reply;
  flatbuffers::GetRoot<wire::Reply>(bytes.data())->UnPackTo(&reply);
  if (reply.code == TN_OK) return reply;
  return Status(reply.code <= TN_NO_KERNEL ? static_cast<tn_code>(reply.code) : TN_INTERNAL, reply.message);
}

}  // namespace tenon::host
