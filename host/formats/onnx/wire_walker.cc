#include "host/formats/onnx/wire_walker.h"

#include <cstring>

namespace tenon::host::onnx_wire {
namespace {

constexpr int kMaxVarintBytes = 10;
constexpr size_t kLengthBytes = 5;  // of a length that is filled in later
constexpr uint64_t kMaxSkeletonBytes = INT32_MAX;

struct Tag {
  uint32_t number = 0;
  Wire wire = Wire::kVarint;
};

class Walker {
 public:
  explicit Walker(std::span<const std::byte> input) : input_(input) {}

  Result<Skeleton> walk_all(Message root) {
    TENON_RETURN_IF_ERROR(walk_message(root, input_.size()));
    return std::move(skeleton_);
  }

 private:
  // Walks the message from position_ to `end`, which is at most the input's end.
  Status walk_message(Message message, uint64_t end) {
    if (path_.size() > static_cast<size_t>(kMaxMessageDepth))
      return error(TN_INVALID_MODEL, "byte ", position_, ": messages nest deeper than ", kMaxMessageDepth,
                   " levels: no exporter writes that, the file is damaged or made to harm");
    while (position_ < end) TENON_RETURN_IF_ERROR(walk_field(message, end));
    return {};
  }

  Status walk_field(Message message, uint64_t end) {
    const uint64_t begin = position_;
    Tag tag;
    TENON_RETURN_IF_ERROR(read_tag(end, tag));
    const Field* field = find_field(message, tag.number);
    if (field == nullptr) return skip(tag, end);
    const bool packed =
        field->handling != Handling::kMessage && field->handling != Handling::kKeep && tag.wire == Wire::kBytes;
    if (tag.wire != field->wire && !packed)
      return error(TN_INVALID_MODEL, "byte ", begin, ": ", path_text(field->name), " has protobuf wire type ",
                   static_cast<int>(tag.wire), ", expected ", static_cast<int>(field->wire),
                   ": the file is damaged or is no ONNX model");
    path_.push_back(field->name);
    Status status;
    if (field->handling == Handling::kMessage) {
      status = walk_submessage(*field, begin, end);
    } else if (field->handling == Handling::kWeight) {
      status = take_weight(*field, tag, end);
    } else {
      status = skip(tag, end);
      if (status.is_ok()) status = keep(begin);
    }
    path_.pop_back();
    return status;
  }

  Status walk_submessage(const Field& field, uint64_t begin, uint64_t end) {
    if (field.child == Message::kGraph && path_.size() > 1) {
      if (++subgraph_depth_ > kMaxSubgraphDepth)
        return error(TN_INVALID_MODEL, "byte ", begin, ": subgraphs nest deeper than ", kMaxSubgraphDepth,
                     " levels, the most that Tenon reads: flatten the model's If, Loop and Scan nodes");
    }
    uint64_t length = 0;
    TENON_RETURN_IF_ERROR(read_varint(end, length));
    // A file that was cut short is walked to where it stops, so that the message names the innermost field.
    const bool cut = length > end - position_;
    if (cut && end != input_.size()) return overrun(begin, length, end);
    const uint64_t child_end = cut ? end : position_ + length;
    append_tag(field.number);
    const size_t length_at = skeleton_.message.size();
    skeleton_.message.append(kLengthBytes, '\0');
    TENON_RETURN_IF_ERROR(walk_message(field.child, child_end));
    if (cut) return truncated();
    if (field.child == Message::kGraph && path_.size() > 1) --subgraph_depth_;
    return fill_length(length_at);
  }

  Status take_weight(const Field& field, const Tag& tag, uint64_t end) {
    const uint64_t element = field.wire == Wire::kFixed32 ? 4 : field.wire == Wire::kFixed64 ? 8 : 1;
    const uint64_t begin = position_;
    uint64_t length = element;
    if (tag.wire == Wire::kBytes) TENON_RETURN_IF_ERROR(read_varint(end, length));
    if (length > end - position_) return overrun(begin, length, end);
    if (length % element != 0)
      return error(TN_INVALID_MODEL, "byte ", begin, ": ", path_text(), " holds ", length,
                   " bytes, which are no whole number of elements: the file is damaged");
    const uint64_t index = skeleton_.weights.size();
    skeleton_.weights.push_back({position_, length});
    position_ += length;
    append_tag(field.number);
    skeleton_.message += static_cast<char>(sizeof index);
    for (unsigned i = 0; i < sizeof index; ++i) skeleton_.message += static_cast<char>(index >> (8 * i));
    return check_size();
  }

  // Copies what was read since `begin`.
  Status keep(uint64_t begin) {
    skeleton_.message.append(reinterpret_cast<const char*>(input_.data()) + begin, position_ - begin);
    return check_size();
  }

