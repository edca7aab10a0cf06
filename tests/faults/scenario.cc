#include "tests/faults/scenario.h"

#include <tenon/tenon.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace tenon::faults {
namespace {

using Options = std::unique_ptr<tenon_options, decltype(&tenon_options_destroy)>;
using RunOptions = std::unique_ptr<tenon_run_options, decltype(&tenon_run_options_destroy)>;
using Session = std::unique_ptr<tenon_session, decltype(&tenon_session_close)>;

// Room for the inputs and the options, all taken before calls are made to fail.
class Stage {
 public:
  explicit Stage(const Plan& plan)
      : plan_(plan),
        options_(tenon_options_create(), tenon_options_destroy),
        run_options_(tenon_run_options_create(), tenon_run_options_destroy) {
    tenon_run_options_set_timeout(run_options_.get(), 60'000);
    tenon_options_set(options_.get(), "pack", plan.pack.c_str());
    if (!plan.cache.empty()) tenon_options_set(options_.get(), "cache_dir", plan.cache.c_str());
    tenon_options_set(options_.get(), "threads", "2");
  }

  // Free dimensions are 1, numbers are 1 or count up.
  void make_inputs(const tenon_session& session) {
    for (size_t i = 0; i < tenon_session_input_count(&session); ++i) {
      tenon_port port{};
      port.struct_size = sizeof port;
      if (tenon_session_input(&session, i, &port) != 0) continue;
      auto& input = *inputs_.emplace_back(std::make_unique<Input>());
      input.name = port.name;
      size_t count = 1;
      for (int32_t d = 0; d < port.rank; ++d) {
        input.shape.push_back(port.shape[d] < 0 ? 1 : port.shape[d]);
        count *= static_cast<size_t>(input.shape.back());
      }
      fill(input, port.dtype, count);
      tensors_.push_back({sizeof(tenon_tensor), input.name.c_str(), port.dtype,
                          static_cast<uint32_t>(input.shape.size()), input.shape.data(), input.bytes.data(),
                          input.bytes.size(), TENON_MEMORY_HOST, 0});
    }
  }

  int open(Session& session) const {
    tenon_session* opened = nullptr;
    const int code = tenon_session_open(plan_.model.c_str(), options_.get(), &opened);
    session.reset(opened);
    return code;
  }

  int run(tenon_session* session, uint64_t* answer) const {
    tenon_results* results = nullptr;
    const int code =
        tenon_session_run(session, tensors_.data(), tensors_.size(), nullptr, 0, run_options_.get(), &results);
    uint64_t digest = 1469598103934665603u;
    for (size_t i = 0; i < tenon_results_count(results); ++i) {
      tenon_tensor tensor{};
      tensor.struct_size = sizeof tensor;
      if (tenon_results_get(results, i, &tensor) != 0) continue;
      for (size_t b = 0; b < tensor.byte_length; ++b)
        digest = (digest ^ static_cast<const unsigned char*>(tensor.data)[b]) * 1099511628211u;
    }
    tenon_results_destroy(results);
    *answer = digest;
    return code;
  }

 private:
  struct Input {
    std::string name;
    std::vector<int64_t> shape;
    std::string bytes;
  };

  static void fill(Input& input, uint32_t dtype, size_t count) {
    constexpr uint32_t kFloat = 1, kInt64 = 7, kBool = 9;
    const size_t width = dtype == kFloat ? 4 : dtype == kInt64 ? 8 : 1;
    input.bytes.assign(count * width, dtype == kBool ? 1 : 0);
    for (size_t i = 0; i < count; ++i) {
      const float real = static_cast<float>(i % 17) / 16;
      const int64_t integer = 1;
      if (dtype == kFloat) std::memcpy(input.bytes.data() + i * width, &real, width);
      if (dtype == kInt64) std::memcpy(input.bytes.data() + i * width, &integer, width);
    }
  }

  const Plan& plan_;
  Options options_;
  RunOptions run_options_;
  std::vector<std::unique_ptr<Input>> inputs_;
  std::vector<tenon_tensor> tensors_;
};

void complain(Shared& shared, const char* when, int code) {
  if (shared.complaint[0] == '\0')
    std::snprintf(shared.complaint, sizeof shared.complaint, "%s: code %d: %s", when, code, tenon_last_error());
}

// Running out of memory may cause but one error; files that fail cause several, but none of ours.
bool is_clean(Shared& shared, Calls calls, const char* when, int code) {
  if (code == 0) return true;
  const bool is_due = calls == Calls::kMemory ? code == TENON_OUT_OF_MEMORY : code != TENON_INTERNAL;
  if (!is_due || tenon_last_error()[0] == '\0') complain(shared, when, code);
  shared.failed_cleanly = 1;
  return false;
}

// A session that opened, with memory again.
void expect_usable(const Stage& stage, tenon_session* session, const char* when, Shared& shared) {
  for (int i = 0; i < 2; ++i) {
    uint64_t answer = 0;
    if (const int code = stage.run(session, &answer); code != 0) complain(shared, when, code);
    if (answer != shared.answer) complain(shared, "another answer than undisturbed", 0);
  }
}

}  // namespace

void rehearse(const Plan& plan, Shared& shared) {
  choose(plan.calls);
  Stage stage(plan);
  {
    // Without a pack, so that the counted open makes the first one where it is to.
    const Plan without{plan.model, plan.calls, "off", {}};
    Session probe(nullptr, tenon_session_close);
    if (const int code = Stage(without).open(probe); code != 0) return complain(shared, "undisturbed open", code);
    stage.make_inputs(*probe);
  }
  Session session(nullptr, tenon_session_close);
  arm(0, Mode::kOnce);
  int code = stage.open(session);
  if (code == 0) code = stage.run(session.get(), &shared.answer);
  if (code == 0) code = stage.run(session.get(), &shared.answer);
  char* report = nullptr;
  if (code == 0) code = tenon_session_report(session.get(), "json", &report);
  shared.calls = disarm();
  tenon_string_free(report);
  if (code != 0) complain(shared, "undisturbed", code);
}

void perform(const Plan& plan, uint64_t nth, Mode mode, Shared& shared) {
  choose(plan.calls);
  Stage stage(plan);
  Session session(nullptr, tenon_session_close);
  arm(nth, mode);
  int code = stage.open(session);
  bool goes_on = is_clean(shared, plan.calls, "open", code);
  // Of the inputs nothing is known before the first open, so a second one tells, undisturbed.
  const uint64_t taken = disarm();
  {
    Session again(nullptr, tenon_session_close);
    if (const int failure = stage.open(again); failure != 0) return complain(shared, "open afterwards", failure);
    stage.make_inputs(*again);
    expect_usable(stage, again.get(), "run of a session opened afterwards", shared);
  }
  if (!goes_on) return;
  if (nth > taken) arm(nth - taken, mode);
  uint64_t answer = 0;
  for (int i = 0; i < 2 && is_clean(shared, plan.calls, "run", code = stage.run(session.get(), &answer)); ++i)
    if (answer != shared.answer) complain(shared, "a run gives another answer", 0);
  char* report = nullptr;
  is_clean(shared, plan.calls, "report", tenon_session_report(session.get(), "json", &report));
  tenon_string_free(report);
  if (mode == Mode::kOnce || nth <= taken) disarm();
  if (mode == Mode::kFromThereOn && nth > taken) {
    // Closing gets by without memory.
    Session other(nullptr, tenon_session_close);
    disarm();
    if (stage.open(other) == 0) {
      arm(1, mode);
      other.reset();
      disarm();
    }
  }
  disarm();
  expect_usable(stage, session.get(), "run afterwards", shared);
}

}  // namespace tenon::faults
