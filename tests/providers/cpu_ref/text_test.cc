// Strings: letters beyond ASCII, where a split ends, and what a pool of n-grams may be. Other values are the node
// tests'.
#include <catch2/catch.hpp>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;
using Strings = std::vector<std::string>;

namespace {

host::Tensor strings(Strings values) {
  const auto count = static_cast<int64_t>(values.size());
  return tensor_of_strings({count}, std::move(values));
}

Strings strings_of(const host::Tensor& t) {
  Strings values;
  for (const tn_str& s : t.span<tn_str>()) values.emplace_back(s.data, s.size);
  return values;
}

Strings normalized(Strings values, std::vector<host::Attribute> attributes) {
  const auto outputs =
      run_operator({"StringNormalizer", 10, {strings(std::move(values))}, std::move(attributes), 1, false, {}});
  if (!outputs.is_ok()) throw std::runtime_error(outputs.status().message());
  return strings_of(outputs->front());
}

OperatorRun counter(std::vector<host::Attribute> changed) {
  std::vector<host::Attribute> attributes = {string_attr("mode", "TF"),
                                             int_attr("min_gram_length", 1),
                                             int_attr("max_gram_length", 2),
                                             int_attr("max_skip_count", 1),
                                             ints_attr("ngram_counts", {0, 2}),
                                             ints_attr("ngram_indexes", {0, 1, 2}),
                                             ints_attr("pool_int64s", {5, 6, 5, 6})};
  for (host::Attribute& one : changed)
    for (host::Attribute& known : attributes)
      if (known.name == one.name) known = one;
  return {"TfIdfVectorizer", 9, {make_tensor<int64_t>({3}, {5, 7, 6})}, std::move(attributes), 1, false, {}};
}

OperatorRun matcher(Strings values, std::string pattern) {
  return {
      "RegexFullMatch", 20, {strings(std::move(values))}, {string_attr("pattern", std::move(pattern))}, 1, false, {}};
}

std::string error_of(const OperatorRun& run) {
  const auto outputs = run_operator(run);
  return outputs.is_ok() ? "no error" : outputs.status().message();
}

}  // namespace

TEST_CASE("letters of any alphabet change their case, and bytes that are no text stay", "[cpu_ref]") {
  CHECK(normalized({"stra\xc3\x9f"
                    "e \xc3\xa9t\xc3\xa9",
                    "\xce\xb1\xff"},
                   {string_attr("case_change_action", "UPPER")}) == Strings{"STRA\xc3\x9f"
                                                                            "E \xc3\x89T\xc3\x89",
                                                                            "\xce\x91\xff"});
  CHECK(normalized({"\xc3\x89T\xc3\x89"}, {string_attr("case_change_action", "LOWER")}) ==
        Strings{"\xc3\xa9t\xc3\xa9"});
}

TEST_CASE("stop words are compared without their case unless it counts", "[cpu_ref]") {
  const host::Attribute words{"stopwords", Strings{"The"}};
  CHECK(normalized({"the", "cat"}, {words}) == Strings{"cat"});
  CHECK(normalized({"the", "cat"}, {words, int_attr("is_case_sensitive", 1)}) == Strings{"the", "cat"});
  CHECK(normalized({"the"}, {words}) == Strings{""});
}

TEST_CASE("StringSplit leaves the rest behind the last split whole", "[cpu_ref]") {
  const auto outputs =
      run_operator({"StringSplit", 20, {strings({" a  b c ", "", "d"})}, {int_attr("maxsplit", 1)}, 2, false, {}});
  REQUIRE(outputs.is_ok());
  CHECK(strings_of(outputs->at(0)) == Strings{"a", "b c ", "", "", "d", ""});
  CHECK(outputs->at(1).span<int64_t>()[0] == 2);
  CHECK(outputs->at(1).span<int64_t>()[1] == 0);
}

TEST_CASE("n-grams are counted over gaps", "[cpu_ref]") {
  CHECK(first_output<float>(counter({})) == std::vector<float>{1, 1, 1});
  CHECK(first_output<float>(counter({int_attr("max_skip_count", 0)})) == std::vector<float>{1, 1, 0});
}

TEST_CASE("a pool that its attributes do not describe is refused", "[cpu_ref]") {
  CHECK_THAT(error_of(counter({ints_attr("ngram_counts", {0, 3})})), Contains("ngram_counts lets the 2-grams lie"));
  CHECK_THAT(error_of(counter({ints_attr("ngram_counts", {0, 9})})), Contains("ngram_counts lets the"));
  CHECK_THAT(error_of(counter({ints_attr("ngram_indexes", {0, 1})})), Contains("expected one for each"));
  CHECK_THAT(error_of(counter({ints_attr("ngram_indexes", {0, 1, -1})})), Contains("ngram_indexes has -1"));
  CHECK_THAT(error_of(counter({int_attr("min_gram_length", 0)})), Contains("min_gram_length is 0"));
  CHECK_THAT(error_of(counter({string_attr("mode", "tf")})), Contains("mode is 'tf'"));
}

TEST_CASE("a string matches where all of it does, by letters of UTF-8", "[cpu_ref]") {
  const auto found = [](Strings values, std::string pattern) {
    return first_output<bool>(matcher(std::move(values), std::move(pattern)));
  };
  CHECK(found({"ab", "abc", "", "a\nb"}, "a.?b") == std::vector<bool>{true, false, false, false});
  CHECK(found({"\xc3\xa9", "\xff", "ee"}, ".") == std::vector<bool>{true, false, false});
  CHECK(found({"", "x"}, "") == std::vector<bool>{true, false});
  CHECK(found({std::string("a\0b", 3)}, "a\\x00b") == std::vector<bool>{true});
}

TEST_CASE("a pattern that other matchers take years for is matched", "[cpu_ref]") {
  CHECK(first_output<bool>(matcher({std::string(5000, 'a') + "b"}, "(a*)*(a|aa)+")) == std::vector<bool>{false});
}

TEST_CASE("RegexFullMatch without a pattern is refused, with an empty one it matches nothing but that", "[cpu_ref]") {
  CHECK_FALSE(run_operator({"RegexFullMatch", 20, {strings({"", "a"})}}).is_ok());
  const auto outputs = run_operator({"RegexFullMatch", 20, {strings({"", "a"})}, {string_attr("pattern", "")}});
  REQUIRE(outputs.is_ok());
  CHECK(outputs->front().span<bool>()[0]);
  CHECK_FALSE(outputs->front().span<bool>()[1]);
}

TEST_CASE("a pattern that is none, or takes too much memory, is refused with RE2's reason", "[cpu_ref]") {
  CHECK_THAT(error_of(matcher({}, "(")), Contains("pattern is '('") && Contains("missing )"));
  CHECK_THAT(error_of(matcher({}, "(a)\\1")), Contains("no regular expression of RE2"));
  CHECK_THAT(error_of(matcher({}, "((\\pL{300}){300}){9}")), Contains("no regular expression of RE2"));
  CHECK_THAT(error_of(matcher({}, "(\\pL{100}){9}")), Contains("pattern too large"));
}
