// Gives every operator of each provider's kernel table, in every version, bad input: of a case that computes one thing
// is changed at a time (bad_variants.h). Whatever comes of it must be a result or an error that names node, operator
// and what was expected, in little time and memory: no crash, no hang, nothing internal. The cases run in a child
// process, so that a crash is told with its case.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <sstream>

#include "conform/cases/case_parts.h"
#include "conform/cases/verdict.h"
#include "tests/conformance/isolated.h"
#include "tests/providers/walk/bad_variants.h"
#include "tools/support/isolated.h"

using namespace tenon;
using namespace tenon::cases;

namespace {

// A run is given half a second, and 4 MiB; sanitizers and a machine with other work take their share.
constexpr std::chrono::seconds kMostTime{8};
constexpr int64_t kMostGrowth = int64_t{512} << 20;
constexpr std::chrono::minutes kMostListing{10};

struct Arguments {
  std::vector<std::string> providers = {"cpu_ref", "cpu_blas"};
  uint64_t seed = 1;
  std::string only;
  size_t sample = 0;
  int64_t one = -1;
  size_t shown = 3;
  bool tells_all = false;
};

struct Job {
  std::string provider;
  const host::OpSchema* schema;
  size_t variant;
  std::string change;
};

std::string name_of(const host::OpSchema& schema) {
  return host::concat(schema.domain, schema.domain.empty() ? "" : ".", schema.op_type, "-", schema.since_version);
}

int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

uint64_t seed_of(const host::OpSchema& schema, uint64_t seed) {
  for (const char c : name_of(schema)) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return seed;
}

/// Nothing: no draw computes. None where the operator needs neighbours that a model of one node does not have.
std::optional<std::vector<Variant>> variants(const host::OpSchema& schema, const std::string& provider, uint64_t seed) {
  bool is_left = false;
  const auto base = draw_base(schema, provider, seed_of(schema, seed), &is_left);
  if (base) return variants_of(*base, seed_of(schema, seed));
  return is_left ? std::optional(std::vector<Variant>()) : std::nullopt;
}

/// The schemas of the provider's table. In a child, since a parent that has loaded providers has their threads.
std::vector<const host::OpSchema*> schemas_from(const std::string& provider, const std::string& only) {
  const auto listed = tools::run_isolated(
      [&] {
        const auto schemas = schemas_of(provider);
        if (!schemas.is_ok()) throw std::runtime_error(schemas.status().message());
        std::string text;
        for (const host::OpSchema* s : *schemas)
          if (only.empty() || only == s->op_type)
            text += host::concat(s->domain, "\t", s->op_type, "\t", s->since_version, "\n");
        return text;
      },
      kMostListing);
  if (!listed.ending.empty()) throw std::runtime_error("reading the table of " + provider + " " + listed.ending);
  std::vector<const host::OpSchema*> schemas;
  std::istringstream lines(listed.written);
  std::string domain, op_type, version;
  while (std::getline(lines, domain, '\t') && std::getline(lines, op_type, '\t') && std::getline(lines, version))
    schemas.push_back(host::find_schema(domain, op_type, std::stoll(version)));
  return schemas;
}

/// Whether the words say what would be right, or what about the case does not fit what.
bool says_what_is_wrong(std::string_view text) {
  for (const std::string_view words :
       {"expected", "must", "required", "correct ", "name every axis once", "may be left out", "broadcast", ", but ",
        "use a smaller kernel", "is missing", "do not have", "does not fit", "divide", "do not fill", "64 bits",
        "give ", "state the", "no implementation"})
    if (text.find(words) != text.npos) return true;
  return false;
}

/// Why the outcome is none that a user can be given; nothing: it is fine.
std::optional<std::string> complaint(const Case& c, const Verdict& verdict) {
  using Kind = Verdict::Kind;
  if (verdict.kind == Kind::kBroken) return "internal: " + verdict.message;
  if (verdict.misinferred) return *verdict.misinferred;
  const std::string_view text = verdict.message;
  // Of the run's memory the host refuses too much; what a kernel takes for itself nobody counts.
  if (text.find("out of memory in the plugin") != text.npos) return "took memory unasked: " + verdict.message;
  if (verdict.kind == Kind::kComputed || verdict.kind == Kind::kGaveUp) return std::nullopt;
  // An operator of which no provider has a kernel is told as the nodes that its definition has.
  if (text.find(c.schema->op_type) == text.npos && text.find("_node/") == text.npos)
    return "the operator is not named: " + verdict.message;
  if (text.find("_node") == text.npos && text.find("computes 'out") == text.npos)
    return "the node is not named: " + verdict.message;
  if (verdict.kind == Kind::kRefused && !says_what_is_wrong(text))
    return "what was expected is not said: " + verdict.message;
  return std::nullopt;
}

class Runner {
 public:
  Runner(const Arguments& arguments, const std::vector<Job>& jobs) : arguments_(arguments), jobs_(jobs) {}

