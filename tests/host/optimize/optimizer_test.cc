#include "host/optimize/optimizer.h"

#include <catch2/catch.hpp>
#include <cctype>
#include <cstdlib>
#include <fstream>

#include "tests/support/graph_builder.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;

TEST_CASE("passes run in the order of their table and only where they are wanted", "[optimize]") {
  for (const bool rewrites : {false, true}) {
    tenon::test::GraphBuilder b;
    b.input("x", TN_FLOAT, {1});
    b.node("Relu", {"x"}, {"y"});
    b.output("y");
    const auto model = b.build();
    std::vector<std::string> stages;
    OptimizeOptions options;
    options.rewrite_graph = rewrites;
    options.run_node = [](const Node&) { return Result<std::vector<Tensor>>(error(TN_UNSUPPORTED, "")); };
    REQUIRE(optimize(*model, options, [&](const char* stage) { stages.push_back(stage); }).is_ok());
    CHECK(stages == (rewrites
                         ? std::vector<std::string>{"fold", "widen", "rewrite", "merge", "remove", "raise", "layout"}
                         : std::vector<std::string>{"fold"}));
  }
}

TEST_CASE("the fingerprint of the optimizer is a digest", "[optimize]") {
  const std::string fingerprint = optimizer_fingerprint();
  CHECK(fingerprint.size() == 32);
  CHECK(std::all_of(fingerprint.begin(), fingerprint.end(), [](unsigned char c) { return std::isxdigit(c) != 0; }));
}

TEST_CASE("any change of a source changes the fingerprint, and nothing else does", "[optimize]") {
  const tenon::test::TempFolder folder;
  const auto fingerprint = [&] {
    const std::string command =
        concat("cmake -DOUTPUT=", folder.path().string(), "/out -DSOURCE_DIR=", folder.path().string(),
               " -DFOLDERS=rules,facts -P ", TENON_SOURCE_DIR, "/cmake/write_fingerprint.cmake");
    REQUIRE(std::system(command.c_str()) == 0);
    std::ifstream file(folder.path() / "out");
    std::string text;
    std::getline(file, text);
    return text;
  };
  for (const char* below : {"rules", "facts", "elsewhere"}) std::filesystem::create_directory(folder.path() / below);
  folder.write("rules/a.cc", "one");
  folder.write("facts/b.inc", "two");
  const std::string first = fingerprint();
  folder.write("elsewhere/c.cc", "three");
  CHECK(fingerprint() == first);
  folder.write("facts/b.inc", "four");
  const std::string second = fingerprint();
  CHECK(second != first);
  std::filesystem::rename(folder.path() / "rules/a.cc", folder.path() / "rules/d.cc");
  CHECK(fingerprint() != second);
}
