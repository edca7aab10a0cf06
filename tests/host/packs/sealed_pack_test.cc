// Packs whose checksums are right and whose plan is not: what it refers to lies outside of the files, of the model's
// folder, or of the plan itself. A miss with a reason, or an error where the pack is all there is.
#include "tests/host/packs/sealed_pack.h"

#include <catch2/catch.hpp>

#include "host/formats/ort/ort_generated.h"
#include "tests/host/packs/small_model.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

using plan_format::Constant;
using plan_format::Holder;
using plan_format::Packed;
using plan_format::Plan;
using plan_format::Step;

constexpr auto kMax64 = UINT64_MAX;
constexpr auto kMax32 = UINT32_MAX;

const SmallModel kModel;

/// One change of a plan that no session may live with.
struct Change {
  const char* what;
  std::function<bool(const Plan& plan)> apply;
};

// The last of them, whose offset is not zero where there are several in a file.
const Constant* constant_in(const Plan& plan, Holder holder) {
  const Constant* found = nullptr;
  for (const Constant* constant : *plan.constants())
    if (constant->holder() == holder) found = constant;
  return found;
}

const Step* step_with_packed(const Plan& plan) {
  for (const Step* step : *plan.steps())
    if (step->packed() != nullptr && step->packed()->size() > 0) return step;
  return nullptr;
}

Change set_in_constant(const char* what, Holder holder, flatbuffers::voffset_t field, uint64_t value) {
  return {what, [=](const Plan& plan) {
            const Constant* constant = constant_in(plan, holder);
            return constant != nullptr && set_field<uint64_t>(constant, field, value);
          }};
}

Change move_constant(const char* what, Holder holder, uint64_t by) {
  return {what, [=](const Plan& plan) {
            const Constant* constant = constant_in(plan, holder);
            return constant != nullptr && set_field<uint64_t>(constant, Constant::VT_OFFSET, constant->offset() + by);
          }};
}

Change set_in_packed(const char* what, flatbuffers::voffset_t field, uint32_t value) {
  return {what, [=](const Plan& plan) {
            const Step* step = step_with_packed(plan);
            return step != nullptr && set_field<uint32_t>(step->packed()->Get(0), field, value);
          }};
}

Change set_packed_input(const char* what, uint32_t value) {
  return {what, [=](const Plan& plan) {
            const Step* step = step_with_packed(plan);
            if (step == nullptr) return false;
            const_cast<flatbuffers::Vector<uint32_t>*>(step->packed()->Get(0)->inputs())->Mutate(0, value);
            return true;
          }};
}

Change set_node(const char* what, uint32_t value) {
  return {what, [=](const Plan& plan) {
            const auto* nodes = plan.steps()->Get(0)->nodes();
            const_cast<flatbuffers::Vector<uint32_t>*>(nodes)->Mutate(0, value);
            return true;
          }};
}

Change change_port(const char* what, bool input, std::function<bool(const plan_format::Port& port)> change) {
  return {what, [=](const Plan& plan) { return change(*(input ? plan.inputs() : plan.outputs())->Get(0)); }};
}

// Of the value between the two nodes.
Change change_type(const char* what, std::function<bool(const ort_file::TensorTypeAndShape& type)> change) {
  return {what, [=](const Plan& plan) {
            const auto* graph = ort_file::GetInferenceSession(plan.model()->data())->model()->graph();
            for (const ort_file::ValueInfo* value : *graph->node_args())
              if (value->name()->str() == "m") return change(*value->type()->value_as_tensor_type());
            return false;
          }};
}

