// Runs that do not block their caller, through the C and the C++ API.
#include <tenon/async.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <latch>
#include <tenon/tenon.hpp>
#include <thread>

#include "host/threads/thread_pool.h"
#include "tests/support/onnx_models.h"

using Catch::Contains;
using std::chrono::milliseconds;

namespace {

// y = Relu(x)
const std::string& model() {
  static const std::string bytes = [] {
    onnx::ModelProto proto = tenon::test::empty_model();
    tenon::test::set_float_type(*proto.mutable_graph()->add_input(), "x", {2});
    tenon::test::set_float_type(*proto.mutable_graph()->add_output(), "y", {2});
    tenon::test::add_node(*proto.mutable_graph(), "Relu", {"x"}, {"y"});
    return proto.SerializeAsString();
  }();
  return bytes;
}

tenon::Session session_of() {
  return tenon::Session::from_bytes(model().data(), model().size(), tenon::Options().providers("cpu_ref"));
}

tenon_session* handle_of() {
  tenon::Options options;
  options.providers("cpu_ref");
  tenon_session* session = nullptr;
  REQUIRE(tenon_session_open_bytes(model().data(), model().size(), options.c(), &session) == TENON_OK);
  return session;
}

std::vector<tenon::NamedTensor> x_of(float first, float second) {
  return {{"x", tenon::Tensor::of<float>({2}, std::vector<float>{first, second})}};
}

constexpr float kX[] = {-1, 2};
constexpr int64_t kShape[] = {2};

tenon_tensor raw_x() {
  return {sizeof(tenon_tensor), "x", 1, 1, kShape, kX, sizeof kX, TENON_MEMORY_HOST, 0};
}

/// Keeps every thread that asynchronous runs have busy, in functions that were told of an end.
class BusyThreads {
 public:
  explicit BusyThreads(tenon::Session& session) {
    for (unsigned i = 0; i < tenon::host::usable_cpus(); ++i)
      session.run_async(x_of(0, 0), {}, {}, [state = state_](tenon::Outcome) {
        state->held.count_down();
        state->gone.wait();
      });
    state_->held.wait();
  }
  ~BusyThreads() { let_go(); }
  void let_go() {
    if (!std::exchange(is_let_go_, true)) state_->go.set_value();
  }

