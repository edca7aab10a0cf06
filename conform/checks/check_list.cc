#include "conform/checks/check_list.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "conform/cases/shared_operators.h"
#include "conform/checks/abi/raw_plugin.h"
#include "conform/checks/library_checks.h"
#include "conform/checks/nodes/node_check.h"
#include "conform/checks/operators/operator_checks.h"
#include "host/plugins/loading/table_check.h"
#include "tools/support/isolated.h"

namespace tenon::conform {
namespace {

using host::concat;

struct LibraryCheck {
  const char* id;
  bool is_vital;
  const char* asks;
  Outcome (*run)(const Subject&);
};
constexpr LibraryCheck kLibraryChecks[] = {
#define TENON_LIBRARY_ROW(group, name, is_vital, asks) {#group "/" #name, is_vital, asks, check_##group##_##name},
    TENON_LIBRARY_CHECKS(TENON_LIBRARY_ROW)
#undef TENON_LIBRARY_ROW
};

struct OperatorCheck {
  const char* name;
  const char* asks;
  Outcome (*run)(const Subject&, const OperatorName&);
};
constexpr OperatorCheck kOperatorChecks[] = {
#define TENON_OPERATOR_ROW(name, asks) {#name, asks, check_##name},
    TENON_OPERATOR_CHECKS(TENON_OPERATOR_ROW)
#undef TENON_OPERATOR_ROW
};

constexpr std::chrono::milliseconds kOperatorLimit{60'000}, kLibraryLimit{120'000};

// The host's schemas of a kernel table, and what the provider describes itself.
std::string operators_text(const Subject& subject) {
  const RawPlugin plugin(subject);
  const tn_provider& table = plugin.table();
  std::string text;
  const auto add = [&](std::string_view domain, std::string_view op_type, int32_t version) {
    text += concat(domain, "\t", op_type, "\t", version, "\n");
  };
  for (const host::OpSchema* s : cases::schemas_of(table)) add(s->domain, s->op_type, s->since_version);
  const uint32_t count = TN_HAS(&table, operator_stride) ? table.operator_count : 0;
  const char* line = reinterpret_cast<const char*>(table.operators);
  for (uint32_t i = 0; i < count; ++i, line += table.operator_stride) {
    const auto& described = *reinterpret_cast<const tn_operator*>(line);
    add(described.domain, described.op_type, described.since_version);
  }
  return text;
}

// Those whose operators the provider has, all of them. They come behind all else that is asked of these.
void add_node_tests(const Subject& subject, const std::vector<OperatorName>& operators, std::vector<Task>* tasks) {
  std::map<std::string, std::vector<size_t>> last;  // of an operator's forms the last task, which needs the others
  for (const OperatorName& op : operators) {
    std::vector<size_t>& of_operator = last[op.domain + ":" + op.op_type];
    for (size_t i = 0; i < tasks->size(); ++i)
      if ((*tasks)[i].id == concat(std::end(kOperatorChecks)[-1].name, "/", op.text())) of_operator.push_back(i);
  }
  for (const NodeTest& test : node_tests()) {
    std::vector<size_t> needs;
    const bool has_all = std::all_of(test.operators.begin(), test.operators.end(), [&](const std::string& op) {
      const auto found = last.find(op);
      if (found == last.end()) return false;
      needs.insert(needs.end(), found->second.begin(), found->second.end());
      return true;
    });
    if (!has_all) continue;
    tasks->push_back({"nodes/" + test.name, "computes what the onnx package expects",
                      [&subject, &test] { return check_node_test(subject, test); }, std::move(needs), kOperatorLimit});
  }
}

}  // namespace

std::vector<OperatorName> list_operators(const Subject& subject) {
  const auto listed = tools::run_isolated([&] { return operators_text(subject); }, std::chrono::seconds(60));
  if (!listed.ending.empty()) throw Breach("not-loadable", "the process that reads its tables " + listed.ending);
  std::vector<OperatorName> operators;
  std::istringstream lines(listed.written);
  OperatorName op;
  for (std::string version;
       std::getline(lines, op.domain, '\t') && std::getline(lines, op.op_type, '\t') && std::getline(lines, version);) {
    op.since_version = std::stoi(version);
    operators.push_back(op);
  }
  return operators;
}

std::vector<Task> list_checks(const Subject& subject, const std::vector<OperatorName>& operators) {
  std::vector<Task> tasks;
  std::vector<size_t> vital;
  for (const LibraryCheck& check : kLibraryChecks) {
    tasks.push_back({check.id, check.asks, [run = check.run, &subject] { return run(subject); }, vital, kLibraryLimit});
    if (check.is_vital) vital.push_back(tasks.size() - 1);
  }
  // Groups have other operators of the provider in them, so all of these come first.
  std::vector<size_t> all = vital;
  for (const OperatorName& op : operators) {
    std::vector<size_t> needs = vital;
    for (const OperatorCheck& check : kOperatorChecks) {
      if (check.run == check_groups) continue;
      tasks.push_back({concat(check.name, "/", op.text()), check.asks,
                       [run = check.run, &subject, op] { return run(subject, op); }, needs, kOperatorLimit});
      needs.push_back(tasks.size() - 1);
    }
    all.push_back(tasks.size() - 1);
  }
  for (const OperatorName& op : operators)
    for (const OperatorCheck& check : kOperatorChecks)
      if (check.run == check_groups)
        tasks.push_back({concat(check.name, "/", op.text()), check.asks,
                         [run = check.run, &subject, op] { return run(subject, op); }, all, kOperatorLimit});
  add_node_tests(subject, operators, &tasks);
  return tasks;
}

}  // namespace tenon::conform
