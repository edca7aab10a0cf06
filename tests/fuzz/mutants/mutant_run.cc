#include "tests/fuzz/mutants/mutant_run.h"

#include <tenon/value.h>

#include <chrono>
#include <memory>

#include "tests/fuzz/mutants/mutant_inputs.h"

namespace tenon::mutants {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = Verdict::Kind;
using Options = std::unique_ptr<tenon_options, decltype(&tenon_options_destroy)>;
using RunOptions = std::unique_ptr<tenon_run_options, decltype(&tenon_run_options_destroy)>;
using Session = std::unique_ptr<tenon_session, decltype(&tenon_session_close)>;
using Results = std::unique_ptr<tenon_results, decltype(&tenon_results_destroy)>;

int64_t ms_since(Clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
}

Options make_options(const Limits& limits, const char* pack) {
  Options options(tenon_options_create(), tenon_options_destroy);
  const std::string memory = std::to_string(limits.run_memory_mb << 20);
  for (const auto& [name, value] :
       {std::pair("providers", limits.providers.c_str()), std::pair("threads", "1"), std::pair("pack", pack),
        std::pair("run_memory_limit_bytes", memory.c_str()), std::pair("fold_limit_bytes", memory.c_str())})
    if (tenon_options_set(options.get(), name, value) != 0) return {nullptr, tenon_options_destroy};
  return options;
}

Verdict refused(int code, Kind kind) {
  const std::string message = tenon_last_error();
  if (code == TENON_INTERNAL) return {Kind::kBroken, "internal error: " + message};
  if (message.empty()) return {Kind::kBroken, "an error without a message, code " + std::to_string(code)};
  return {kind, message};
}

volatile unsigned char touched;

void touch(const tenon_tensor& tensor) {
  unsigned char sum = 0;
  const auto add = [&](const void* data, size_t size) {
    for (size_t b = 0; b < size; ++b)
      sum = static_cast<unsigned char>(sum + static_cast<const unsigned char*>(data)[b]);
  };
  if (tensor.dtype == onnx::TensorProto::STRING) {
    const auto* strings = static_cast<const tenon_string*>(tensor.data);
    for (size_t s = 0; s < tensor.byte_length / sizeof(tenon_string); ++s) add(strings[s].data, strings[s].size);
  } else {
    add(tensor.data, tensor.byte_length);
  }
  touched = sum;
}

void touch(const tenon_value* value) {
  tenon_tensor tensor{}, values{};
  tensor.struct_size = values.struct_size = sizeof tensor;
  if (tenon_value_tensor(value, &tensor) == 0) return touch(tensor);
  if (tenon_value_map(value, &tensor, &values) == 0) {
    touch(tensor);
    return touch(values);
  }
  for (size_t i = 0; i < tenon_value_count(value); ++i) {
    tenon_value* element = nullptr;
    if (tenon_value_element(value, i, &element) != 0) continue;
    touch(element);
    tenon_value_destroy(element);
  }
}

// Reads every byte that a result hands out.
void touch(const tenon_results* results) {
  for (size_t i = 0; i < tenon_results_count(results); ++i) {
    tenon_value* value = nullptr;
    if (tenon_results_value(results, i, &value) != 0) continue;
    touch(value);
    tenon_value_destroy(value);
  }
}

Verdict run_once(tenon_session* session, const MutantInputs& inputs, const Limits& limits) {
  const auto begin = Clock::now();
  tenon_results* made = nullptr;
  const auto& values = inputs.values();
  const RunOptions options(tenon_run_options_create(), tenon_run_options_destroy);
  if (tenon_run_options_set_timeout(options.get(), limits.deadline_ms) != 0) return {Kind::kBroken, tenon_last_error()};
  const int code = tenon_session_run_values(session, values.data(), values.size(), nullptr, 0, options.get(), &made);
  const Results results(made, tenon_results_destroy);
  const int64_t took = ms_since(begin);
  if (took > limits.deadline_ms + limits.grace_ms)
    return {Kind::kBroken, "a run with a deadline of " + std::to_string(limits.deadline_ms) + " ms took " +
                               std::to_string(took) + " ms"};
  if (code != 0) return refused(code, Kind::kRefusedRun);
  touch(results.get());
  return {};
}

// `open` gives a session or an error's code.
template <typename Open>
Verdict open_and_run(const Seed& seed, const Limits& limits, Random& random, const char* pack, Open open) {
  const Options options = make_options(limits, pack);
  if (options == nullptr) return {Kind::kBroken, tenon_last_error()};
  const auto begin = Clock::now();
  tenon_session* opened = nullptr;
  const int code = open(options.get(), &opened);
  const Session session(opened, tenon_session_close);
  if (const int64_t took = ms_since(begin); took > limits.deadline_ms + limits.grace_ms)
    return {Kind::kBroken, "opening took " + std::to_string(took) + " ms"};
  if (code != 0) return refused(code, Kind::kRefusedOpen);
  const MutantInputs inputs(*session, seed, random);
  // Twice: the second run has a memory plan.
  Verdict verdict = run_once(session.get(), inputs, limits);
  if (verdict.kind != Kind::kBroken) verdict = run_once(session.get(), inputs, limits);
  return verdict;
}

}  // namespace

Verdict run_mutant(const Mutant& mutant, const Limits& limits, Random& random) {
  return open_and_run(*mutant.seed, limits, random, "off", [&](tenon_options* options, tenon_session** session) {
    return tenon_session_open_bytes(mutant.bytes.data(), mutant.bytes.size(), options, session);
  });
}

Verdict run_mutant_file(const std::filesystem::path& path, const char* pack, const Seed& seed, const Limits& limits,
                        Random& random) {
  return open_and_run(seed, limits, random, pack, [&](tenon_options* options, tenon_session** session) {
    return tenon_session_open(path.c_str(), options, session);
  });
}

}  // namespace tenon::mutants