  conformance::Outcome run(size_t index) {
    const Job& job = jobs_[index];
    if (job.schema != schema_ || job.provider != provider_) {
      schema_ = job.schema, provider_ = job.provider;
      variants_ = variants(*schema_, provider_, arguments_.seed).value();
    }
    const Case& c = variants_.at(job.variant).changed;
    std::string complaints;
    for (const Sight sight : {Sight::kHidden, Sight::kSymbolic, Sight::kShown}) judge_case(c, sight, &complaints);
    // The rules of the host see what integers are.
    Case known = c;
    for (size_t i = 0; i < c.inputs.size(); ++i)
      known.constant[i] = c.inputs[i].dtype() != TN_UNDEFINED && c.inputs[i].dtype() != TN_FLOAT;
    judge_case(known, Sight::kShown, &complaints);
    using Kind = conformance::Outcome::Kind;
    if (complaints.empty()) return {Kind::kPassed, ""};
    return {Kind::kFailed, complaints + "; " + describe(c)};
  }

 private:
  void judge_case(const Case& c, Sight sight, std::string* complaints) {
    const auto start = std::chrono::steady_clock::now();
    const int64_t before = peak_memory();
    const Verdict verdict = judge(c, provider_, sight);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const int64_t growth = peak_memory() - before;
    std::string found = complaint(c, verdict).value_or("");
    if (seconds > kMostTime) found += host::concat(" took ", seconds.count(), " s");
    if (growth > kMostGrowth) found += host::concat(" took ", growth >> 20, " MiB");
    if (arguments_.tells_all)
      std::fprintf(stderr, "  %s: %s\n", sight_name(sight),
                   verdict.message.empty() ? "computed" : verdict.message.c_str());
    if (found.empty() || complaints->find(found) != std::string::npos) return;
    *complaints += host::concat(complaints->empty() ? "" : "; ", sight_name(sight), ": ", found);
  }

