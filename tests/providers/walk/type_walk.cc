// Holds each provider's kernel table to what its kernels do: for every operator of the table, every version of its
// schema and every combination of element types that the schema permits there, either the node is refused when it is
// placed, or its kernel computes it. What a run refuses as unsupported is a row that says too much.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <functional>

#include "conform/cases/case.h"
#include "conform/cases/case_parts.h"
#include "conform/cases/draw_case.h"
#include "conform/cases/verdict.h"
#include "host/base/dtype.h"

using namespace tenon;
using namespace tenon::cases;

namespace {

// Of cases for a combination; some operators have many attributes that must fit.
constexpr int64_t kTries = 80;
// Enough to believe that the node is always refused.
constexpr int64_t kRefusals = 20;

struct Tally {
  int64_t combinations = 0, computed = 0, refused = 0, idle = 0, wrong = 0;
};

bool is_type_of(std::span<const host::FormalParameter> formals, std::string_view parameter) {
  return std::any_of(formals.begin(), formals.end(), [&](const auto& formal) { return formal.type == parameter; });
}

/// The attribute that chooses a type that no input has; nullptr: the operator chooses it.
const host::AttributeSchema* chooser_of(const host::OpSchema& schema) {
  for (const host::AttributeSchema& a : schema.attributes)
    for (const std::string_view name : {"to", "dtype", "output_dtype", "output_datatype", "stash_type", "value"})
      if (a.name == name) return &a;
  return nullptr;
}

/// Whether the operator is of types of one width, and these are not.
bool differ_in_width(const host::OpSchema& schema, const TypeChoice& types) {
  if (schema.op_type != "BitCast") return false;
  return host::dtype_bits(types.begin()->second) != host::dtype_bits(types.rbegin()->second);
}

/// Calls body(types) for every combination.
void for_each_combination(const host::OpSchema& schema, const std::function<void(const TypeChoice&)>& body,
                          size_t first = 0, const TypeChoice& chosen = {}) {
  if (first == schema.constraints.size()) return body(chosen);
  const host::TypeConstraint& constraint = schema.constraints[first];
  const bool is_free = is_type_of(schema.inputs, constraint.parameter) || chooser_of(schema) != nullptr;
  if (!is_free || constraint.tensor_types == 0) return for_each_combination(schema, body, first + 1, chosen);
  for (int dtype = 0; dtype < 64; ++dtype) {
    if ((constraint.tensor_types >> dtype & 1) == 0) continue;
    TypeChoice types = chosen;
    types[constraint.parameter] = static_cast<tn_dtype>(dtype);
    for_each_combination(schema, body, first + 1, types);
  }
}

void set_attribute(Case* c, host::Attribute attribute) {
  std::erase_if(c->attributes, [&](const auto& a) { return a.name == attribute.name; });
  c->attributes.push_back(std::move(attribute));
}

/// Has the attribute choose the type that no input has.
void settle_output_type(Case* c, const TypeChoice& types, Draw& draw) {
  const host::AttributeSchema* chooser = chooser_of(*c->schema);
  for (const auto& [parameter, dtype] : types) {
    if (chooser == nullptr || is_type_of(c->schema->inputs, parameter)) continue;
    const std::string name(chooser->name);
    if (chooser->kind == host::AttributeKind::kTensor) {
      if (c->schema->op_type == "Constant") c->attributes.clear();
      set_attribute(c, {name, draw_tensor(dtype, {1}, Edges::kNone, draw)});
    } else if (chooser->kind == host::AttributeKind::kString) {
      set_attribute(c, {name, host::dtype_name(dtype)});
    } else {
      set_attribute(c, {name, static_cast<int64_t>(dtype)});
    }
  }
}

bool has_all_inputs_types(const Case& c, const TypeChoice& types) {
  return std::all_of(types.begin(), types.end(), [&](const auto& choice) {
    if (!is_type_of(c.schema->inputs, choice.first)) return true;
    for (size_t i = 0; i < c.inputs.size(); ++i)
      if (c.inputs[i].dtype() != TN_UNDEFINED && host::formal_parameter(c.schema->inputs, i)->type == choice.first)
        return true;
    return false;
  });
}

std::string text_of(const TypeChoice& types) {
  std::string text;
  for (const auto& [parameter, dtype] : types)
    text += host::concat(text.empty() ? "" : " ", parameter, "=", host::dtype_name(dtype));
  return text;
}

class TypeWalk {
 public:
  TypeWalk(std::string provider, uint64_t seed) : provider_(std::move(provider)), seed_(seed) {}

