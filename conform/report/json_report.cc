#include <nlohmann/json.hpp>

#include "conform/report/report.h"

namespace tenon::conform {

std::string json_report(const Report& report) {
  using Kind = Outcome::Kind;
  nlohmann::json checks = nlohmann::json::array();
  for (const ReportedCheck& check : report.checks) {
    nlohmann::json one = {{"id", check.id},
                          {"asks", check.asks},
                          {"verdict", kind_name(check.outcome.kind)},
                          {"message", check.outcome.message},
                          {"milliseconds", check.took.count()},
                          {"replay", check.replay}};
    if (check.outcome.kind == Kind::kFail) one["finding"] = check.outcome.finding;
    checks.push_back(std::move(one));
  }
  const nlohmann::json all = {{"library", report.library},
                              {"provider", report.provider},
                              {"seed", report.seed},
                              {"milliseconds", report.took.count()},
                              {"passed", report.count(Kind::kPass)},
                              {"failed", report.count(Kind::kFail)},
                              {"unsupported", report.count(Kind::kUnsupported)},
                              {"excluded", report.count(Kind::kExcluded)},
                              {"checks", std::move(checks)}};
  return all.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace tenon::conform
