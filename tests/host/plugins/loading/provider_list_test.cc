#include <catch2/catch.hpp>

#include "host/plugins/provider.h"

using namespace tenon::host;
using Catch::Matchers::Contains;

TEST_CASE("a provider list gives names, paths and options", "[plugins]") {
  const auto list = parse_provider_list("cpu_blas, cpu_ref:key=value;key2=a=b,./my.so");
  REQUIRE(list.is_ok());
  REQUIRE(list.value().size() == 3);
  CHECK(list.value()[0].name == "cpu_blas");
  CHECK(list.value()[0].options.empty());
  CHECK(list.value()[1].name == "cpu_ref");
  CHECK(list.value()[1].options == std::map<std::string, std::string>{{"key", "value"}, {"key2", "a=b"}});
  CHECK(list.value()[2].name == "./my.so");
}

TEST_CASE("an empty provider list is empty", "[plugins]") {
  REQUIRE(parse_provider_list(" ").is_ok());
  CHECK(parse_provider_list(" ").value().empty());
}

TEST_CASE("broken provider lists are refused with the entry in question", "[plugins]") {
  const auto verdict = [](const char* text) { return parse_provider_list(text).status().message(); };
  CHECK_THAT(verdict("a,,b"), Contains("empty entry"));
  CHECK_THAT(verdict("a,"), Contains("empty entry"));
  CHECK_THAT(verdict("a:key"), Contains("option 'key' of provider 'a' must read key=value"));
  CHECK_THAT(verdict("a:=1"), Contains("must read key=value"));
  CHECK_THAT(verdict("a:k=1;k=2"), Contains("option 'k' of provider 'a' is given twice"));
  CHECK_THAT(verdict("a,a"), Contains("provider 'a' is named twice"));
}