  Status skip(const Tag& tag, uint64_t end) {
    const uint64_t begin = position_;
    uint64_t length = 0;
    switch (tag.wire) {
      case Wire::kVarint: return read_varint(end, length);
      case Wire::kBytes: TENON_RETURN_IF_ERROR(read_varint(end, length)); break;
      case Wire::kFixed32: length = 4; break;
      case Wire::kFixed64: length = 8; break;
    }
    if (length > end - position_) return overrun(begin, length, end);
    position_ += length;
    return {};
  }

  Status read_tag(uint64_t end, Tag& tag) {
    const uint64_t begin = position_;
    uint64_t bits = 0;
    TENON_RETURN_IF_ERROR(read_varint(end, bits));
    const uint64_t wire = bits & 7;
    if (bits >> 3 == 0 || bits > UINT32_MAX || (wire != 0 && wire != 1 && wire != 2 && wire != 5))
      return error(TN_INVALID_MODEL, "byte ", begin, " in ", path_text(),
                   " is no protobuf field that ONNX uses (number ", bits >> 3, ", wire type ", wire,
                   "): the file is damaged or is no ONNX model");
    tag = {static_cast<uint32_t>(bits >> 3), static_cast<Wire>(wire)};
    return {};
  }

  Status read_varint(uint64_t end, uint64_t& value) {
    const uint64_t begin = position_;
    value = 0;
    for (int i = 0; i < kMaxVarintBytes; ++i) {
      if (position_ >= end) {
        if (end == input_.size()) return truncated();
        return error(TN_INVALID_MODEL, "byte ", begin, ": a number in ", path_text(),
                     " runs past the end of its message", ": the file is damaged");
      }
      const auto byte = static_cast<uint8_t>(input_[position_++]);
      value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
      if ((byte & 0x80) == 0) return {};
    }
    return error(TN_INVALID_MODEL, "byte ", begin, ": a number in ", path_text(), " is longer than ", kMaxVarintBytes,
                 " bytes: the file is damaged or is no ONNX model");
  }

  void append_tag(uint32_t number) {
    uint32_t bits = number << 3 | static_cast<uint32_t>(Wire::kBytes);
    for (; bits >= 0x80; bits >>= 7) skeleton_.message += static_cast<char>(bits | 0x80);
    skeleton_.message += static_cast<char>(bits);
  }

  // A varint of fixed width: protobuf reads lengths that are padded.
  Status fill_length(size_t at) {
    TENON_RETURN_IF_ERROR(check_size());
    uint64_t length = skeleton_.message.size() - at - kLengthBytes;
    for (size_t i = 0; i < kLengthBytes; ++i, length >>= 7)
      skeleton_.message[at + i] = static_cast<char>((length & 0x7f) | (i + 1 < kLengthBytes ? 0x80 : 0));
    return {};
  }

  Status check_size() const {
    if (skeleton_.message.size() <= kMaxSkeletonBytes) return {};
    return error(TN_UNSUPPORTED, "the model holds more than ", kMaxSkeletonBytes,
                 " bytes beside its raw weights, the most that protobuf takes: store the weights as raw_data or as "
                 "external data");
  }

  Status truncated() const {
    return error(TN_INVALID_MODEL, "truncated at byte ", input_.size(), " inside ", path_text(),
                 ": copy or download the file again");
  }

  Status overrun(uint64_t begin, uint64_t length, uint64_t end) const {
    if (end == input_.size()) return truncated();
    return error(TN_INVALID_MODEL, "byte ", begin, ": ", path_text(), " claims ", length,
                 " bytes, but the message around it ends at byte ", end, ": the file is damaged");
  }

  // "field graph.initializer.raw_data"; the outer levels of a long path are left out.
  std::string path_text(const char* last = nullptr) const {
    constexpr size_t kShown = 6;
    std::vector<const char*> names = path_;
    if (last != nullptr) names.push_back(last);
    if (names.empty()) return "the outermost message";
    std::string text = "field ";
    size_t i = names.size() > kShown ? names.size() - kShown : 0;
    if (i > 0) text += "...";
    text += names[i++];
    for (; i < names.size(); ++i) {
      text += '.';
      text += names[i];
    }
    return text;
  }

  std::span<const std::byte> input_;
  uint64_t position_ = 0;
  int subgraph_depth_ = 0;
  std::vector<const char*> path_;
  Skeleton skeleton_;
};

}  // namespace

Result<Skeleton> walk(std::span<const std::byte> input, Message root) {
  try {
    return Walker(input).walk_all(root);
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory();
  }
}

}  // namespace tenon::host::onnx_wire
