// How the bytes of initializers are held: in place where that is possible, else copied with a reason.
#include <catch2/catch.hpp>
#include <cmath>

#include "host/formats/importer.h"
#include "host/storage/file_mapping.h"
#include "tests/support/onnx_models.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

// A model whose initializer "w" `fill` writes. `shift`: bytes of text before it, to move it in the file.
template <typename F>
onnx::ModelProto model_with(int data_type, const std::vector<int64_t>& dims, F&& fill, size_t shift = 0) {
  onnx::ModelProto proto = relu_model();
  proto.mutable_graph()->set_name(std::string(shift, 's'));
  fill(add_initializer(*proto.mutable_graph(), "w", data_type, dims));
  return proto;
}

const Tensor& tensor_of(const Result<std::unique_ptr<Model>>& model) {
  REQUIRE(model.status().message() == "");
  return *model.value()->graph->find_value("w")->constant;
}

template <typename F>
Status import_error(int data_type, const std::vector<int64_t>& dims, F&& fill) {
  return import_proto(model_with(data_type, dims, fill)).status();
}

template <typename T, typename F>
std::vector<T> decoded(int data_type, const std::vector<int64_t>& dims, F&& fill) {
  const auto model = import_proto(model_with(data_type, dims, fill));
  const Tensor& tensor = tensor_of(model);
  CHECK(tensor.residence() == Residence::kCopied);
  CHECK(tensor.residence_reason() == "stored in typed fields");
  const auto* data = static_cast<const T*>(tensor.data());
  return {data, data + tensor.byte_length() / sizeof(T)};
}

void check_inside(const Tensor& tensor, std::span<const std::byte> bytes) {
  CHECK(static_cast<const std::byte*>(tensor.data()) >= bytes.data());
  CHECK(static_cast<const std::byte*>(tensor.data()) + tensor.byte_length() <= bytes.data() + bytes.size());
}

}  // namespace

TEST_CASE("aligned raw data is used in place, misaligned raw data is copied with a reason", "[onnx]") {
  const TempFolder folder;
  int in_place = 0;
  for (size_t shift = 1; shift <= 4; ++shift) {
    const auto proto = model_with(
        TN_FLOAT, {3},
        [](auto& t) {
          t.set_raw_data(raw_bytes<float>({1, 2, 3}));
        },
        shift);
    const auto path = folder.write("m" + std::to_string(shift) + ".onnx", proto.SerializeAsString());
    const auto mapping = FileMapping::open(path);
    const auto model = import_model_file(path);
    const Tensor& tensor = tensor_of(model);
    CHECK(tensor.span<float>()[2] == 3.f);
    if (tensor.residence() == Residence::kMapped) {
      ++in_place;
      check_inside(tensor, mapping.value()->bytes());
    } else {
      CHECK(tensor.residence() == Residence::kCopied);
      CHECK_THAT(tensor.residence_reason(),
                 Catch::Contains("raw_data at offset ") && Catch::Contains(" is not aligned to 4 bytes"));
    }
  }
  CHECK(in_place == 1);
}

TEST_CASE("bytes have no alignment and are always used in place", "[onnx]") {
  const TempFolder folder;
  for (size_t shift = 1; shift <= 3; ++shift) {
    const auto proto = model_with(
        TN_INT8, {3}, [](auto& t) { t.set_raw_data("abc"); }, shift);
    const auto model = import_model_file(folder.write("m.onnx", proto.SerializeAsString()));
    CHECK(tensor_of(model).residence() == Residence::kMapped);
  }
}

TEST_CASE("memory of the application is borrowed, not copied", "[onnx]") {
  const auto model = import_proto(model_with(TN_UINT8, {2}, [](auto& t) { t.set_raw_data("ab"); }));
  CHECK(tensor_of(model).residence() == Residence::kBorrowed);
}

TEST_CASE("float_data in one run is used in place when it is aligned", "[onnx]") {
  const TempFolder folder;
  int in_place = 0;
  for (size_t shift = 1; shift <= 4; ++shift) {
    const auto proto = model_with(
        TN_FLOAT, {2},
        [](auto& t) {
          t.add_float_data(1.5f);
          t.add_float_data(-2.f);
        },
        shift);
    const auto model = import_model_file(folder.write("m.onnx", proto.SerializeAsString()));
    CHECK(tensor_of(model).span<float>()[1] == -2.f);
    in_place += tensor_of(model).residence() == Residence::kMapped;
  }
  CHECK(in_place == 1);
}

