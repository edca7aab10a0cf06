// Transposes of cpu_blas between the places that channels have, of every size about those of its squares.
#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("channels move to the end and back, whatever their number, on every instruction set", "[cpu_blas]") {
  for (const std::string& isa : instruction_sets())
    for (const int64_t channels : {1, 2, 3, 4, 5, 8, 13, 16, 40, 67})
      for (const int64_t pixels : {1, 3, 8, 31, 64, 200})
        for (const unsigned threads : {1u, 2u}) {
          CAPTURE(isa, channels, pixels, threads);
          GraphBuilder b;
          b.input("first", TN_FLOAT, {2, channels, pixels});
          b.input("last", TN_FLOAT, {2, pixels, channels});
          b.node("Transpose", {"first"}, {"to_last"}, {ints_attr("perm", {0, 2, 1})});
          b.node("Sub", {"to_last", "last"}, {"y"});
          b.output("y");
          const auto n = static_cast<size_t>(channels * pixels);
          std::vector<float> first(2 * n), last(2 * n);
          for (size_t i = 0; i < 2 * n; ++i) {
            const size_t c = i % n / static_cast<size_t>(pixels), p = i % static_cast<size_t>(pixels);
            first[i] = static_cast<float>(i);
            last[i / n * n + p * static_cast<size_t>(channels) + c] = static_cast<float>(i);
          }
          const auto session = open_on_cpu_blas(b, threads, isa);
          CHECK(run_floats(*session, {first, last}, {{2, channels, pixels}, {2, pixels, channels}}) ==
                std::vector<float>(2 * n, 0.0f));
        }
}
