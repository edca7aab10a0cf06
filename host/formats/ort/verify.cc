// FlatBuffers' verifier looks at a part as often as others refer to it, which for hostile files is quadratic. So a walk
// over the same tables, by the schema's type tables, first counts what it would look at.
#include "host/formats/ort/verify.h"

#include <flatbuffers/minireflect.h>

#include "host/formats/ort/ort_generated.h"
#include "host/formats/ort/read_budget.h"

namespace tenon::host::ort {
namespace {

using flatbuffers::TypeCode;
using flatbuffers::TypeTable;
using flatbuffers::uoffset_t;

// A subgraph is three tables down: node, attribute, graph. Types and dimensions add a few.
constexpr unsigned kMaxTableDepth = 3 * (kMaxSubgraphDepth + 1) + 16;
// A table takes two offsets at least.
constexpr size_t kMinTableBytes = 8;
// Without sharing, the elements of all vectors are fewer than the file's bytes; half of the budget's 32 allows twice
// that.
constexpr uint64_t kElementCost = 16;

flatbuffers::Verifier verifier_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), kMaxTableDepth,
          static_cast<uoffset_t>(bytes.size() / kMinTableBytes + 1)};
}

Status damaged() {
  return error(TN_NOT_A_MODEL,
               "its structure is damaged: an offset or a length points outside of the file, or tables nest too deep: "
               "copy or download the file again, or convert the .onnx model again");
}

const TypeTable* child_of(const TypeTable& type, const TypeCode& code) {
  return code.sequence_ref >= 0 ? type.type_refs[code.sequence_ref]() : nullptr;
}

class CostWalk {
 public:
  explicit CostWalk(std::span<const std::byte> bytes)
      : bytes_(reinterpret_cast<const uint8_t*>(bytes.data())), verifier_(verifier_of(bytes)), budget_(bytes.size()) {}

  Status walk_root(const TypeTable& type) {
    const uoffset_t offset = verifier_.VerifyOffset(0);
    return offset != 0 ? walk(bytes_ + offset, type) : damaged();
  }

 private:
  Status walk(const uint8_t* table, const TypeTable& type) {
    if (!verifier_.VerifyTableStart(table)) return damaged();
    for (size_t i = 0; i < type.num_elems; ++i) TENON_RETURN_IF_ERROR(walk_field(table, type, i));
    verifier_.EndTable();
    return {};
  }

  Status walk_field(const uint8_t* table, const TypeTable& type, size_t field) {
    const flatbuffers::voffset_t at = position(table, field);
    const TypeCode code = type.type_codes[field];
    const TypeTable* child = child_of(type, code);
    const bool is_table = child != nullptr && code.base_type == flatbuffers::ET_SEQUENCE;
    if (at == 0 || !(is_table || code.is_repeating)) return {};
    const uoffset_t offset = verifier_.VerifyOffset(table, at);
    if (offset == 0) return damaged();
    const uint8_t* target = table + at + offset;
    if (code.is_repeating) return walk_vector(target, code, child);
    if (child->st == flatbuffers::ST_UNION) child = member_of(*child, table, field - 1);
    return child != nullptr ? walk(target, *child) : Status();
  }

  // The type of a union's value, by its tag; nullptr for none and unknown ones, which are not looked at.
  const TypeTable* member_of(const TypeTable& type, const uint8_t* table, size_t tag_field) const {
    const flatbuffers::voffset_t at = position(table, tag_field);
    if (at == 0 || !verifier_.Verify(static_cast<size_t>(table - bytes_) + at, 1)) return nullptr;
    const uint8_t tag = table[at];
    return tag < type.num_elems ? child_of(type, type.type_codes[tag]) : nullptr;
  }

  Status walk_vector(const uint8_t* vector, const TypeCode& code, const TypeTable* child) {
    const auto at = static_cast<size_t>(vector - bytes_);
    if (!verifier_.Verify<uoffset_t>(at)) return damaged();
    const auto count = flatbuffers::ReadScalar<uoffset_t>(vector);
    const auto base = static_cast<flatbuffers::ElementaryType>(code.base_type);
    const bool has_tables = child != nullptr && child->st == flatbuffers::ST_TABLE;
    const size_t element = has_tables ? sizeof(uoffset_t) : flatbuffers::InlineSize(base, child);
    if (!verifier_.Verify(at, sizeof(uoffset_t) + count * element)) return damaged();
    TENON_RETURN_IF_ERROR(budget_.charge(kElementCost * count));
    for (uoffset_t i = 0; has_tables && i < count; ++i) {
      const uint8_t* entry = vector + sizeof(uoffset_t) + i * sizeof(uoffset_t);
      const uoffset_t offset = verifier_.VerifyOffset(entry, 0);
      if (offset == 0) return damaged();
      TENON_RETURN_IF_ERROR(walk(entry + offset, *child));
    }
    return {};
  }

  // Where a field of a table begins; 0: it is absent.
  static flatbuffers::voffset_t position(const uint8_t* table, size_t field) {
    const auto slot = flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(field));
    return reinterpret_cast<const flatbuffers::Table*>(table)->GetOptionalFieldOffset(slot);
  }

  const uint8_t* bytes_;
  flatbuffers::Verifier verifier_;
  ReadBudget budget_;
};

}  // namespace

Status verify(std::span<const std::byte> bytes) {
  if (bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE)
    return error(TN_UNSUPPORTED, "it holds ", bytes.size(), " bytes, but the format ends at ",
                 FLATBUFFERS_MAX_BUFFER_SIZE, ": use the .onnx model with external data");
  TENON_RETURN_IF_ERROR(CostWalk(bytes).walk_root(*ort_file::InferenceSessionTypeTable()));
  auto verifier = verifier_of(bytes);
  return ort_file::VerifyInferenceSessionBuffer(verifier) ? Status() : damaged();
}

}  // namespace tenon::host::ort