TEST_CASE("float_data that is not packed is gathered", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  add_initializer(*proto.mutable_graph(), "w", TN_FLOAT, {2});
  std::string tensor = proto.graph().initializer(0).SerializeAsString();
  for (float f : {1.5f, 2.5f}) tensor += '\x25' + raw_bytes<float>({f});
  proto.mutable_graph()->clear_initializer();
  std::string graph = proto.graph().SerializeAsString() + '\x2a' + static_cast<char>(tensor.size()) + tensor;
  proto.clear_graph();
  const std::string text = proto.SerializeAsString() + '\x3a' + static_cast<char>(graph.size()) + graph;
  const auto model = import_text(text);
  CHECK(tensor_of(model).span<float>()[0] == 1.5f);
  CHECK(tensor_of(model).span<float>()[1] == 2.5f);
  CHECK_THAT(tensor_of(model).residence_reason(), Catch::Contains("2 pieces of float_data"));
}

TEST_CASE("the last raw_data counts when the field is repeated", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  add_initializer(*proto.mutable_graph(), "w", TN_UINT8, {2}).set_raw_data("ab");
  std::string tensor = proto.graph().initializer(0).SerializeAsString() + "\x4a\x02yz";
  proto.mutable_graph()->clear_initializer();
  std::string graph = proto.graph().SerializeAsString() + '\x2a' + static_cast<char>(tensor.size()) + tensor;
  proto.clear_graph();
  const auto model = import_text(proto.SerializeAsString() + '\x3a' + static_cast<char>(graph.size()) + graph);
  CHECK(tensor_of(model).span<uint8_t>()[0] == 'y');
}

TEST_CASE("typed fields are decoded for every element type that they hold", "[onnx]") {
  const auto ints = [](std::vector<int32_t> values) {
    return [values](auto& t) {
      for (int32_t v : values) t.add_int32_data(v);
    };
  };
  CHECK(decoded<int32_t>(TN_INT32, {2}, ints({-7, 8})) == std::vector<int32_t>{-7, 8});
  CHECK(decoded<int8_t>(TN_INT8, {2}, ints({-7, 8})) == std::vector<int8_t>{-7, 8});
  CHECK(decoded<uint8_t>(TN_UINT8, {2}, ints({250, 8})) == std::vector<uint8_t>{250, 8});
  CHECK(decoded<int16_t>(TN_INT16, {1}, ints({-300})) == std::vector<int16_t>{-300});
  CHECK(decoded<uint16_t>(TN_UINT16, {1}, ints({65000})) == std::vector<uint16_t>{65000});
  CHECK(decoded<uint16_t>(TN_FLOAT16, {1}, ints({0x3c00})) == std::vector<uint16_t>{0x3c00});
  CHECK(decoded<uint16_t>(TN_BFLOAT16, {1}, ints({0x3f80})) == std::vector<uint16_t>{0x3f80});
  CHECK(decoded<uint8_t>(TN_BOOL, {3}, ints({0, 1, 256})) == std::vector<uint8_t>{0, 1, 1});
  for (int type : {TN_FLOAT8E4M3FN, TN_FLOAT8E4M3FNUZ, TN_FLOAT8E5M2, TN_FLOAT8E5M2FNUZ, TN_FLOAT8E8M0})
    CHECK(decoded<uint8_t>(type, {2}, ints({0x38, 0xb8})) == std::vector<uint8_t>{0x38, 0xb8});
  for (int type : {TN_INT4, TN_UINT4, TN_FLOAT4E2M1})
    CHECK(decoded<uint8_t>(type, {3}, ints({0x21, 0x03})) == std::vector<uint8_t>{0x21, 0x03});
  for (int type : {TN_INT2, TN_UINT2})
    CHECK(decoded<uint8_t>(type, {5}, ints({0xe4, 0x01})) == std::vector<uint8_t>{0xe4, 0x01});
  CHECK(decoded<int64_t>(TN_INT64, {1}, [](auto& t) { t.add_int64_data(-5); }) == std::vector<int64_t>{-5});
  CHECK(decoded<uint64_t>(TN_UINT64, {1}, [](auto& t) { t.add_uint64_data(~0ull); }) == std::vector<uint64_t>{~0ull});
  CHECK(decoded<uint32_t>(TN_UINT32, {1}, [](auto& t) { t.add_uint64_data(4e9); }) ==
        std::vector<uint32_t>{4000000000u});
}

