#include "tools/support/file_stems.h"

#include <catch2/catch.hpp>
#include <set>

namespace tenon::tools {
namespace {

using Names = std::vector<std::string>;

TEST_CASE("outputs whose names are escaped alike get files of their own", "[tools]") {
  CHECK(file_stems({"a/b", "a_b", "a:b", "y"}) == Names{"a_b~2", "a_b", "a_b~3", "y"});
  CHECK(file_stems({"a/b", "a_b~2", "a_b"}) == Names{"a_b~3", "a_b~2", "a_b"});
  CHECK(file_stems({"", ".", "output", "y", "y"}) == Names{"output~2", "_", "output", "y", "y~2"});
}

TEST_CASE("long names of outputs are cut, and stay apart", "[tools]") {
  const std::string name(300, 'x');
  const Names stems = file_stems({name + "1", name + "2", name, std::string(199, 'y') + "\u00e9"});
  CHECK(std::set<std::string>(stems.begin(), stems.end()).size() == 4);
  for (const std::string& stem : stems) CHECK(stem.size() <= 210);
  CHECK(stems[0] == std::string(200, 'x'));
  CHECK(stems[3] == std::string(199, 'y'));
}

}  // namespace
}  // namespace tenon::tools