std::vector<Change> changes_of_any_pack() {
  using plan_format::Dim;
  using plan_format::Port;
  return {
      set_in_packed("a packed weight in no blob", Packed::VT_BLOB, 1000),
      set_in_packed("a packed weight in the last number of a blob", Packed::VT_BLOB, kMax32),
      set_packed_input("a packed weight of another input", 0),
      set_packed_input("a packed weight of an input past the last", kMax32),
      {"packed weights under another key",
       [](const Plan& plan) { return set_text(step_with_packed(plan)->packed()->Get(0)->key(), "transposed-2"); }},
      {"other providers",
       [](const Plan& plan) {
         const auto* name = plan.providers()->Get(0)->name();
         return set_text(name, std::string(name->size(), 'p'));
       }},
      set_node("a node that is not there", 2),
      set_node("the last number of a node", kMax32),
      {"a node twice",
       [](const Plan& plan) {
         const uint32_t other = plan.steps()->Get(1)->nodes()->Get(0);
         const_cast<flatbuffers::Vector<uint32_t>*>(plan.steps()->Get(0)->nodes())->Mutate(0, other);
         return true;
       }},
      change_port("an input of another name", true, [](const Port& port) { return set_text(port.name(), "z"); }),
      change_port("an input of another type", true,
                  [](const Port& port) { return set_field<uint32_t>(&port, Port::VT_DTYPE, TN_INT8); }),
      change_port("an input of another size", true,
                  [](const Port& port) { return set_field<int64_t>(port.dims()->Get(1), Dim::VT_VALUE, 1); }),
      change_port("an input of any rank", true,
                  [](const Port& port) { return set_field<uint8_t>(&port, Port::VT_HAS_RANK, 0); }),
      change_port("an output of another name", false, [](const Port& port) { return set_text(port.name(), "z"); }),
      {"fewer outputs",
       [](const Plan& plan) {
         const flatbuffers::uoffset_t none = 0;
         std::memcpy(const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(plan.outputs())), &none, sizeof none);
         return true;
       }},
      change_type("a value of another type than its operator gives",
                  [](const auto& type) {
                    return set_field<int32_t>(&type, ort_file::TensorTypeAndShape::VT_ELEM_TYPE, TN_INT8);
                  }),
      change_type("a value of another shape than its operator gives",
                  [](const auto& type) {
                    const auto* value = type.shape()->dims()->Get(1)->value();
                    return set_field<int64_t>(value, ort_file::DimensionValue::VT_VALUE, 1 << 20);
                  }),
      {"another length of the model",
       [](const Plan& plan) {
         auto* bytes = const_cast<flatbuffers::Vector<uint8_t>*>(plan.model());
         for (flatbuffers::uoffset_t i = 0; i < 64; ++i) bytes->Mutate(i, 0xff);
         return true;
       }},
  };
}

std::vector<Change> changes_of_constants(Holder holder) {
  return {
      set_in_constant("an offset past the end", holder, Constant::VT_OFFSET, uint64_t{1} << 40),
      set_in_constant("the last offset", holder, Constant::VT_OFFSET, kMax64),
      set_in_constant("offset and length that overflow", holder, Constant::VT_OFFSET, kMax64 - 1039),
      move_constant("an offset of one element too many", holder, 1 << 20),
      set_in_constant("another length", holder, Constant::VT_LENGTH, 1036),
      set_in_constant("the last length", holder, Constant::VT_LENGTH, kMax64),
      set_in_constant("no length", holder, Constant::VT_LENGTH, 0),
      {"no place, for all that something reads it",
       [=](const Plan& plan) {
         const Constant* constant = constant_in(plan, holder);
         return constant != nullptr && set_field<uint8_t>(constant, Constant::VT_HOLDER, uint8_t(Holder::Nowhere));
       }},
      {"a file or blob that is not there",
       [=](const Plan& plan) {
         const Constant* constant = constant_in(plan, holder);
         return constant != nullptr && set_field<uint32_t>(constant, Constant::VT_INDEX, kMax32);
       }},
  };
}

std::string name_of_length(size_t length) {
  return std::string(length, 'w');
}

}  // namespace

TEST_CASE("a self-contained pack whose plan points outside is refused", "[session][packs]") {
  const TempFolder folder;
  const auto model = kModel.write(folder);
  const auto options = small_options(folder.path() / "cache");
  auto changes = changes_of_any_pack();
  for (const Change& change : changes_of_constants(Holder::Blob)) changes.push_back(change);
  int without_place = 0;  // the first blob, the first offset: zeros are not written
  for (const Change& change : changes) {
    INFO(change.what);
    const fs::path pack = folder.path() / "whole.tpack";
    REQUIRE(pack_model(model, pack, true, options).message() == "");
    REQUIRE(reseal(pack, [](const Plan&) { return true; }).message() == "");
    CHECK(open_and_run(pack, options).answer == kModel.answer());
    const Status sealed = reseal(pack, change.apply);
    if (sealed.code() == TN_INVALID_ARGUMENT) {
      ++without_place;
      continue;
    }
    REQUIRE(sealed.message() == "");
    const Opened opened = open_and_run(pack, options);
    CHECK_FALSE(opened.status.is_ok());
    CHECK(opened.status.code() != TN_INTERNAL);
    CHECK(!opened.status.message().empty());
  }
  CHECK(without_place <= 5);
}

TEST_CASE("a pack whose plan points outside of the model's files is a miss with a reason", "[session][packs]") {
  const TempFolder folder;
  SmallModel model = kModel;
  model.data_file = "weights.bin";
  const auto path = model.write(folder);
  const fs::path cache = folder.path() / "cache";
  auto changes = changes_of_any_pack();
  for (const Change& change : changes_of_constants(Holder::Source)) changes.push_back(change);
  const bool in_cache = GENERATE(true, false);
  int without_place = 0;  // the first blob, the first offset: zeros are not written
  for (const Change& change : changes) {
    INFO(change.what);
    fs::path pack = path.string() + ".tpack";
    if (in_cache) {
      open_and_run(path, small_options(cache));
      pack = files_with(cache, ".tpack").at(0);
    } else {
      REQUIRE(pack_model(path, pack, false, small_options(cache)).message() == "");
    }
    const Status sealed = reseal(pack, change.apply);
    if (sealed.code() == TN_INVALID_ARGUMENT) {
      ++without_place;
      continue;
    }
    REQUIRE(sealed.message() == "");
    const Opened opened = open_and_run(path, small_options(cache, PackMode::kReadOnly));
    CHECK(opened.status.message() == "");
    CHECK(opened.answer == model.answer());
    CHECK(opened.state == "none");
    CHECK(!opened.reason.empty());
    fs::remove(pack);
  }
  CHECK(without_place <= 5);
}

