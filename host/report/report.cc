#include "host/report/report.h"

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <map>
#include <sstream>

#include "host/base/dtype.h"
#include "host/report/text_table.h"

namespace tenon::host {
namespace {

std::string counted(size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

void write_providers(const SessionReport& report, std::ostream& out) {
  out << "providers, in order\n";
  TextTable table;
  for (const ProviderEntry& p : report.providers)
    table.add({p.name, p.version, counted(p.nodes, "node") + (p.is_loaded ? "" : ", not loaded"), p.path});
  table.write(out);
}

// Nodes with one kernel, provider and reason are one line.
void write_placement_summary(const SessionReport& report, std::ostream& out) {
  struct Group {
    const NodePlacement* first;
    size_t count;
  };
  std::vector<Group> groups;
  std::map<std::vector<std::string>, size_t> index;
  for (const NodePlacement& p : report.placement) {
    const auto [it, is_new] =
        index.try_emplace({p.provider, p.kernel, p.kernel.empty() ? p.op_type : "", p.reason}, groups.size());
    if (is_new) groups.push_back({&p, 0});
    ++groups[it->second].count;
  }
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.count > b.count; });
  TextTable table;
  for (const Group& g : groups)
    table.add({counted(g.count, "node"), g.first->kernel.empty() ? g.first->op_type : g.first->kernel,
               g.first->provider.empty() ? "NO PROVIDER" : g.first->provider, g.first->reason});
  out << "placement of " << report.placement.size() << " nodes\n";
  table.write(out);
}

std::string operator_text(const NodePlacement& p) {
  std::ostringstream text;
  text << p.domain << (p.domain.empty() ? "" : ".") << p.op_type << '-' << p.opset;
  return text.str();
}

// "about 1.5 us a run on one thread", or nothing.
std::string cost_text(uint64_t cost_ns) {
  std::ostringstream text;
  if (cost_ns > 0) text << "about " << static_cast<double>(cost_ns) / 1000 << " us a run on one thread";
  return text.str();
}

std::string remark_of(const NodePlacement& p) {
  const std::string cost = cost_text(p.cost_ns);
  return p.reason + (p.reason.empty() || cost.empty() ? "" : "; ") + cost;
}

void write_placement_details(const SessionReport& report, std::ostream& out) {
  TextTable table;
  for (const NodePlacement& p : report.placement)
    table.add({p.node, operator_text(p), p.provider.empty() ? "NO PROVIDER" : p.provider, p.kernel, remark_of(p)});
  out << "placement of " << report.placement.size() << " nodes\n";
  table.write(out);
}

// Constants that share a cause are one line, wherever in the file they lie.
std::string without_offset(std::string reason) {
  static constexpr std::string_view kOffset = " at offset ";
  const size_t begin = reason.find(kOffset);
  if (begin == std::string::npos) return reason;
  const size_t end = reason.find_first_not_of("0123456789", begin + kOffset.size());
  return reason.erase(begin, end == std::string::npos ? end : end - begin);
}

void write_initializer_summary(const SessionReport& report, std::ostream& out) {
  struct Group {
    size_t count = 0;
    uint64_t bytes = 0;
  };
  std::map<std::pair<std::string, std::string>, Group> groups;
  for (const InitializerEntry& e : report.initializers) {
    Group& group = groups[{e.residence, without_offset(e.reason)}];
    ++group.count;
    group.bytes += e.bytes;
  }
  TextTable table;
  for (const auto& [key, group] : groups)
    table.add({std::to_string(group.count), human_bytes(group.bytes), key.first, key.second});
  out << "constants: " << report.initializers.size() << "\n";
  table.write(out);
}

void write_initializer_details(const SessionReport& report, std::ostream& out) {
  TextTable table;
  for (const InitializerEntry& e : report.initializers)
    table.add({e.name, e.dtype, shape_text(e.shape), human_bytes(e.bytes), e.residence, e.reason});
  out << "constants: " << report.initializers.size() << "\n";
  table.write(out);
}

void write_pack(const PackEntry& pack, std::ostream& out) {
  out << "pack: " << pack.state;
  if (!pack.path.empty()) out << ", " << pack.path << ", " << human_bytes(pack.bytes);
  if (!pack.reason.empty()) out << " (" << pack.reason << ")";
  out << '\n';
}

void write_memory(const MemoryReport& memory, std::ostream& out) {
  TextTable table;
  const auto row = [&](const char* what, uint64_t bytes, const char* where) {
    table.add({what, human_bytes(bytes), where});
  };
  row("mapped files", memory.mapped_file_bytes, "shared with every process that maps them");
  row("  weights used in place", memory.mapped_weight_bytes, "of the mapped files");
  row("copied weights", memory.copied_weight_bytes, "private");
  row("computed constants", memory.computed_weight_bytes, "private");
  row("pack file", memory.pack_file_bytes, "shared with every process that maps it");
  row("  weights used in place", memory.pack_weight_bytes, "of the pack file");
  row("packed weights", memory.packed_bytes, "private");
  row("arenas", memory.arena_bytes, "private, now");
  row("arenas at most", memory.arena_peak_bytes, "");
  row("scratch at most", memory.scratch_peak_bytes, "per run");
  if (memory.process_private_bytes > 0) {
    row("whole process, private", memory.process_private_bytes, "as the system counts");
    row("whole process, shared", memory.process_shared_bytes, "as the system counts");
  }
  out << "memory\n";
  table.write(out);
}

void write_stages(const SessionReport& report, std::ostream& out) {
  TextTable table;
  double total = 0;
  for (const StageTime& s : report.stages) {
    char time[32];
    std::snprintf(time, sizeof time, "%9.2f ms", s.milliseconds);
    table.add({s.stage, time, s.private_bytes > 0 ? human_bytes(s.private_bytes) + " private" : "",
               s.peak_private_bytes > s.private_bytes ? human_bytes(s.peak_private_bytes) + " at its peak" : ""});
    total += s.milliseconds;
  }
  out << "opened in " << std::fixed << std::setprecision(1) << total << " ms\n";
  table.write(out);
}

}  // namespace

std::string to_text(const SessionReport& report, bool details) {
  std::ostringstream out;
  out << "model " << (report.model.empty() ? "(from memory)" : report.model) << ", " << report.threads
      << (report.threads == 1 ? " thread" : " threads") << "\n\n";
  write_providers(report, out);
  out << '\n';
  details ? write_placement_details(report, out) : write_placement_summary(report, out);
  out << '\n';
  details ? write_initializer_details(report, out) : write_initializer_summary(report, out);
  out << '\n';
  write_pack(report.pack, out);
  out << '\n';
  write_memory(report.memory, out);
  out << '\n' << residency_text("held by this session", report.residency) << '\n';
  write_stages(report, out);
  if (!report.notes.empty()) out << "\nnotes\n";
  for (const std::string& note : report.notes) out << "  " << note << '\n';
  return out.str();
}

}  // namespace tenon::host