  void visit(const host::OpSchema& schema) {
    for_each_combination(schema, [&](const TypeChoice& types) { check(schema, types); });
  }
  const Tally& tally() const { return tally_; }

 private:
  void check(const host::OpSchema& schema, const TypeChoice& types) {
    if (differ_in_width(schema, types)) return;
    ++tally_.combinations;
    bool computed = false, left = false;
    int64_t refusals = 0;
    std::string last;
    for (int64_t i = 0; i < kTries; ++i) {
      Draw draw(seed_ * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(tally_.combinations * kTries + i));
      Case c = draw_case(schema, types, draw);
      settle_output_type(&c, types, draw);
      const Verdict verdict = judge(c, provider_, Sight::kHidden);
      left = left || verdict.kind == Verdict::Kind::kLeft;
      if (verdict.kind == Verdict::Kind::kLeft && ++refusals == kRefusals) break;
      if (verdict.kind == Verdict::Kind::kLeftInRun || verdict.kind == Verdict::Kind::kBroken) {
        ++tally_.wrong;
        report(schema, types, "the run says " + verdict.message + " for " + describe(c));
        return;
      }
      last = verdict.message;
      computed = computed || verdict.kind == Verdict::Kind::kComputed;
      if (verdict.kind == Verdict::Kind::kComputed && has_all_inputs_types(c, types)) break;
    }
    tally_.computed += computed;
    tally_.refused += !computed && left;
    if (computed || left) return;
    ++tally_.idle;
    report(schema, types, "neither refused when placed nor ever computed; last: " + last);
  }

  void report(const host::OpSchema& schema, const TypeChoice& types, const std::string& what) const {
    std::printf("%s: %s%s%s-%d %s: %s\n", provider_.c_str(), std::string(schema.domain).c_str(),
                schema.domain.empty() ? "" : ".", std::string(schema.op_type).c_str(), schema.since_version,
                text_of(types).c_str(), what.c_str());
  }

  const std::string provider_;
  const uint64_t seed_;
  Tally tally_;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> providers = {"cpu_ref", "cpu_blas"};
  uint64_t seed = 1;
  std::string only;
  CLI::App app("Holds kernel tables to what the kernels do with each combination of element types.");
  app.add_option("--providers", providers, "libraries by name")->delimiter(',');
  app.add_option("--seed", seed, "of the choices of shapes, attributes and elements");
  app.add_option("--only", only, "an operator");
  CLI11_PARSE(app, argc, argv);

  bool is_right = true;
  for (const std::string& provider : providers) {
    const auto start = std::chrono::steady_clock::now();
    const auto schemas = schemas_of(provider);
    if (!schemas.is_ok()) {
      std::fprintf(stderr, "error: %s\n", schemas.status().message().c_str());
      return 1;
    }
    TypeWalk walk(provider, seed);
    for (const host::OpSchema* schema : *schemas)
      if (only.empty() || only == schema->op_type) walk.visit(*schema);
    const Tally& tally = walk.tally();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf(
        "%s: %lld combinations, %lld computed, %lld refused when placed, %lld never computed, %lld refused in a "
        "run; %.1f s\n",
        provider.c_str(), static_cast<long long>(tally.combinations), static_cast<long long>(tally.computed),
        static_cast<long long>(tally.refused), static_cast<long long>(tally.idle), static_cast<long long>(tally.wrong),
        seconds.count());
    is_right = is_right && tally.combinations > 0 && tally.idle == 0 && tally.wrong == 0;
  }
  return is_right ? 0 : 1;
}
