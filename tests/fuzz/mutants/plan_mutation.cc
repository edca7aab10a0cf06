// Knows how FlatBuffers lie in memory, not their schemas: tables of one layout share a vtable, and most of them are of
// one type, so a reference that is led to another target of its kind gives a buffer that still passes the verifier.
#include "tests/fuzz/mutants/plan_mutation.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "host/packs/plan_reader.h"
#include "host/storage/pack/pack_file.h"
#include "host/storage/pack/pack_writer.h"

namespace tenon::mutants {
namespace {

constexpr size_t kLongestText = 512;

class BufferMutation {
 public:
  BufferMutation(std::vector<std::byte>& bytes, Random& random) : bytes_(bytes), random_(random) {
    find_tables();
    find_texts();
    find_references();
  }

  void apply() {
    switch (random_.below(10)) {
      case 0:
      case 1:
      case 2:
      case 3: return lead_elsewhere();
      case 4:
      case 5:
      case 6: return set_field();
      case 7: return set_length();
      case 8: return set_small_number();
      default: bytes_[random_.below(bytes_.size())] = static_cast<std::byte>(random_.below(256));
    }
  }

 private:
  template <typename T>
  T get(size_t at) const {
    T value;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    return value;
  }
  template <typename T>
  void put(size_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }

  // Where a table's fields lie, 0 for absent ones; empty: there is no table at `at`.
  std::vector<uint16_t> fields_of(size_t at) const {
    const int64_t vtable = static_cast<int64_t>(at) - get<int32_t>(at);
    if (vtable < 0 || vtable % 2 != 0 || vtable + 4 > static_cast<int64_t>(bytes_.size())) return {};
    const auto v = static_cast<size_t>(vtable);
    const size_t length = get<uint16_t>(v), table = get<uint16_t>(v + 2);
    if (length < 6 || length % 2 != 0 || length > 128 || v + length > bytes_.size() || table < 4 ||
        at + table > bytes_.size())
      return {};
    std::vector<uint16_t> fields;
    for (size_t i = 4; i < length; i += 2) {
      fields.push_back(get<uint16_t>(v + i));
      if (fields.back() >= table || (fields.back() != 0 && fields.back() < 4)) return {};
    }
    return fields;
  }

  void find_tables() {
    for (size_t at = 4; at + 4 <= bytes_.size(); at += 4)
      if (!fields_of(at).empty()) {
        kinds_[at] = at - static_cast<size_t>(get<int32_t>(at));
        tables_.push_back(at);
      }
  }

  void find_texts() {
    for (size_t at = 4; at + 5 <= bytes_.size(); at += 4) {
      const size_t length = get<uint32_t>(at);
      if (length == 0 || length > kLongestText || at + 4 + length >= bytes_.size()) continue;
      const auto is_text = [](std::byte b) { return b >= std::byte(32) && b < std::byte(127); };
      if (bytes_[at + 4 + length] == std::byte(0) &&
          std::all_of(bytes_.begin() + static_cast<ptrdiff_t>(at + 4),
                      bytes_.begin() + static_cast<ptrdiff_t>(at + 4 + length), is_text))
        kinds_[at] = kText;
    }
  }

  void find_references() {
    for (size_t at = 0; at + 4 <= bytes_.size(); at += 4) {
      const size_t target = at + get<uint32_t>(at);
      if (const auto kind = kinds_.find(target); target != at && kind != kinds_.end())
        references_[kind->second].push_back(at);
    }
    for (const auto& [kind, places] : references_) kind_list_.push_back(kind);
  }

  void lead_elsewhere() {
    if (kind_list_.empty()) return;
    const auto& places = references_[random_.one_in(2) ? kText : random_.of(kind_list_)];
    if (places.empty()) return;
    const size_t from = random_.of(places), other = random_.of(places);
    const size_t target = other + get<uint32_t>(other);
    if (target > from) put(from, static_cast<uint32_t>(target - from));
  }

