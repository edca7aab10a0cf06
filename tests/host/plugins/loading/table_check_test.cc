// Tables that break the ABI's rules are refused before the host relies on them; so are answers of a running provider.
#include "host/plugins/loading/table_check.h"

#include <catch2/catch.hpp>
#include <deque>
#include <stdexcept>

#include "host/plugins/abi/abi_tables.h"
#include "host/plugins/provider.h"
#include "tests/host/plugins/fake_run.h"
#include "tests/host/plugins/test_graph.h"

using namespace tenon::host;
using Catch::Matchers::Contains;

namespace {

int dummy_kernel = 0;

tn_status* run_nothing(tn_kernel*, tn_run*) {
  return nullptr;
}
void destroy_nothing(tn_kernel*) {}
tn_status* create_dummy(tn_provider_instance*, const tn_kernel_request*, tn_kernel_result* result) {
  result->kernel = reinterpret_cast<tn_kernel*>(&dummy_kernel);
  return nullptr;
}
tn_status* create_instance(const tn_instance_request*, tn_provider_instance**) {
  return nullptr;
}
void destroy_instance(tn_provider_instance*) {}

// A provider that keeps every rule, for a test to break one.
struct Sound {
  tn_kernel_vtable vtable{sizeof(tn_kernel_vtable), 0, nullptr, nullptr, nullptr, nullptr, run_nothing,
                          destroy_nothing};
  tn_kernel_def def{sizeof(tn_kernel_def), 0, "", "Relu", 1, 0, nullptr, 0, 0, nullptr, 0, 0, &vtable, create_dummy};
  tn_provider table{sizeof(tn_provider),
                    1,
                    "sound",
                    "1",
                    &def,
                    1,
                    sizeof(tn_kernel_def),
                    create_instance,
                    destroy_instance,
                    nullptr,
                    nullptr,
                    nullptr,
                    nullptr,
                    0,
                    sizeof(tn_option),
                    nullptr,
                    nullptr,
                    0,
                    0};
  std::string verdict() const { return check_provider_table(table).message(); }

  // The kernel of a Relu node.
  Result<Kernel> kernel() const {
    auto provider = Provider::create(table, {});
    INFO(provider.status().message());
    REQUIRE(provider.is_ok());
    static std::deque<TestGraph> graphs;  // a kernel's node outlives it
    TestGraph& g = graphs.emplace_back();
    const Node* relu = g.node("Relu", {"x"}, {"y"});
    g.finish({"x"}, {"y"});
    return (*provider)->create_kernel(*relu);
  }
};

}  // namespace

TEST_CASE("a sound table passes", "[plugins]") {
  CHECK(Sound().verdict().empty());
  CHECK(Sound().kernel().is_ok());
}

TEST_CASE("each broken member of the provider table is named", "[plugins]") {
  const auto verdict = [](auto&& damage) {
    Sound s;
    damage(s);
    return s.verdict();
  };
  CHECK_THAT(verdict([](Sound& s) { s.table.struct_size = 8; }), Contains("struct_size is 8"));
  CHECK_THAT(verdict([](Sound& s) { s.table.abi_version = 2; }), Contains("ABI version 2"));
  CHECK_THAT(verdict([](Sound& s) { s.table.abi_version = 0; }), Contains("ABI version 0"));
  CHECK_THAT(verdict([](Sound& s) { s.table.name = nullptr; }), Contains("name is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.table.version = nullptr; }), Contains("version is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.table.create = nullptr; }), Contains("create is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.table.destroy = nullptr; }), Contains("destroy is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.table.kernels = nullptr; }), Contains("kernel table is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.table.kernel_stride = 8; }), Contains("kernel_stride is 8"));
  CHECK_THAT(verdict([](Sound& s) { s.table.kernel_count = 4000000000u; }), Contains("kernel_count is 4000000000"));
  CHECK_THAT(verdict([](Sound& s) { s.table.option_count = 1; }), Contains("options is NULL"));
  static tn_option option{sizeof(tn_option), 0, "gain", "a number", nullptr, "What it is multiplied by."};
  CHECK(verdict([](Sound& s) { s.table.options = &option, s.table.option_count = 1; }).empty());
  CHECK_THAT(verdict([](Sound& s) { s.table.options = &option, s.table.option_count = 1, s.table.option_stride = 4; }),
             Contains("option_stride is 4"));
  static tn_option nameless = option;
  nameless.name = nullptr;
  CHECK_THAT(verdict([](Sound& s) { s.table.options = &nameless, s.table.option_count = 1; }),
             Contains("of an option is NULL"));
}

