#include "host/session/report_json.h"

namespace tenon::host {
namespace {

using Json = nlohmann::ordered_json;

Json memory_json(const MemoryReport& m) {
  return {{"mapped_file_bytes", m.mapped_file_bytes},
          {"mapped_weight_bytes", m.mapped_weight_bytes},
          {"copied_weight_bytes", m.copied_weight_bytes},
          {"computed_weight_bytes", m.computed_weight_bytes},
          {"pack_weight_bytes", m.pack_weight_bytes},
          {"pack_file_bytes", m.pack_file_bytes},
          {"packed_bytes", m.packed_bytes},
          {"arena_bytes", m.arena_bytes},
          {"arena_peak_bytes", m.arena_peak_bytes},
          {"scratch_peak_bytes", m.scratch_peak_bytes},
          {"process_private_bytes", m.process_private_bytes},
          {"process_shared_bytes", m.process_shared_bytes}};
}

Json provider_json(const ProviderEntry& p) {
  return {{"name", p.name}, {"version", p.version}, {"path", p.path}, {"nodes", p.nodes}, {"loaded", p.is_loaded}};
}

Json placement_json(const NodePlacement& p) {
  return {{"node", p.node},         {"op_type", p.op_type}, {"domain", p.domain}, {"opset", p.opset},
          {"provider", p.provider}, {"kernel", p.kernel},   {"reason", p.reason}};
}

Json initializer_json(const InitializerEntry& e) {
  return {{"name", e.name},   {"dtype", e.dtype},         {"shape", e.shape},
          {"bytes", e.bytes}, {"residence", e.residence}, {"reason", e.reason}};
}

Json stage_json(const StageTime& s) {
  return {{"stage", s.stage},
          {"milliseconds", s.milliseconds},
          {"private_bytes", s.private_bytes},
          {"peak_private_bytes", s.peak_private_bytes}};
}

Json pack_json(const PackEntry& p) {
  return {{"state", p.state}, {"path", p.path}, {"reason", p.reason}, {"bytes", p.bytes}};
}

Json entry_json(const ResidencyEntry& e) {
  return {{"kind", e.kind},
          {"name", e.name},
          {"bytes", e.bytes},
          {"resident_bytes", e.resident},
          {"proportional_bytes", e.proportional},
          {"shared_bytes", e.shared_bytes},
          {"private_bytes", e.private_bytes}};
}

template <typename Entry>
Json list(const std::vector<Entry>& entries, Json (*entry_json)(const Entry&)) {
  Json json = Json::array();
  for (const Entry& entry : entries) json.push_back(entry_json(entry));
  return json;
}

}  // namespace

Json residency_json(const std::vector<ResidencyEntry>& residency) {
  return list(residency, entry_json);
}

std::string to_json(const SessionReport& report) {
  const Json json = {{"model", report.model},
                     {"threads", report.threads},
                     {"providers", list(report.providers, provider_json)},
                     {"placement", list(report.placement, placement_json)},
                     {"pack", pack_json(report.pack)},
                     {"initializers", list(report.initializers, initializer_json)},
                     {"memory", memory_json(report.memory)},
                     {"residency", residency_json(report.residency)},
                     {"stages", list(report.stages, stage_json)},
                     {"notes", report.notes}};
  // Names come from models: bytes that are no UTF-8 must not throw.
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tenon::host
