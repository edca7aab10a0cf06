// Packs made by hand: those of a model with things in their plan changed, and every checksum right again.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <functional>
#include <string>
#include <vector>

#include "host/packs/plan_generated.h"
#include "host/packs/plan_reader.h"
#include "host/storage/pack/pack_file.h"
#include "host/storage/pack/pack_writer.h"

namespace tenon::test {

namespace plan_format = host::plan_format;

/// Sets a scalar of a table. False: it has the default value, for which files have no place.
template <typename T, typename Table>
bool set_field(const Table* table, flatbuffers::voffset_t field, T value) {
  auto* changed = reinterpret_cast<flatbuffers::Table*>(const_cast<Table*>(table));
  return changed->SetField<T>(field, value);
}

/// Gives a string another text of the same length.
inline bool set_text(const flatbuffers::String* text, const std::string& value) {
  if (text == nullptr || text->size() != value.size()) return false;
  std::copy(value.begin(), value.end(), const_cast<char*>(text->c_str()));
  return true;
}

/// Writes the pack at `path` anew. `change` is given its plan, to be changed in place;
/// TN_INVALID_ARGUMENT when it gives false: there is nothing to change.
inline host::Status reseal(const std::filesystem::path& path,
                           const std::function<bool(const plan_format::Plan& plan)>& change) {
  TENON_ASSIGN_OR_RETURN(const auto pack, host::PackFile::open(path, true));
  const auto section = pack->section(host::kPlanSection);
  std::vector<std::byte> plan(section.begin(), section.end());
  if (!change(*flatbuffers::GetRoot<plan_format::Plan>(plan.data())))
    return host::error(TN_INVALID_ARGUMENT, "the plan has nothing to change there");
  TENON_ASSIGN_OR_RETURN(const auto writer, host::PackWriter::create(path.parent_path(), pack->key()));
  for (size_t i = 0; i < pack->blob_count(); ++i) {
    TENON_ASSIGN_OR_RETURN(const uint32_t blob, writer->add_blob(pack->blob(i).size(), 64, pack->blob_label(i)));
    TENON_RETURN_IF_ERROR(writer->write_blob(blob, pack->blob(i)));
  }
  TENON_RETURN_IF_ERROR(writer->add_section(host::kPlanSection, plan));
  return writer->publish(path);
}

}  // namespace tenon::test
