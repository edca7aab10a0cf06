#include "host/report/json_text.h"
#include "host/report/report.h"

namespace tenon::host {
namespace {

void write_memory(JsonText& json, const MemoryReport& m) {
  json.key("memory").object([&] {
    json.member("mapped_file_bytes", m.mapped_file_bytes)
        .member("mapped_weight_bytes", m.mapped_weight_bytes)
        .member("copied_weight_bytes", m.copied_weight_bytes)
        .member("computed_weight_bytes", m.computed_weight_bytes)
        .member("pack_weight_bytes", m.pack_weight_bytes)
        .member("pack_file_bytes", m.pack_file_bytes)
        .member("packed_bytes", m.packed_bytes)
        .member("arena_bytes", m.arena_bytes)
        .member("arena_peak_bytes", m.arena_peak_bytes)
        .member("scratch_peak_bytes", m.scratch_peak_bytes)
        .member("process_private_bytes", m.process_private_bytes)
        .member("process_shared_bytes", m.process_shared_bytes);
  });
}

void write_provider(JsonText& json, const ProviderEntry& p) {
  json.object([&] {
    json.member("name", p.name).member("version", p.version).member("path", p.path);
    json.member("nodes", p.nodes).member("loaded", p.is_loaded);
  });
}

void write_placement(JsonText& json, const NodePlacement& p) {
  json.object([&] {
    json.member("node", p.node).member("op_type", p.op_type).member("domain", p.domain).member("opset", p.opset);
    json.member("provider", p.provider).member("kernel", p.kernel).member("reason", p.reason);
    if (p.cost_ns > 0) json.member("cost_ns", p.cost_ns);
  });
}

void write_initializer(JsonText& json, const InitializerEntry& e) {
  json.object([&] {
    json.member("name", e.name).member("dtype", e.dtype).key("shape").list([&] {
      for (const int64_t d : e.shape) json.item().value(d);
    });
    json.member("bytes", e.bytes).member("residence", e.residence).member("reason", e.reason);
  });
}

void write_stage(JsonText& json, const StageTime& s) {
  json.object([&] {
    json.member("stage", s.stage).member("milliseconds", s.milliseconds);
    json.member("private_bytes", s.private_bytes).member("peak_private_bytes", s.peak_private_bytes);
  });
}

void write_pack(JsonText& json, const PackEntry& p) {
  json.key("pack").object([&] {
    json.member("state", p.state).member("path", p.path).member("reason", p.reason).member("bytes", p.bytes);
  });
}

void write_residency(JsonText& json, const ResidencyEntry& e) {
  json.object([&] {
    json.member("kind", e.kind)
        .member("name", e.name)
        .member("bytes", e.bytes)
        .member("resident_bytes", e.resident)
        .member("proportional_bytes", e.proportional)
        .member("shared_bytes", e.shared_bytes)
        .member("private_bytes", e.private_bytes);
  });
}

}  // namespace

std::string to_json(const SessionReport& report) {
  JsonText json;
  json.object([&] {
    json.member("model", report.model).member("threads", report.threads);
    json.member("providers", report.providers, write_provider);
    json.member("placement", report.placement, write_placement);
    write_pack(json, report.pack);
    json.member("initializers", report.initializers, write_initializer);
    write_memory(json, report.memory);
    json.member("residency", report.residency, write_residency);
    json.member("stages", report.stages, write_stage);
    json.member("notes", report.notes, [](JsonText& item, const std::string& note) { item.value(note); });
  });
  return json.text();
}

}  // namespace tenon::host
