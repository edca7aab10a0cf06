#include "tools/support/data_set_check.h"

#include <catch2/catch.hpp>

namespace tenon::tools {
namespace {

/// Whether runs agree of which the first `right` ones do; `runs`: how many there were.
bool agrees(int right, int* runs) {
  DataSet set;
  set.outputs = {{"y", Tensor::of<float>({1}, std::vector<float>{1})}};
  *runs = 0;
  const auto run = [&] {
    return std::vector<Value>{Tensor::of<float>({1}, std::vector<float>{++*runs > right ? 2.0f : 1.0f})};
  };
  return check_data_set(set, {}, run);
}

TEST_CASE("a data set is held against a first run and a second", "[tools]") {
  int runs = 0;
  CHECK(agrees(2, &runs));
  CHECK(runs == 2);
  CHECK_FALSE(agrees(1, &runs));
  CHECK_FALSE(agrees(0, &runs));
}

}  // namespace
}  // namespace tenon::tools