TEST_CASE("int32_data holds one 6-bit element per entry, raw_data a stream of bits", "[onnx]") {
  // Codes 0x1f, 0x29, 0x20, 0x01 and 0x3f; only the low 6 bits of an entry count.
  const std::vector<uint8_t> packed = {0x5f, 0x0a, 0x06, 0x3f};
  for (int type : {TN_FLOAT6E2M3, TN_FLOAT6E3M2}) {
    CHECK(decoded<uint8_t>(type, {5}, [](auto& t) {
            for (int32_t v : {0x1f, 0x29, 0x20, 0x41, -1}) t.add_int32_data(v);
          }) == packed);
    const auto raw = import_proto(model_with(type, {5}, [](auto& t) { t.set_raw_data("\x5f\x0a\x06\x3f"); }));
    CHECK(tensor_of(raw).residence() == Residence::kBorrowed);
    CHECK(tensor_of(raw).dtype() == type);
    CHECK_THAT(import_error(type, {5}, [](auto& t) { t.set_raw_data("abcde"); }).message(),
               Catch::Contains("raw_data holds 5 bytes, expected 4"));
    CHECK_THAT(import_error(type, {5}, [](auto& t) { t.add_int32_data(1); }).message(),
               Catch::Contains("int32_data holds 1 entries, expected 5"));
  }
}

TEST_CASE("double_data and complex numbers are read", "[onnx]") {
  const auto doubles = import_proto(model_with(TN_DOUBLE, {1}, [](auto& t) { t.add_double_data(0.25); }));
  CHECK(tensor_of(doubles).span<double>()[0] == 0.25);
  const auto complex = import_proto(model_with(TN_COMPLEX64, {1}, [](auto& t) {
    t.add_float_data(3.f);
    t.add_float_data(4.f);
  }));
  CHECK(tensor_of(complex).byte_length() == 8);
  CHECK(static_cast<const float*>(tensor_of(complex).data())[1] == 4.f);
}

TEST_CASE("strings are read", "[onnx]") {
  const auto model = import_proto(model_with(TN_STRING, {2}, [](auto& t) {
    t.add_string_data("first");
    t.add_string_data("");
  }));
  CHECK(tensor_of(model).string_at(0) == "first");
  CHECK(tensor_of(model).string_at(1).empty());
}

TEST_CASE("raw bools other than 0 and 1 become 1", "[onnx]") {
  const auto model =
      import_proto(model_with(TN_BOOL, {3}, [](auto& t) { t.set_raw_data(std::string("\0\x02\x01", 3)); }));
  const auto* bytes = static_cast<const uint8_t*>(tensor_of(model).data());
  CHECK((bytes[0] == 0 && bytes[1] == 1 && bytes[2] == 1));
}

TEST_CASE("zero dims make a tensor without elements, with or without data", "[onnx]") {
  CHECK(tensor_of(import_proto(model_with(TN_FLOAT, {0, 3}, [](auto&) {}))).byte_length() == 0);
  CHECK(tensor_of(import_proto(model_with(TN_FLOAT, {2, 0}, [](auto& t) { t.set_raw_data(""); }))).byte_length() == 0);
}

TEST_CASE("a negative dim is refused by the name of the initializer", "[onnx]") {
  const Status status = import_error(TN_FLOAT, {2, -3}, [](auto&) {});
  CHECK(status.code() == TN_INVALID_MODEL);
  CHECK_THAT(status.message(), Catch::Contains("initializer 'w'") && Catch::Contains("dimension 1 is -3"));
}

TEST_CASE("dims whose product overflows are refused, zero among them or not", "[onnx]") {
  const int64_t big = int64_t{1} << 40;
  for (const auto& dims : {std::vector<int64_t>{big, big}, {big, big, 0}, {INT64_MAX}, {INT64_MAX / 4, 2}}) {
    const Status status = import_error(TN_FLOAT, dims, [](auto& t) { t.set_raw_data("abcd"); });
    CHECK(status.code() == TN_INVALID_MODEL);
    CHECK_THAT(status.message(), Catch::Contains("initializer 'w'") && Catch::Contains("does not fit in 64 bits"));
  }
}

TEST_CASE("huge dims with little data are refused before any memory is taken", "[onnx]") {
  const std::vector<int64_t> dims = {int64_t{1} << 40};
  CHECK_THAT(import_error(TN_FLOAT, dims, [](auto& t) { t.set_raw_data("abcd"); }).message(),
             Catch::Contains("raw_data holds 4 bytes, expected 4398046511104"));
  CHECK_THAT(import_error(TN_INT32, dims, [](auto& t) { t.add_int32_data(1); }).message(),
             Catch::Contains("int32_data holds 1 entries, expected 1099511627776"));
  CHECK_THAT(import_error(TN_STRING, dims, [](auto& t) { t.add_string_data("x"); }).message(),
             Catch::Contains("string_data holds 1 entries"));
  CHECK_THAT(import_error(TN_FLOAT, dims, [](auto& t) { t.add_float_data(1); }).message(),
             Catch::Contains("float_data holds 4 bytes"));
}

TEST_CASE("raw data of the wrong length says what was expected", "[onnx]") {
  const Status status = import_error(TN_FLOAT, {2, 3}, [](auto& t) { t.set_raw_data(std::string(20, 'x')); });
  CHECK(status.code() == TN_INVALID_MODEL);
  CHECK_THAT(status.message(), Catch::Contains("initializer 'w'") &&
                                   Catch::Contains("raw_data holds 20 bytes, expected 24 for float [2,3]"));
}

