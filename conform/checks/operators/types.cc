#include <cmath>

#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/trial.h"
#include "host/base/dtype.h"

namespace tenon::conform {
namespace {

using host::concat;

// Cases of one type: as many as are computed before it is believed, as are offered at most, and as a draw is worth.
constexpr int64_t kComputed = 3, kOffers = 150, kDraws = 12;
// The chance at which so many refusals in a row are no accident.
constexpr double kAccident = 1e-4;

struct Tally {
  tn_dtype dtype = TN_UNDEFINED;
  int64_t offered = 0, computed = 0;
  std::string refusal;
};

Tally try_type(OperatorBench& bench, const std::string& parameter, tn_dtype dtype) {
  Tally tally{dtype, 0, 0, {}};
  DrawSettings draws;
  draws.type = {parameter, dtype};
  const int64_t before = bench.offered();
  for (int64_t i = 0; i < kDraws && tally.computed < kComputed && bench.offered() - before < kOffers; ++i) {
    const auto c = bench.next(draws);
    if (c == nullptr) {
      tally.refusal = bench.refusal();
      continue;
    }
    const Trial trial = try_run(*c, {});
    tally.computed += trial.status.is_ok();
    if (!trial.status.is_ok()) tally.refusal = trial.status.message();
  }
  tally.offered = bench.offered() - before;
  return tally;
}

/// The type that is refused whatever the case, where cases of the other types are not; nullptr: there is none.
const Tally* find_refused(const std::vector<Tally>& tallies) {
  for (const Tally& tally : tallies) {
    if (tally.computed > 0) continue;
    int64_t offered = 0, computed = 0;
    for (const Tally& other : tallies)
      if (other.computed > 0) offered += other.offered, computed += other.computed;
    if (computed == 0) continue;
    const double share = static_cast<double>(computed) / static_cast<double>(offered);
    if (std::pow(1 - share, static_cast<double>(tally.offered)) < kAccident) return &tally;
  }
  return nullptr;
}

bool is_of_input(const host::OpSchema& schema, std::string_view parameter) {
  for (const host::FormalParameter& input : schema.inputs)
    if (input.type == parameter) return true;
  return false;
}

}  // namespace

Outcome check_types(const Subject& subject, const OperatorName& op) {
  OperatorBench bench(subject, op);
  int64_t computed = 0, types_computed = 0;
  for (const auto& types : bench.op().types) {
    if (!is_of_input(*bench.op().schema, types.parameter)) continue;
    std::vector<Tally> tallies;
    for (const tn_dtype dtype : types.common) tallies.push_back(try_type(bench, std::string(types.parameter), dtype));
    for (const Tally& tally : tallies) computed += tally.computed, types_computed += tally.computed > 0;
    if (const Tally* refused = find_refused(tallies))
      return Outcome::fail(
          "over-claims",
          concat("the table declares ", types.parameter, " = ", host::dtype_name(refused->dtype), ", but none of ",
                 refused->offered, " cases of it is computed, unlike those of other types: ", refused->refusal));
  }
  if (computed == 0 && bench.offered() >= kOffers)
    return Outcome::fail("over-claims", concat("the table declares the operator, but none of ", bench.offered(),
                                               " cases of it is computed: ", bench.refusal()));
  return computed == 0 ? nothing_to_check(bench) : Outcome::pass(concat(types_computed, " types"));
}

}  // namespace tenon::conform
