// Descriptions of operators that break the ABI's rules are refused with the member that does.
#include "host/plugins/loading/operator_check.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>

using namespace tenon::host;
using Catch::Matchers::Contains;

namespace {

// An operator that keeps every rule, for a test to break one.
struct Sound {
  uint32_t dtypes[1] = {TN_FLOAT};
  tn_type_rule rule{sizeof(tn_type_rule), 1, "T", dtypes};
  tn_formal inputs[2] = {{sizeof(tn_formal), TN_SINGLE, "x", "T", 0, false},
                         {sizeof(tn_formal), TN_VARIADIC, "more", "tensor(int64)", 1, false}};
  tn_formal output{sizeof(tn_formal), TN_SINGLE, "y", "T", 0, false};
  const char* texts[1] = {"a"};
  tn_attribute attributes[2] = {
      {sizeof(tn_attribute), TN_ATTR_STRINGS, "names", false, true, 0, 0, 1, nullptr, nullptr, nullptr, texts},
      {sizeof(tn_attribute), TN_ATTR_INT, "axis", true, false, 0, 0, 0, nullptr, nullptr, nullptr, nullptr}};
  tn_operator op{sizeof(tn_operator),
                 0,
                 "test.own",
                 "Own",
                 1,
                 2,
                 1,
                 1,
                 2,
                 sizeof(tn_formal),
                 sizeof(tn_type_rule),
                 sizeof(tn_attribute),
                 inputs,
                 &output,
                 &rule,
                 attributes,
                 nullptr};
  tn_operator twice[2] = {};

  std::string verdict(uint32_t count = 1) {
    twice[0] = twice[1] = op;
    tn_provider table{};
    table.operators = twice;
    table.operator_count = count;
    table.operator_stride = sizeof(tn_operator);
    return check_operators(table).message();
  }
};

std::string verdict(const std::function<void(Sound&)>& break_one) {
  Sound sound;
  break_one(sound);
  return sound.verdict();
}

}  // namespace

TEST_CASE("a sound description passes", "[plugins][described]") {
  CHECK(Sound().verdict() == "");
}

TEST_CASE("a form that is described twice is refused", "[plugins][described]") {
  CHECK_THAT(Sound().verdict(2), Contains("operator 1") && Contains("version 1 is described twice"));
}

TEST_CASE("each broken member of an operator is named", "[plugins][described]") {
  CHECK_THAT(verdict([](Sound& s) { s.op.struct_size = 8; }), Contains("struct_size is 8"));
  CHECK_THAT(verdict([](Sound& s) { s.op.domain = nullptr; }), Contains("domain or op_type is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.op.domain = ""; }), Contains("operators of ONNX are the host's"));
  CHECK_THAT(verdict([](Sound& s) { s.op.domain = "ai.onnx"; }), Contains("operators of ONNX are the host's"));
  CHECK_THAT(verdict([](Sound& s) { s.op.since_version = 0; }), Contains("since_version is 0"));
  CHECK_THAT(verdict([](Sound& s) { s.op.flags = 4; }), Contains("flags 4"));
  CHECK_THAT(verdict([](Sound& s) { s.op.formal_stride = 4; }), Contains("formal_stride is 4"));
  CHECK_THAT(verdict([](Sound& s) { s.op.attribute_stride = 4; }), Contains("attribute_stride is 4"));
  CHECK_THAT(verdict([](Sound& s) { s.op.type_stride = 4; }), Contains("type_stride is 4"));
  CHECK_THAT(verdict([](Sound& s) { s.op.inputs = nullptr; }), Contains("inputs is 2 and their list is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.op.attribute_count = 1u << 30; }), Contains("attribute_count is 1073741824"));
}

TEST_CASE("each broken member of a formal is named with its place", "[plugins][described]") {
  CHECK_THAT(verdict([](Sound& s) { s.inputs[0].name = nullptr; }), Contains("entry 0 of its inputs"));
  CHECK_THAT(verdict([](Sound& s) { s.inputs[0].arity = 7; }), Contains("arity is 7"));
  CHECK_THAT(verdict([](Sound& s) { s.inputs[0].arity = TN_VARIADIC; }), Contains("variadic, but not the last"));
  CHECK_THAT(verdict([](Sound& s) { s.output.type = "U"; }), Contains("entry 0 of its outputs") && Contains("'U'"));
  CHECK_THAT(verdict([](Sound& s) { s.output.type = "seq(tensor(float))"; }), Contains("seq(tensor(float))"));
  CHECK_THAT(verdict([](Sound& s) { s.inputs[1].least = 1u << 20; }), Contains("least is 1048576"));
}

TEST_CASE("each broken member of an attribute is named with its place", "[plugins][described]") {
  CHECK_THAT(verdict([](Sound& s) { s.texts[0] = nullptr; }), Contains("a default string is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.attributes[0].default_strings = nullptr; }), Contains("default_strings is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.attributes[1].kind = 12; }), Contains("kind is 12"));
  CHECK_THAT(verdict([](Sound& s) { s.attributes[1].has_default = true; }), Contains("required and has a default"));
  CHECK_THAT(verdict([](Sound& s) { s.attributes[1].name = "names"; }), Contains("its name is there twice"));
  CHECK_THAT(verdict([](Sound& s) {
               s.attributes[1].kind = TN_ATTR_TENSOR;
               s.attributes[1].required = false;
               s.attributes[1].has_default = true;
             }),
             Contains("kind 4 cannot have a default"));
}
