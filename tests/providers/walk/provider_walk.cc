// Walks every operator that more than one provider has over its attributes, shapes and types, and holds verdict, shape
// and values of each provider, however much the model tells of the case, and the host's inference against cpu_ref.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>

#include "conform/cases/draw_case.h"
#include "conform/cases/verdict.h"

using namespace tenon;
using namespace tenon::cases;

namespace {

struct Arguments {
  std::vector<std::string> providers = {"cpu_ref", "cpu_blas"};
  int64_t cases = 160;
  uint64_t seed = 1;
  std::string only;
  int64_t one = -1;
  int64_t shown = 3;
};

struct Tally {
  int64_t cases = 0, computed = 0, refused = 0, unjudged = 0, differing = 0;
};

class Walk {
 public:
  explicit Walk(const Arguments& arguments) : arguments_(arguments) {}

  void visit(const SharedOperator& op) {
    Tally tally;
    const int64_t first = arguments_.one < 0 ? 0 : arguments_.one;
    const int64_t end = arguments_.one < 0 ? arguments_.cases : arguments_.one + 1;
    for (int64_t i = first; i < end; ++i) {
      Draw draw(seed_of(*op.schema, arguments_.seed, i));
      check(op, draw_case(op, draw), i, &tally);
    }
    std::printf("%-12s%-22s%3d: %lld cases, %lld computed, %lld refused, %lld not judged, %lld differ\n",
                std::string(op.schema->domain.empty() ? "onnx" : "microsoft").c_str(),
                std::string(op.schema->op_type).c_str(), op.schema->since_version, static_cast<long long>(tally.cases),
                static_cast<long long>(tally.computed), static_cast<long long>(tally.refused),
                static_cast<long long>(tally.unjudged), static_cast<long long>(tally.differing));
    total_.cases += tally.cases, total_.computed += tally.computed, total_.refused += tally.refused;
    total_.unjudged += tally.unjudged, total_.differing += tally.differing;
    idle_ += tally.computed == 0;
  }
  const Tally& total() const { return total_; }
  int idle() const { return idle_; }

 private:
  void check(const SharedOperator& op, const Case& c, int64_t index, Tally* tally) {
    ++tally->cases;
    const Verdict expected = judge(c, op.providers[0], Sight::kHidden);
    if (expected.kind == Verdict::Kind::kComputed)
      ++tally->computed;
    else if (expected.kind == Verdict::Kind::kRefused)
      ++tally->refused;
    else
      ++tally->unjudged;
    int64_t differences = 0;
    for (const std::string& provider : op.providers)
      for (const Sight sight : {Sight::kHidden, Sight::kSymbolic, Sight::kShown}) {
        const auto why = disagreement(c, expected, judge(c, provider, sight));
        if (!why) continue;
        if (differences++ == 0 && tally->differing < arguments_.shown)
          std::printf("case %lld: %s\n", static_cast<long long>(index), describe(c).c_str());
        if (tally->differing < arguments_.shown)
          std::printf("  %s, %s: %s\n", provider.c_str(), sight_name(sight), why->c_str());
      }
    tally->differing += differences > 0;
  }

  const Arguments& arguments_;
  Tally total_;
  int idle_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Holds providers against cpu_ref on generated applications of every operator that they share.");
  app.add_option("--providers", arguments.providers, "libraries by name, the oracle first")->delimiter(',');
  app.add_option("--cases", arguments.cases, "of each operator in each of its versions");
  app.add_option("--seed", arguments.seed, "of the choices");
  app.add_option("--only", arguments.only, "an operator");
  app.add_option("--case", arguments.one, "the number of the one case to run");
  app.add_option("--show", arguments.shown, "how many differing cases of an operator's version to show");
  CLI11_PARSE(app, argc, argv);

  const auto start = std::chrono::steady_clock::now();
  const auto shared = shared_operators(arguments.providers);
  if (!shared.is_ok()) {
    std::fprintf(stderr, "error: %s\n", shared.status().message().c_str());
    return 1;
  }
  Walk walk(arguments);
  for (const SharedOperator& op : *shared)
    if (arguments.only.empty() || arguments.only == op.schema->op_type) walk.visit(op);
  const Tally& total = walk.total();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%lld cases, %lld computed, %lld refused, %lld not judged, %lld differ; %.1f s\n",
              static_cast<long long>(total.cases), static_cast<long long>(total.computed),
              static_cast<long long>(total.refused), static_cast<long long>(total.unjudged),
              static_cast<long long>(total.differing), seconds.count());
  if (walk.idle() > 0) std::printf("%d versions of operators were never computed\n", walk.idle());
  return total.cases == 0 || total.differing > 0 || (arguments.one < 0 && walk.idle() > 0) ? 1 : 0;
}