TEST_CASE("a pack that names a file out of the model's folder is not used", "[session][packs]") {
  const TempFolder folder;
  SmallModel model = kModel;
  const fs::path inner = folder.path() / "inner", outside = folder.path() / "outside.bin";
  const std::string absolute = outside.string();
  std::string named;
  SECTION("by way of the folder above") {
    named = "../outside.bin";
  }
  SECTION("by way of the folder above, in the middle") {
    named = "a/../../outside.bin";
  }
  SECTION("by an absolute path") {
    named = absolute;
  }
  SECTION("through a link") {
    named = "link_to_outside";
  }
  model.data_file = name_of_length(named.size());
  const auto path = model.write(folder, "inner/m.onnx");
  fs::create_directory(inner / "a");
  // The very bytes that the pack was made from: nothing but the path is wrong.
  fs::copy_file(inner / model.data_file, outside);
  fs::create_symlink(outside, inner / "link_to_outside");
  const auto options = small_options(folder.path() / "cache", PackMode::kReadOnly);
  const fs::path pack = path.string() + ".tpack";
  REQUIRE(pack_model(path, pack, false, options).message() == "");
  REQUIRE(open_and_run(path, options).state == "used");
  const auto redirect = [&](const Plan& plan) {
    for (const auto* source : *plan.sources())
      if (source->location() != nullptr && source->location()->size() > 0) return set_text(source->location(), named);
    return false;
  };
  REQUIRE(reseal(pack, redirect).message() == "");
  const Opened opened = open_and_run(path, options);
  CHECK(opened.answer == model.answer());
  CHECK(opened.state == "none");
  CHECK_THAT(opened.reason, Catch::Contains(named));
  // Opened by itself it must not reach out either.
  CHECK_FALSE(Session::open(pack, options).is_ok());
}

TEST_CASE("external data that becomes a link out of the folder is not read by way of a pack", "[session][packs]") {
  const TempFolder folder;
  SmallModel model = kModel;
  model.data_file = "weights.bin";
  const auto path = model.write(folder, "inner/m.onnx");
  const fs::path data = folder.path() / "inner" / model.data_file;
  const auto options = small_options(folder.path() / "cache");
  const bool beside = GENERATE(false, true);
  if (beside) {
    REQUIRE(pack_model(path, path.string() + ".tpack", false, options).is_ok());
  } else {
    REQUIRE(open_and_run(path, options).state == "made");
  }
  fs::rename(data, folder.path() / "outside.bin");
  fs::create_symlink(folder.path() / "outside.bin", data);
  CHECK_FALSE(Session::open(path, options).is_ok());
}

TEST_CASE("a pack that drops a weight which something reads is refused", "[session][packs]") {
  const TempFolder folder;
  onnx::ModelProto proto = empty_model();
  onnx::GraphProto& graph = *proto.mutable_graph();
  const auto values = SmallModel::values(2000, 1);
  set_float_type(*graph.add_input(), "x", {2000});
  add_initializer(graph, "w", onnx::TensorProto::FLOAT, {2000}).set_raw_data(raw_bytes(values));
  const bool is_output = GENERATE(false, true);
  if (is_output) set_float_type(*graph.add_output(), "w", {2000});
  set_float_type(*graph.add_output(), "y", {2000});
  add_node(graph, is_output ? "Relu" : "Add",
           is_output ? std::vector<std::string>{"x"} : std::vector<std::string>{"x", "w"}, {"y"});
  const auto model = folder.write("m.onnx", proto.SerializeAsString());
  const auto options = small_options(folder.path() / "cache");
  const fs::path pack = folder.path() / "whole.tpack";
  REQUIRE(pack_model(model, pack, true, options).message() == "");
  const auto drop = [](const Plan& plan) {
    const Constant* constant = constant_in(plan, Holder::Blob);
    return constant != nullptr &&
           set_field<uint8_t>(constant, Constant::VT_HOLDER, static_cast<uint8_t>(Holder::Nowhere));
  };
  REQUIRE(reseal(pack, drop).message() == "");
  auto session = Session::open(pack, options);
  CHECK_FALSE(session.is_ok());
  if (session.is_ok()) {
    const std::vector<NamedTensor> inputs = {floats("x", {2000}, values)};
    CHECK_FALSE((*session)->run(inputs).is_ok());
  }
}
