// Where each member of each struct of the ABI lies. Providers that were built once rely on it: a struct may grow at its
// end, and nothing else may change. layout.txt is the golden text, for 64-bit systems; TENON_WRITE_LAYOUT=1 writes it.
#include <tenon/kernel_api/kernel_api.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/support/struct_layout.h"

TEST_CASE("every member of every struct of the ABI lies where it lay", "[kernel_api]") {
  const std::vector<std::string> lines = {
#define MEMBER(type, member) TENON_LAYOUT_LINE(type, member)
#include "tests/kernel_api/members.inc"
#undef MEMBER
  };
  tenon::test::check_layout(lines, "tests/kernel_api/layout.txt");
}

TEST_CASE("the layout names every member that the headers have", "[kernel_api]") {
  // The size that a struct has is where its last member ends: one that is missing in members.inc shows.
  struct Struct {
    const char* name;
    size_t size, end;
  };
#define STRUCT(type, last) \
  { #type, sizeof(type), offsetof(type, last) + sizeof(type::last) }
  const Struct structs[] = {STRUCT(tn_tensor, device_id),
                            STRUCT(tn_parallel, arg),
                            STRUCT(tn_run_api, count),
                            STRUCT(tn_claim, tag),
                            STRUCT(tn_claims_api, refuse),
                            STRUCT(tn_graph_api, graph_output),
                            STRUCT(tn_pack_plan, sources_needed),
                            STRUCT(tn_pack_args, max_workers),
                            STRUCT(tn_kernel_vtable, destroy),
                            STRUCT(tn_alias, kind),
                            STRUCT(tn_kernel_request, tag),
                            STRUCT(tn_kernel_result, cost_ns),
                            STRUCT(tn_type_rule, dtypes),
                            STRUCT(tn_formal, mixed),
                            STRUCT(tn_attribute, default_strings),
                            STRUCT(tn_infer_args, set_output),
                            STRUCT(tn_operator, infer),
                            STRUCT(tn_kernel_def, create),
                            STRUCT(tn_host, run),
                            STRUCT(tn_instance_request, model_name),
                            STRUCT(tn_option, help),
                            STRUCT(tn_provider, operator_stride),
                            STRUCT(tn_descriptor, version),
                            STRUCT(tn_str, size)};
#undef STRUCT
  for (const Struct& s : structs) {
    CAPTURE(s.name);
    CHECK((s.end + 7) / 8 * 8 == (s.size + 7) / 8 * 8);
  }
}