 private:
  // Threads that were let go may still be in it when this is gone.
  struct State {
    std::latch held{tenon::host::usable_cpus()};
    std::promise<void> go;
    const std::shared_future<void> gone = go.get_future().share();
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  bool is_let_go_ = false;
};

struct Closing {
  tenon_session* session = handle_of();
  std::latch all_ended{3};
  std::atomic<int> right{0};
};

void count_right(void* user, int code, const char*, tenon_results* results) {
  Closing& closing = *static_cast<Closing*>(user);
  closing.right += code == TENON_OK && tenon_results_count(results) == 1;
  tenon_results_destroy(results);
  closing.all_ended.count_down();
}

// The runs that it starts stand in line where this is the only thread.
void start_and_close(void* user, int, const char*, tenon_results* results) {
  tenon_results_destroy(results);
  Closing& closing = *static_cast<Closing*>(user);
  const tenon_tensor x = raw_x();
  for (int i = 0; i < 2; ++i) tenon_session_run_async(closing.session, &x, 1, nullptr, 0, nullptr, count_right, user);
  tenon_session_close(closing.session);
  closing.all_ended.count_down();
}

tenon_code code_of(std::future<tenon::Results> future) {
  try {
    future.get();
    return TENON_OK;
  } catch (const tenon::Error& e) {
    return e.code();
  }
}

}  // namespace

TEST_CASE("an asynchronous run gives what a run gives", "[api][async]") {
  tenon::Session session = session_of();
  std::future<tenon::Results> future = session.run_async(x_of(-1, 2));
  const tenon::Results results = future.get();
  CHECK(results["y"].to_vector<float>() == std::vector<float>{0, 2});
}

TEST_CASE("values of any kind go into asynchronous runs, and may be destroyed when the call has returned",
          "[api][async]") {
  tenon::Session session = session_of();
  std::future<tenon::Results> future;
  {
    const BusyThreads busy(session);
    tenon_tensor raw = raw_x();
    tenon_value* value = nullptr;
    REQUIRE(tenon_value_of_tensor(&raw, &value) == TENON_OK);
    future = session.run_values_async({{"x", tenon::Value::adopt(value)}}, {"y"});
  }
  CHECK(future.get()[0].to_vector<float>() == std::vector<float>{0, 2});
}

TEST_CASE("many asynchronous runs from many threads each give their own results", "[api][async]") {
  tenon::Session session = session_of();
  constexpr int kThreads = 4, kRuns = 100;
  std::atomic<int> right{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < kThreads; ++t)
    callers.emplace_back([&, t] {
      std::vector<std::future<tenon::Results>> futures;
      for (int r = 0; r < kRuns; ++r) futures.push_back(session.run_async(x_of(static_cast<float>(t * kRuns + r), -1)));
      for (int r = 0; r < kRuns; ++r)
        right += futures[static_cast<size_t>(r)].get()[0].to_vector<float>() ==
                 std::vector<float>{static_cast<float>(t * kRuns + r), 0};
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(right == kThreads * kRuns);
}

TEST_CASE("the caller goes on while its run stands in line, and cancelling reaches it there", "[api][async]") {
  tenon::Session session = session_of();
  tenon::Cancel cancel;
  std::future<tenon::Results> cancelled, other;
  {
    BusyThreads busy(session);
    {
      tenon::RunOptions options;  // may go at once
      options.cancel(cancel);
      cancelled = session.run_async(x_of(1, 1), {}, options);
    }
    other = session.run_async(x_of(1, 1));
    CHECK(cancelled.wait_for(milliseconds(0)) == std::future_status::timeout);
    cancel.now();
  }
  CHECK(code_of(std::move(cancelled)) == TENON_CANCELLED);
  CHECK(code_of(std::move(other)) == TENON_OK);
}

TEST_CASE("the timeout of an asynchronous run counts from the call", "[api][async]") {
  tenon::Session session = session_of();
  std::future<tenon::Results> late;
  {
    BusyThreads busy(session);
    late = session.run_async(x_of(1, 1), {}, tenon::RunOptions().timeout(milliseconds(1)));
    std::this_thread::sleep_for(milliseconds(20));
  }
  CHECK(code_of(std::move(late)) == TENON_DEADLINE_EXCEEDED);
}

TEST_CASE("what is wrong with an asynchronous run is told with a message", "[api][async]") {
  tenon::Session session = session_of();
  std::promise<std::pair<tenon_code, std::string>> told;
  session.run_async({{"z", tenon::Tensor::of<float>({2}, kX, 2)}}, {}, {}, [&](tenon::Outcome outcome) {
    told.set_value({outcome.code(), outcome.message()});
  });
  const auto [code, message] = told.get_future().get();
  CHECK(code == TENON_INVALID_ARGUMENT);
  CHECK_THAT(message, Contains("'z'"));
}

TEST_CASE("a call that cannot start a run says so, and calls nobody", "[api][async]") {
  tenon_session* session = handle_of();
  tenon_tensor input = raw_x();
  input.name = nullptr;
  const tenon_run_function done = [](void* user, int, const char*, tenon_results*) {
    *static_cast<bool*>(user) = true;
  };
  bool was_called = false;
  CHECK(tenon_session_run_async(session, &input, 1, nullptr, 0, nullptr, done, &was_called) == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("input 0 has no name"));
  CHECK(tenon_session_run_async(session, &input, 0, nullptr, 0, nullptr, nullptr, nullptr) == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("'done' is NULL"));
  tenon_session_close(session);
  CHECK_FALSE(was_called);
}

TEST_CASE("closing a session waits for its asynchronous runs and their functions", "[api][async]") {
  constexpr int kRuns = 20;
  std::atomic<int> ended{0};
  {
    tenon::Session session = session_of();
    for (int i = 0; i < kRuns; ++i)
      session.run_async(x_of(1, 1), {}, {}, [&](tenon::Outcome outcome) {
        std::this_thread::sleep_for(milliseconds(1));
        if (outcome.is_ok()) ++ended;
      });
  }
  CHECK(ended == kRuns);
}

TEST_CASE("a function that is told of an end may start the next run", "[api][async]") {
  tenon::Session session = session_of();
  constexpr int kSteps = 20;
  std::promise<std::vector<float>> last;
  std::function<void(tenon::Outcome, int)> step = [&](tenon::Outcome outcome, int done) {
    const std::vector<float> y = outcome.results()[0].to_vector<float>();
    if (done == kSteps) return last.set_value(y);
    session.run_async(x_of(y[0] + 1, -1), {}, {},
                      [&step, done](tenon::Outcome next) { step(std::move(next), done + 1); });
  };
  session.run_async(x_of(0, 0), {}, {}, [&](tenon::Outcome outcome) { step(std::move(outcome), 0); });
  CHECK(last.get_future().get() == std::vector<float>{kSteps, 0});
}

TEST_CASE("a session that is closed by a function of a run lives until its runs have ended", "[api][async]") {
  Closing closing;
  const tenon_tensor x = raw_x();
  REQUIRE(tenon_session_run_async(closing.session, &x, 1, nullptr, 0, nullptr, start_and_close, &closing) == TENON_OK);
  closing.all_ended.wait();
  CHECK(closing.right == 2);
}