TEST_CASE("each broken member of a line of the kernel table is named with the line", "[plugins]") {
  const auto verdict = [](auto&& damage) {
    Sound s;
    damage(s);
    return s.verdict();
  };
  CHECK_THAT(verdict([](Sound& s) { s.def.struct_size = 4; }), Contains("line 0") && Contains("struct_size is 4"));
  CHECK_THAT(verdict([](Sound& s) { s.def.struct_size = 4096; }), Contains("above kernel_stride"));
  CHECK_THAT(verdict([](Sound& s) { s.def.domain = nullptr; }), Contains("domain is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.def.op_type = nullptr; }), Contains("op_type is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.def.create = nullptr; }), Contains("create is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.def.vtable = nullptr; }), Contains("vtable is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.def.last_version = -1; }), Contains("are no range"));
  CHECK_THAT(verdict([](Sound& s) { s.def.type_count = 1; }), Contains("types is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.vtable.run = nullptr; }), Contains("run is NULL"));
  CHECK_THAT(verdict([](Sound& s) { s.vtable.struct_size = 16; }), Contains("vtable says its struct_size is 16"));
  CHECK_THAT(verdict([](Sound& s) { s.def.alias_count = 1; }), Contains("aliases is NULL"));
  static const uint32_t dtypes[] = {TN_FLOAT};
  static const tn_type_rule rule{sizeof(tn_type_rule), 1, "T", dtypes};
  CHECK_THAT(verdict([](Sound& s) { s.def.types = &rule, s.def.type_count = 1; }), Contains("type_stride is 0"));
  CHECK_THAT(verdict([](Sound& s) { s.vtable.pack_count = [](tn_kernel*) -> uint32_t { return 1; }; }),
             Contains("pack_plan, beside a pack_count, is NULL"));
}

TEST_CASE("a kernel table is stepped through with the plugin's own size of a line", "[plugins]") {
  struct Longer {
    tn_kernel_def def;
    uint64_t appended_by_a_later_version[3];
  };
  Sound s;
  Longer lines[2] = {{s.def, {1, 2, 3}}, {s.def, {4, 5, 6}}};
  lines[0].def.op_type = "Abs";
  lines[0].def.struct_size = lines[1].def.struct_size = sizeof(Longer);
  s.table.kernels = &lines[0].def;
  s.table.kernel_count = 2;
  s.table.kernel_stride = sizeof(Longer);
  CHECK(s.verdict().empty());
  CHECK(s.kernel().is_ok());
}

TEST_CASE("a factory that reports success without a kernel is an error", "[plugins]") {
  Sound s;
  s.def.create = [](tn_provider_instance*, const tn_kernel_request*, tn_kernel_result*) -> tn_status* {
    return nullptr;
  };
  const auto kernel = s.kernel();
  REQUIRE(!kernel.is_ok());
  CHECK(kernel.status().code() == TN_INTERNAL);
  CHECK_THAT(kernel.status().message(), Contains("provider 'sound'") && Contains("hands over no kernel"));
}

TEST_CASE("exceptions of a provider's create and of a factory are errors", "[plugins]") {
  Sound s;
  s.def.create = [](tn_provider_instance*, const tn_kernel_request*, tn_kernel_result*) -> tn_status* {
    throw std::range_error("b");
  };
  CHECK_THAT(s.kernel().status().message(), Contains("provider 'sound': threw across the ABI in kernel create: b"));
  s.def.create = [](tn_provider_instance*, const tn_kernel_request*, tn_kernel_result*) -> tn_status* { throw 42; };
  CHECK_THAT(s.kernel().status().message(), Contains("no std::exception"));
  s.table.create = [](const tn_instance_request*, tn_provider_instance**) -> tn_status* {
    throw std::range_error("a");
  };
  const auto provider = Provider::create(s.table, {});
  CHECK(provider.status().message() ==
        "provider 'sound': threw across the ABI in create: a; a plugin must catch its own exceptions");
}

TEST_CASE("an exception from a body of parallel_for is an error of the run", "[plugins]") {
  Sound s;
  s.vtable.run = [](tn_kernel*, tn_run* run) -> tn_status* {
    const tn_range_fn body = [](void*, uint32_t, int64_t, int64_t) -> tn_status* {
      throw std::runtime_error("in the body");
    };
    const tn_parallel work{sizeof(tn_parallel), 0, 10, 1.0, 0, body, nullptr};
    host_table().status_destroy(host_table().run->parallel_for(run, &work));  // a kernel that does not look at it
    return nullptr;
  };
  auto kernel = s.kernel();
  REQUIRE(kernel.is_ok());
  FakeRun run({});
  const Status status = kernel->run(run);
  CHECK(status.code() == TN_INTERNAL);
  CHECK_THAT(status.message(), Contains("in a body of parallel_for: in the body"));
}

TEST_CASE("nonsense asked of a run is refused", "[plugins]") {
  FakeRun run({});
  const tn_run_api& api = *host_table().run;
  tn_tensor out{};
  out.struct_size = sizeof out;
  const auto verdict = [&](uint32_t index, uint32_t dtype, std::vector<int64_t> shape, uint32_t rank, tn_tensor* to) {
    return adopt_status(api.output(run.abi(), index, dtype, shape.empty() ? nullptr : shape.data(), rank, to))
        .message();
  };
  CHECK_THAT(verdict(7, TN_FLOAT, {1}, 1, &out), Contains("output 7 of 1"));
  CHECK_THAT(verdict(0, 99, {1}, 1, &out), Contains("unknown(99)"));
  CHECK_THAT(verdict(0, TN_FLOAT, {}, 2, &out), Contains("no shape"));
  CHECK_THAT(verdict(0, TN_FLOAT, {-1}, 1, &out), Contains("negative"));
  CHECK_THAT(verdict(0, TN_FLOAT, {int64_t{1} << 40, int64_t{1} << 40}, 2, &out), Contains("64 bits"));
  CHECK_THAT(verdict(0, TN_FLOAT, {1}, 1, nullptr), Contains("struct_size"));
  CHECK(verdict(0, TN_FLOAT, {1}, 1, &out).empty());
  CHECK(api.input(run.abi(), 3) == nullptr);
  CHECK(api.scratch(run.abi(), 16, 3) == nullptr);
}

TEST_CASE("pack plans with nonsense are refused", "[plugins]") {
  Sound s;
  static tn_pack_plan answer;
  s.vtable.pack_count = [](tn_kernel*) -> uint32_t { return 1; };
  s.vtable.pack_plan = [](tn_kernel*, uint32_t, tn_pack_plan* plan) -> tn_status* {
    *plan = answer;
    return nullptr;
  };
  s.vtable.pack = [](tn_kernel*, uint32_t, const tn_pack_args*) -> tn_status* { return nullptr; };
  s.vtable.bind_pack = [](tn_kernel*, uint32_t, const void*, uint64_t) -> tn_status* { return nullptr; };
  auto kernel = s.kernel();
  REQUIRE(kernel.is_ok());
  const auto verdict = [&](uint32_t alignment, uint64_t bytes, tn_str key, uint32_t inputs = 0) {
    answer = {sizeof(tn_pack_plan), alignment, bytes, key, nullptr, inputs, false};
    return kernel->pack_plan(0).status().message();
  };
  const tn_str key = {"k", 1};
  CHECK(verdict(64, 100, key).empty());
  CHECK(verdict(0, 0, {nullptr, 0}).empty());
  CHECK(verdict(64, TN_LENGTH_UNKNOWN, key).empty());
  CHECK(verdict(0, 100, key).empty());
  CHECK(kernel->pack_plan(0)->alignment == 64);
  CHECK_THAT(verdict(48, 100, key), Contains("alignment 48"));
  CHECK_THAT(verdict(8192, 100, key), Contains("alignment 8192"));
  CHECK_THAT(verdict(64, UINT64_MAX - 1, key), Contains("18446744073709551614 bytes"));
  CHECK_THAT(verdict(64, 100, {nullptr, 0}), Contains("no key"));
  CHECK_THAT(verdict(64, 100, key, 2), Contains("inputs is NULL"));
}

TEST_CASE("what a factory says of its kernel goes before its line of the table, and is held to the rules",
          "[plugins]") {
  Sound s;
  static tn_kernel_result answer;
  s.def.create = [](tn_provider_instance*, const tn_kernel_request*, tn_kernel_result* result) -> tn_status* {
    const tn_kernel_vtable* vtable = result->vtable;
    *result = answer;
    if (result->vtable == nullptr) result->vtable = vtable;
    result->kernel = reinterpret_cast<tn_kernel*>(&dummy_kernel);
    return nullptr;
  };
  static const tn_alias aliases[] = {{1, TN_ANY_INPUT, TN_ALIAS_STATE}, {0, 2, TN_ALIAS_MAY_REUSE}, {0, 0, 77}};
  answer = {sizeof answer, TN_KERNEL_NOT_DETERMINISTIC, nullptr, nullptr, aliases, 3, TN_MEMORY_HOST, 0, 0};
  {
    const auto kernel = s.kernel();
    REQUIRE(kernel.is_ok());
    CHECK_FALSE(kernel->is_deterministic());
    CHECK(kernel->may_share(1, 5));
    CHECK(kernel->may_share(0, 2));
    CHECK_FALSE(kernel->may_share(0, 1));
    CHECK_FALSE(kernel->may_share(0, 0));  // of a kind that this host does not know
  }
  answer.memory_kind = TN_MEMORY_DEVICE;
  CHECK(s.kernel().status().code() == TN_UNSUPPORTED);
  CHECK_THAT(s.kernel().status().message(), Contains("memory kind 2"));
  answer.memory_kind = TN_MEMORY_HOST;
  answer.flags = 1u << 30;
  CHECK(s.kernel().status().code() == TN_UNSUPPORTED);
  answer.flags = 0;
  answer.aliases = nullptr;
  CHECK_THAT(s.kernel().status().message(), Contains("aliases is NULL"));
}

TEST_CASE("a status is never NULL and never a success", "[plugins]") {
  const tn_host& host = host_table();
  const auto made = [&](uint32_t code, tn_str message) { return adopt_status(host.status_create(code, message)); };
  CHECK(made(TN_OK, {"x", 1}).code() == TN_INTERNAL);
  CHECK(made(77, {"x", 1}).message() == "x (made with the unknown code 77)");
  CHECK(made(TN_UNSUPPORTED, {nullptr, 5}).message() == "the plugin gave no message");
  CHECK(made(TN_UNSUPPORTED, {"reason", 6}).code() == TN_UNSUPPORTED);
  CHECK(host.status_code(nullptr) == TN_OK);
  CHECK(host.status_message(nullptr).size == 0);
  host.status_destroy(nullptr);
}
