#include <catch2/catch.hpp>

#include "tests/support/moved_channels.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

void shuffle(GraphBuilder& b, const std::vector<int64_t>& cut, const std::vector<int64_t>& perm,
             const std::vector<int64_t>& join) {
  b.constant<int64_t>("cut", {static_cast<int64_t>(cut.size())}, cut);
  b.constant<int64_t>("join", {static_cast<int64_t>(join.size())}, join);
  b.node("Reshape", {"a", "cut"}, {"c"});
  b.node("Transpose", {"c"}, {"t"}, {ints_attr("perm", perm)});
  b.node("Reshape", {"t", "join"}, {"s"});
}

std::string shuffled(const std::vector<int64_t>& cut, const std::vector<int64_t>& perm,
                     const std::vector<int64_t>& join, bool reads_parts = false) {
  return moved(
      [&](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {2, 3, 4, 5});
        conv(b, "x", "a", 3, 6);
        shuffle(b, cut, perm, join);
        conv(b, "s", "y", 6, 2);
        b.output("y");
        if (reads_parts) b.output("t");
      },
      {{"x", ramp({2, 3, 4, 5})}});
}

}  // namespace

TEST_CASE("a shuffle of channels is one of the last dimension where channels are last", "[layout]") {
  const std::string along = "Transpose [Conv] Reshape Transpose Reshape [Conv] Transpose";
  CHECK(shuffled({2, 3, 2, 4, 5}, {0, 2, 1, 3, 4}, {2, 6, 4, 5}) == along);
  CHECK(shuffled({2, 2, 3, 4, 5}, {0, 2, 1, 3, 4}, {2, -1, 4, 5}) == along);
}

TEST_CASE("what is no shuffle of channels, or is read in between, is put together with its channels second",
          "[layout]") {
  const std::string apart = "Transpose [Conv] Reshape Transpose Reshape Transpose [Conv] Transpose";
  CHECK(shuffled({2, 3, 2, 4, 5}, {0, 1, 2, 4, 3}, {2, 6, 4, 5}) == apart);
  CHECK(shuffled({2, 6, 2, 2, 5}, {0, 2, 1, 3, 4}, {2, 6, 4, 5}) == apart);
  CHECK(shuffled({2, 3, 2, 4, 5}, {0, 2, 1, 3, 4}, {2, 6, 5, 4}) == apart);
  CHECK(shuffled({2, 3, 2, 4, 5}, {0, 2, 1, 3, 4}, {2, 6, 4, 5}, true) == apart);
}