  void set_field() {
    if (tables_.empty()) return;
    const size_t table = random_.of(tables_);
    const std::vector<uint16_t> fields = fields_of(table);
    if (fields.empty()) return;
    const size_t f = random_.below(fields.size());
    if (random_.one_in(8)) {  // absent from now on, in every table of this layout
      put<uint16_t>(table - static_cast<size_t>(get<int32_t>(table)) + 4 + 2 * f, 0);
      return;
    }
    const size_t at = table + fields[f];
    if (fields[f] == 0 || at + 8 > bytes_.size()) return;
    const int64_t value = random_.one_in(8) ? static_cast<int64_t>(random_.next()) : random_.between(-2, 20);
    switch (random_.below(4)) {
      case 0: return put(at, value);
      case 1: return put(at, static_cast<int32_t>(value));
      default: return put(at, static_cast<uint8_t>(value));
    }
  }

  // Of a list, which a reference leads to as it does to texts and tables; shorter ones stay within the buffer.
  void set_length() {
    for (int tries = 0; tries < 64; ++tries) {
      const size_t at = 4 * random_.below(bytes_.size() / 4);
      const size_t target = at + get<uint32_t>(at);
      if (target <= at || target % 4 != 0 || target + 4 > bytes_.size()) continue;
      const uint32_t length = get<uint32_t>(target);
      if (length == 0 || length > 4096) continue;
      put<uint32_t>(target, random_.one_in(8) ? length + 1 : static_cast<uint32_t>(random_.below(length)));
      return;
    }
  }

  // Attributes' numbers, dimensions, numbers of nodes, blobs and inputs.
  void set_small_number() {
    for (int tries = 0; tries < 64; ++tries) {
      const size_t at = 4 * random_.below(bytes_.size() / 4);
      if (get<uint32_t>(at) > 1024) continue;
      const int32_t value = random_.one_in(2) ? static_cast<int32_t>(get<uint32_t>(at)) + (random_.one_in(2) ? 1 : -1)
                                              : static_cast<int32_t>(random_.between(-3, 12));
      put(at, value);
      return;
    }
  }

  static constexpr size_t kText = 0;  // no table begins there
  std::vector<std::byte>& bytes_;
  Random& random_;
  std::vector<size_t> tables_, kind_list_;
  std::map<size_t, size_t> kinds_;  // of targets: the place of a table's vtable, or kText
  std::map<size_t, std::vector<size_t>> references_;
};

}  // namespace

void mutate_flatbuffer(std::vector<std::byte>& bytes, Random& random) {
  if (bytes.size() < 64) return;
  BufferMutation mutation(bytes, random);
  for (size_t i = 1 + random.below(4) * random.below(2); i > 0; --i) mutation.apply();
}

host::Status write_plan_mutant(const std::filesystem::path& pack_path, const std::filesystem::path& target,
                               Random& random) {
  TENON_ASSIGN_OR_RETURN(const auto pack, host::PackFile::open(pack_path, true));
  const auto section = pack->section(host::kPlanSection);
  std::vector<std::byte> plan(section.begin(), section.end());
  mutate_flatbuffer(plan, random);
  TENON_ASSIGN_OR_RETURN(const auto writer, host::PackWriter::create(target.parent_path(), pack->key()));
  for (size_t i = 0; i < pack->blob_count(); ++i) {
    std::vector<std::byte> blob(pack->blob(i).begin(), pack->blob(i).end());
    if (!blob.empty() && random.one_in(16)) blob[random.below(blob.size())] = static_cast<std::byte>(random.below(256));
    TENON_ASSIGN_OR_RETURN(const uint32_t index, writer->add_blob(blob.size(), 64, pack->blob_label(i)));
    TENON_RETURN_IF_ERROR(writer->write_blob(index, blob));
  }
  TENON_RETURN_IF_ERROR(writer->add_section(host::kPlanSection, plan));
  return writer->publish(target);
}

}  // namespace tenon::mutants