  const Arguments& arguments_;
  const std::vector<Job>& jobs_;
  const host::OpSchema* schema_ = nullptr;
  std::string provider_;
  std::vector<Variant> variants_;
};

/// What is changed in each variant of each schema; how many of the schemas have none is added to `idle`.
std::vector<std::vector<std::string>> changes_of(const Arguments& arguments, const std::string& provider,
                                                 const std::vector<const host::OpSchema*>& schemas, int* idle) {
  constexpr char kEnd = '\x1f';
  using Outcome = conformance::Outcome;
  const auto outcomes = conformance::run_isolated(schemas.size(), [&]() -> conformance::RunCase {
    return [&](size_t index) -> Outcome {
      const auto all = variants(*schemas[index], provider, arguments.seed);
      if (!all) return {Outcome::Kind::kNotCovered, "never computed"};
      std::string text;
      for (const Variant& variant : *all) text += variant.change + kEnd;
      return {Outcome::Kind::kPassed, text};
    };
  });
  std::vector<std::vector<std::string>> changes(schemas.size());
  for (size_t i = 0; i < schemas.size(); ++i) {
    std::istringstream parts(outcomes[i].reason);
    if (outcomes[i].kind == Outcome::Kind::kPassed) {
      for (std::string change; std::getline(parts, change, kEnd);) changes[i].push_back(change);
      continue;
    }
    ++*idle;
    std::printf("%s: %s, before anything is changed: %s\n", provider.c_str(), name_of(*schemas[i]).c_str(),
                outcomes[i].reason.c_str());
  }
  return changes;
}

/// The cases to run of one provider.
std::vector<Job> jobs_of(const Arguments& arguments, const std::string& provider, int* idle) {
  const auto schemas = schemas_from(provider, arguments.only);
  const auto changes = changes_of(arguments, provider, schemas, idle);
  std::vector<Job> jobs;
  Draw draw(arguments.seed);
  for (size_t i = 0; i < schemas.size(); ++i) {
    std::vector<size_t> chosen(changes[i].size());
    std::iota(chosen.begin(), chosen.end(), size_t{0});
    while (arguments.sample > 0 && arguments.one < 0 && chosen.size() > arguments.sample)
      chosen.erase(chosen.begin() + draw.between(0, static_cast<int64_t>(chosen.size()) - 1));
    for (const size_t variant : chosen)
      if (arguments.one < 0 || arguments.one == static_cast<int64_t>(variant))
        jobs.push_back({provider, schemas[i], variant, changes[i][variant]});
  }
  return jobs;
}

/// The number of cases that failed.
size_t walk_jobs(const Arguments& arguments, const std::vector<Job>& jobs) {
  const auto outcomes = conformance::run_isolated(jobs.size(), [&]() -> conformance::RunCase {
    auto runner = std::make_shared<Runner>(arguments, jobs);
    return [runner](size_t index) { return runner->run(index); };
  });
  size_t failed = 0;
  std::map<std::string, size_t> of_operator;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (outcomes[i].kind == conformance::Outcome::Kind::kPassed) continue;
    ++failed;
    const std::string name = name_of(*jobs[i].schema);
    if (++of_operator[name] > arguments.shown) continue;
    std::printf("%s: %s case %zu, %s: %s\n", jobs[i].provider.c_str(), name.c_str(), jobs[i].variant,
                jobs[i].change.c_str(), outcomes[i].reason.c_str());
  }
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Gives every operator of kernel tables bad input, and sees that errors come of it.");
  app.add_option("--providers", arguments.providers, "libraries by name")->delimiter(',');
  app.add_option("--seed", arguments.seed, "of the choices");
  app.add_option("--only", arguments.only, "an operator");
  app.add_option("--sample", arguments.sample, "how many cases of each version of an operator; 0: all");
  app.add_option("--case", arguments.one, "the number of the one case to run of each version");
  app.add_option("--show", arguments.shown, "how many failing cases of an operator's version to show");
  app.add_flag("--tell", arguments.tells_all, "what becomes of each case");
  CLI11_PARSE(app, argc, argv);

  bool is_right = true;
  for (const std::string& provider : arguments.providers) try {
      const auto start = std::chrono::steady_clock::now();
      int idle = 0;
      const std::vector<Job> jobs = jobs_of(arguments, provider, &idle);
      const size_t failed = walk_jobs(arguments, jobs);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      std::printf("%s: seed %llu, %zu cases, %zu failed, %d versions never computed; %.1f s\n", provider.c_str(),
                  static_cast<unsigned long long>(arguments.seed), jobs.size(), failed, idle, seconds.count());
      is_right = is_right && !jobs.empty() && failed == 0 && idle == 0;
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "error: %s\n", failure.what());
      return 1;
    }
  return is_right ? 0 : 1;
}
