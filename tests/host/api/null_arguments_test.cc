// Each function of the C API with NULL for each pointer in turn, the other arguments being good.
#include <tenon/async.h>
#include <tenon/environment.h>
#include <tenon/files.h>
#include <tenon/model.h>
#include <tenon/process.h>
#include <tenon/types.h>
#include <tenon/value.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <tuple>

#include "tests/support/onnx_models.h"

namespace {

constexpr int64_t kOne = 1;
constexpr float kValue = 1;

// Two of everything that is asked for by an index, as 1 is the good number of an argument that counts, too.
std::string model() {
  onnx::ModelProto proto = tenon::test::empty_model();
  auto& opset = *proto.add_opset_import();
  opset.set_domain("ai.onnx.ml");
  opset.set_version(3);
  for (const char* name : {"x", "y"}) {
    tenon::test::set_float_type(*proto.mutable_graph()->add_input(), name, {1});
    tenon::test::set_float_type(*proto.mutable_graph()->add_output(), name, {1});
    auto& property = *proto.add_metadata_props();
    property.set_key(name);
    property.set_value("1");
  }
  return proto.SerializeAsString();
}

tenon_tensor tensor_named(const char* name) {
  return {sizeof(tenon_tensor), name, 1, 1, &kOne, &kValue, sizeof kValue, TENON_MEMORY_HOST, 0};
}

// Good arguments of every type.
class Good {
 public:
  Good() {
    REQUIRE(tenon_session_open_bytes(bytes_.data(), bytes_.size(), nullptr, &session_) == TENON_OK);
    REQUIRE(tenon_session_run(session_, tensors_, 2, nullptr, 0, nullptr, &results_) == TENON_OK);
    REQUIRE(tenon_value_of_tensor(&tensors_[0], &value_) == TENON_OK);
    values_[0] = value_;
    REQUIRE(tenon_providers(nullptr, &providers_) == TENON_OK);
    REQUIRE(tenon_process_residency(0, &residency_) == TENON_OK);
  }
  ~Good() {
    tenon_session_close(session_);
    tenon_results_destroy(results_);
    tenon_value_destroy(value_);
    tenon_providers_destroy(providers_);
    tenon_residency_destroy(residency_);
    tenon_options_destroy(options_);
    tenon_run_options_destroy(run_options_);
    tenon_cancel_destroy(cancel_);
  }

  template <typename T>
  T get() {
    if constexpr (std::is_pointer_v<T>) {
      using Target = std::remove_const_t<std::remove_pointer_t<T>>;
      if constexpr (std::is_same_v<T, const char*>) {
        return "x";
      } else if constexpr (std::is_same_v<T, const void*>) {
        return bytes_.data();
      } else if constexpr (std::is_same_v<T, const char* const*>) {
        return names_;
      } else if constexpr (std::is_same_v<T, const tenon_value* const*>) {
        return values_;
      } else if constexpr (std::is_same_v<T, const tenon_tensor*>) {
        return tensors_;
      } else if constexpr (std::is_pointer_v<Target>) {  // of what is to be made
        static Target made = nullptr;
        return &made;
      } else if constexpr (requires(Target & t) { t.struct_size; }) {
        static Target made{};
        made.struct_size = sizeof made;
        return &made;
      } else if constexpr (std::is_same_v<T, tenon_run_function>) {
        return [](void*, int, const char*, tenon_results* results) { tenon_results_destroy(results); };
      } else if constexpr (std::is_same_v<Target, uint64_t>) {
        static Target made[1];
        return made;
      } else if constexpr (std::is_function_v<Target> || std::is_void_v<Target> || std::is_same_v<T, char*>) {
        return nullptr;
      } else {
        return handle<Target>();
      }
    } else {
      return T{1};
    }
  }

 private:
  template <typename T>
  T* handle() {
    return std::get<T*>(
        std::tuple(session_, results_, value_, providers_, residency_, options_, run_options_, cancel_));
  }

  std::string bytes_ = model();
  tenon_tensor tensors_[2] = {tensor_named("x"), tensor_named("y")};
  const char* names_[1] = {"x"};
  tenon_session* session_ = nullptr;
  tenon_results* results_ = nullptr;
  tenon_value* value_ = nullptr;
  tenon_provider_list* providers_ = nullptr;
  tenon_residency_list* residency_ = nullptr;
  tenon_options* options_ = tenon_options_create();
  tenon_run_options* run_options_ = tenon_run_options_create();
  tenon_cancel* cancel_ = tenon_cancel_create();
  const tenon_value* values_[1] = {nullptr};
};

// NULL means the defaults, or all of the outputs.
template <typename T>
constexpr bool kMayBeNull =
    !std::is_pointer_v<T> || std::is_same_v<T, const tenon_options*> || std::is_same_v<T, const tenon_run_options*> ||
    std::is_same_v<T, const tenon_conversion*> || std::is_same_v<T, const char* const*>;

template <typename Result, typename... Args>
void check_call(Result (*function)(Args...), std::tuple<Args...> arguments) {
  if constexpr (std::is_void_v<Result>) {
    std::apply(function, arguments);
  } else {
    const Result result = std::apply(function, arguments);
    if constexpr (std::is_same_v<Result, int>) {
      CHECK(result == TENON_INVALID_ARGUMENT);
      CHECK_FALSE(std::string(tenon_last_error()).empty());
    } else {
      CHECK(result == Result{});
    }
  }
}

template <typename Result, typename... Args, size_t... I>
void check_each(const char* name, Result (*function)(Args...), const std::set<size_t>& allowed,
                std::index_sequence<I...>) {
  Good good;
  [[maybe_unused]] const auto check_one = [&]<size_t index>(std::integral_constant<size_t, index>) {
    using Type = std::tuple_element_t<index, std::tuple<Args...>>;
    if constexpr (!kMayBeNull<Type>) {
      if (allowed.contains(index)) return;
      INFO(name << " with NULL for argument " << index);
      std::tuple<Args...> arguments{good.get<Args>()...};
      std::get<index>(arguments) = nullptr;
      check_call(function, arguments);
    }
  };
  (check_one(std::integral_constant<size_t, I>()), ...);
}

template <typename Result, typename... Args>
void check_function(const char* name, Result (*function)(Args...), const std::set<size_t>& allowed) {
  check_each(name, function, allowed, std::index_sequence_for<Args...>());
}

}  // namespace

TEST_CASE("NULL in the place of any argument is an error, not a crash", "[api]") {
#define FUNCTION(name, ...) check_function(#name, name, {__VA_ARGS__});
#include "tests/host/api/functions.inc"
#undef FUNCTION
}

TEST_CASE("the list of functions is that of the headers", "[api]") {
  std::set<std::string> listed, declared;
#define FUNCTION(name, ...) listed.insert(#name);
#include "tests/host/api/functions.inc"
#undef FUNCTION
  for (const char* header : {"tenon", "types", "value", "async", "model", "files", "environment", "process"}) {
    std::ifstream file(std::string(TENON_SOURCE_DIR "/host/api/include/tenon/") + header + ".h");
    std::ostringstream text;
    text << file.rdbuf();
    const std::string words = text.str();
    const std::regex pattern("TENON_API[^;(]*\\b(tenon_\\w+)\\(");
    for (std::sregex_iterator it(words.begin(), words.end(), pattern), end; it != end; ++it) declared.insert((*it)[1]);
  }
  CHECK(listed == declared);
}
