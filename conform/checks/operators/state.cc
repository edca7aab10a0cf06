#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/trial.h"
#include "host/base/dtype.h"

namespace tenon::conform {
namespace {

using host::concat;

constexpr std::byte kFirst{0x5A}, kSecond{0xA5};

RunSettings filled(std::byte fill) {
  RunSettings settings;
  settings.fill = fill;
  return settings;
}

/// Outputs that the model has and that the run did not ask for.
std::optional<std::string> missing_output(const KernelCase& c, const Trial& trial) {
  for (uint32_t i = 0; i < c.expected.size(); ++i)
    if (c.expected[i] && !trial.run->outputs().contains(i))
      return concat("succeeds without asking for output ", i, ", which the model has");
  return std::nullopt;
}

/// Bytes that hold what they were filled with in both runs.
std::optional<std::string> unwritten(const Trial& a, const Trial& b) {
  for (const auto& [index, made] : a.run->outputs()) {
    const auto found = b.run->outputs().find(index);
    if (found == b.run->outputs().end() || made.dtype == TN_STRING || found->second.shape != made.shape) continue;
    uint64_t count = 0;
    for (uint64_t i = 0; i < made.memory.bytes(); ++i)
      count += made.memory.data()[i] == kFirst && found->second.memory.data()[i] == kSecond;
    if (count > 0)
      return concat("leaves ", count, " of ", made.memory.bytes(), " bytes of output ", index, " unwritten");
  }
  return std::nullopt;
}

Outcome fail(const char* finding, const std::string& message, const KernelCase& c) {
  return Outcome::fail(finding, concat(message, "; ", c.text()));
}

std::optional<Outcome> check_aliases(const KernelCase& c, const Trial& apart) {
  for (const auto& [output, made] : apart.run->outputs())
    for (uint32_t input = 0; input < c.inputs.size(); ++input) {
      if (!c.kernel.may_share(output, input) || c.kernel.is_state(output, input) || c.constant[input]) continue;
      RunSettings settings = filled(kFirst);
      settings.shared_output = output;
      settings.shared_input = input;
      const Trial shared = try_run(c, settings);
      if (!shared.run->has_shared()) continue;
      if (auto why = byte_difference(apart, shared))
        return fail("wrong-in-place", concat("output ", output, " in the memory of input ", input, ": ", *why), c);
    }
  return std::nullopt;
}

/// Other inputs in between must change nothing, and must be answered as by a kernel that has seen no others.
std::optional<Outcome> check_memory_of_runs(OperatorBench& bench, const KernelCase& c, const Trial& first) {
  const std::vector<host::Tensor> others = turned_inputs(c);
  const Trial used = try_run(c, others, filled(kFirst)), again = try_run(c, filled(kFirst));
  if (const auto why = byte_difference(first, again))
    return fail("keeps-state", "a run after one on other inputs: " + *why, c);
  const auto fresh = bench.open(c.drawn, c.sight);
  if (fresh == nullptr) return std::nullopt;
  const Trial unused = try_run(*fresh, others, filled(kFirst));
  if (const auto why = byte_difference(used, unused))
    return fail("keeps-state", "other inputs, by a kernel that has run before and a new one: " + *why, c);
  return std::nullopt;
}

std::optional<Outcome> check_case(OperatorBench& bench, const KernelCase& c) {
  const Trial first = try_run(c, filled(kFirst)), second = try_run(c, filled(kSecond));
  if (!first.status.is_ok()) return std::nullopt;
  if (const auto why = missing_output(c, first)) return fail("output-missing", *why, c);
  if (const auto why = unwritten(first, second)) return fail("output-unwritten", *why, c);
  if (c.is_random || !c.kernel.is_deterministic()) return std::nullopt;
  if (const auto why = byte_difference(first, second))
    return fail("not-deterministic", "two runs on the same inputs: " + *why, c);
  if (auto outcome = check_aliases(c, first)) return outcome;
  return check_memory_of_runs(bench, c, first);
}

}  // namespace

Outcome check_state(const Subject& subject, const OperatorName& op) {
  OperatorBench bench(subject, op);
  int64_t count = 0;
  for (; count < subject.cases; ++count) {
    const auto c = bench.next({});
    if (c == nullptr) break;
    if (auto outcome = check_case(bench, *c)) return *std::move(outcome);
  }
  return count == 0 ? nothing_to_check(bench) : Outcome::pass(concat(count, " cases"));
}

}  // namespace tenon::conform