TEST_CASE("an initializer without data says so", "[onnx]") {
  const Status status = import_error(TN_INT64, {2}, [](auto&) {});
  CHECK(status.code() == TN_INVALID_MODEL);
  CHECK_THAT(status.message(), Catch::Contains("it has no data"));
}

TEST_CASE("an unknown or undefined element type is refused by the name of the initializer", "[onnx]") {
  const Status unknown = import_error(99, {1}, [](auto&) {});
  CHECK(unknown.code() == TN_UNSUPPORTED);
  CHECK_THAT(unknown.message(), Catch::Contains("initializer 'w'") && Catch::Contains("number 99"));
  const Status undefined = import_error(0, {1}, [](auto&) {});
  CHECK(undefined.code() == TN_INVALID_MODEL);
  CHECK_THAT(undefined.message(), Catch::Contains("initializer 'w'") && Catch::Contains("undefined (0)"));
  CHECK(import_error(-1, {1}, [](auto&) {}).code() == TN_UNSUPPORTED);
}

TEST_CASE("strings in raw_data and segments are refused", "[onnx]") {
  CHECK_THAT(import_error(TN_STRING, {1}, [](auto& t) { t.set_raw_data("x"); }).message(),
             Catch::Contains("expected string_data"));
  CHECK(import_error(TN_UINT8, {1}, [](auto& t) { t.mutable_segment()->set_begin(0); }).code() == TN_UNSUPPORTED);
}

TEST_CASE("two initializers of one name are refused", "[onnx]") {
  onnx::ModelProto proto = model_with(TN_UINT8, {1}, [](auto& t) { t.set_raw_data("x"); });
  *proto.mutable_graph()->add_initializer() = proto.graph().initializer(0);
  const auto model = import_proto(proto);
  CHECK(model.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(model.status().message(), Catch::Contains("initializer 'w'"));
}

TEST_CASE("the tensor of a Constant node is used in place", "[onnx]") {
  onnx::ModelProto proto = relu_model();
  auto& node = add_node(*proto.mutable_graph(), "Constant", {}, {"k"});
  auto& attribute = *node.add_attribute();
  attribute.set_name("value");
  attribute.set_type(onnx::AttributeProto::TENSOR);
  attribute.mutable_t()->set_data_type(TN_UINT8);
  attribute.mutable_t()->add_dims(3);
  attribute.mutable_t()->set_raw_data("abc");
  const TempFolder folder;
  const auto path = folder.write("m.onnx", proto.SerializeAsString());
  const auto mapping = FileMapping::open(path);
  auto model = import_model_file(path);
  REQUIRE(model.is_ok());
  for (const auto& n : (*model)->graph->nodes()) {
    if (n->op_type != "Constant") continue;
    const Tensor& tensor = std::get<Tensor>(n->find_attribute("value")->payload);
    CHECK(tensor.residence() == Residence::kMapped);
    check_inside(tensor, mapping.value()->bytes());
  }
}

TEST_CASE("sparse initializers and constants are read as the dense tensors that they mean", "[onnx]") {
  const auto fill = [](onnx::SparseTensorProto& sparse) {
    sparse.add_dims(4);
    sparse.mutable_values()->set_data_type(TN_FLOAT);
    sparse.mutable_values()->add_dims(1);
    sparse.mutable_values()->add_float_data(2.5f);
    sparse.mutable_indices()->set_data_type(TN_INT64);
    sparse.mutable_indices()->add_dims(1);
    sparse.mutable_indices()->add_int64_data(3);
  };
  onnx::ModelProto proto = relu_model();
  onnx::GraphProto& graph = *proto.mutable_graph();
  fill(*graph.add_sparse_initializer());
  graph.mutable_sparse_initializer(0)->mutable_values()->set_name("w");
  onnx::AttributeProto& attribute = *add_node(graph, "Constant", {}, {"c"}).add_attribute();
  attribute.set_name("sparse_value");
  attribute.set_type(onnx::AttributeProto::SPARSE_TENSOR);
  fill(*attribute.mutable_sparse_tensor());
  const auto model = import_proto(proto);
  const std::vector<float> expected{0, 0, 0, 2.5f};
  const Tensor& w = tensor_of(model);
  CHECK(std::vector<float>(w.span<float>().begin(), w.span<float>().end()) == expected);
  CHECK(w.residence_reason() == "stored as sparse");
  const Attribute& value = (*model)->graph->nodes()[1]->attributes.at(0);
  CHECK(value.name == "value");
  const auto& c = std::get<Tensor>(value.payload);
  CHECK(std::vector<float>(c.span<float>().begin(), c.span<float>().end()) == expected);
}
