// What it takes to append one position to a cache of keys of 8 heads x 4,096 x 128 floats that is the model's input and
// output at once, near its begin and near its end, beside a run that gives its result as memory of its own. Prints
// microseconds a run. usage: growing_cache [RUNS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "host/session/session.h"
#include "tests/support/graph_builder.h"

namespace {

using namespace tenon;

constexpr int64_t kHeads = 8, kLength = 4096, kWidth = 128;

host::Tensor in(std::vector<float>& memory, std::vector<int64_t> shape) {
  return host::Tensor(TN_FLOAT, std::move(shape), memory.data(), memory.size() * sizeof(float), nullptr,
                      host::Residence::kBorrowed);
}

std::unique_ptr<host::Session> open_cache() {
  test::GraphBuilder b(24);
  b.input("past", TN_FLOAT, {1, kHeads, kLength, kWidth});
  b.input("update", TN_FLOAT, {1, kHeads, 1, kWidth});
  b.input("at", TN_INT64, {1});
  b.node("TensorScatter", {"past", "update", "at"}, {"present"});
  b.output("present");
  host::SessionOptions options;
  options.threads = 1;
  auto session = host::Session::open_model(b.build(), options);
  if (!session.is_ok()) throw std::runtime_error(session.status().message());
  return std::move(*session);
}

/// The least of `runs` runs that begin at `position`, each a position further.
double least_microseconds(host::Session& session, bool in_place, int64_t position, int runs) {
  std::vector<float> cache(kHeads * kLength * kWidth, 0), update(kHeads * kWidth, 1);
  host::RunOptions options;
  if (in_place) options.bound = {{"present", in(cache, {1, kHeads, kLength, kWidth})}};
  double least = 1e300;
  for (int i = 0; i < runs; ++i) {
    const std::vector<host::NamedTensor> inputs = {{"past", in(cache, {1, kHeads, kLength, kWidth})},
                                                   {"update", in(update, {1, kHeads, 1, kWidth})},
                                                   {"at", test::make_tensor<int64_t>({1}, {position + i % 90})}};
    const auto begin = std::chrono::steady_clock::now();
    if (!session.run(inputs, {}, options).is_ok()) throw std::runtime_error("a run failed");
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    least = std::min(least, took.count());
  }
  return least;
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 300;
  const auto session = open_cache();
  for (const int64_t position : {int64_t{128}, int64_t{4000}})
    std::printf("from position %lld on: %.1f us in place, %.1f us as memory of its own\n",
                static_cast<long long>(position), least_microseconds(*session, true, position, runs),
                least_microseconds(*session, false, position, runs));
  return 0;
}
