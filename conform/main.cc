// tenon-conform: examines a provider library. Exit code 0 where all checks pass, 1 where one fails, 2 where the kit
// itself could not run.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "conform/checks/check_list.h"
#include "conform/checks/operators/pack_digests.h"
#include "conform/report/report.h"
#include "conform/runner/exclusions.h"
#include "host/base/status.h"
#include "host/plugins/loading/descriptor_reader.h"
#include "host/threads/thread_pool.h"

using namespace tenon;
using namespace tenon::conform;

namespace {

constexpr char kFooter[] =
    "Examples:\n"
    "  tenon conform build/libmine.so\n"
    "  tenon conform build/libmine.so --quick --only 'memory/*' --html report.html\n"
    "  tenon conform build/libmine.so --exclude known_failures.txt --junit report.xml\n"
    "A file of --exclude has lines of PATTERN: REASON; what they name and passes all the same is a failure.";

struct Arguments {
  Subject subject;
  std::string library;
  std::vector<std::string> options, only, packed_operator;
  std::string exclusions, json, junit, html;
  int64_t cases = Subject().cases;
  unsigned jobs = 0;
  int64_t limit_ms = 0;
  bool is_quick = false, is_listing = false, is_verbose = false;
};

void add_options(CLI::App& app, Arguments& a) {
  app.add_option("LIBRARY", a.library, "The provider library to examine")->required();
  app.add_flag("--quick", a.is_quick, "A quarter of the cases, a tenth of the rounds");
  app.add_option("--only", a.only, "Checks to run, by their ids; '*' stands for anything");
  app.add_option("--exclude", a.exclusions, "File of checks that are known to fail, with reasons");
  app.add_option("--option", a.options, "Option of the provider, NAME=VALUE");
  app.add_option("--oracle", a.subject.oracle, "Provider whose answers are right")->capture_default_str();
  app.add_option("--seed", a.subject.seed, "Of what is drawn")->capture_default_str();
  app.add_option("--cases", a.cases, "Of each operator, in each check")->capture_default_str();
  app.add_option("--jobs", a.jobs, "Checks that run at once; 0: as many as there are CPUs")->capture_default_str();
  app.add_option("--limit-ms", a.limit_ms, "The longest that a check may take; 0: a minute or two");
  app.add_option("--json", a.json, "Write a report of this form to a file");
  app.add_option("--junit", a.junit, "The same as JUnit XML");
  app.add_option("--html", a.html, "The same as a page");
  app.add_flag("--list", a.is_listing, "Print the checks instead of running them");
  app.add_flag("--verbose", a.is_verbose, "Print what came of every check");
  // Of the kit itself: see checks/operators/pack_digests.h.
  app.add_option("--pack-digests", a.packed_operator)->expected(3)->group("");
  app.footer(kFooter);
}

void complete(Arguments& a) {
  a.subject.library = std::filesystem::absolute(a.library);
  for (const std::string& option : a.options) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos || equals == 0) throw std::runtime_error("'" + option + "' is not NAME=VALUE");
    a.subject.options[option.substr(0, equals)] = option.substr(equals + 1);
  }
  a.subject.cases = a.cases;
  if (a.is_quick) {
    a.subject.cases = std::max<int64_t>(1, a.cases / 4);
    a.subject.rounds /= 10;
  }
}

std::string quoted(const std::string& word) {
  return word.find_first_of(" '\"*") == std::string::npos ? word : "'" + word + "'";
}

std::string replay(const Arguments& a, const std::string& id) {
  std::string text = host::concat("tenon conform ", quoted(a.library), " --only ", quoted(id), " --seed ",
                                  a.subject.seed, a.is_quick ? " --quick" : "");
  if (a.cases != Arguments().cases) text += host::concat(" --cases ", a.cases);
  if (a.subject.oracle != Subject().oracle) text += " --oracle " + quoted(a.subject.oracle);
  for (const std::string& option : a.options) text += " --option " + quoted(option);
  return text;
}

bool is_asked_for(const Arguments& a, const std::string& id) {
  if (a.only.empty()) return true;
  return std::any_of(a.only.begin(), a.only.end(), [&](const std::string& pattern) { return matches(pattern, id); });
}

/// Those that are asked for, with what they need among them.
std::vector<Task> chosen(const Arguments& a, std::vector<Task> all) {
  std::vector<Task> tasks;
  std::vector<size_t> place(all.size(), SIZE_MAX);
  for (size_t i = 0; i < all.size(); ++i) {
    if (!is_asked_for(a, all[i].id)) continue;
    std::vector<size_t> needs;
    for (const size_t need : all[i].needs)
      if (place[need] != SIZE_MAX) needs.push_back(place[need]);
    place[i] = tasks.size();
    all[i].needs = std::move(needs);
    if (a.limit_ms > 0) all[i].limit = std::chrono::milliseconds(a.limit_ms);
    tasks.push_back(std::move(all[i]));
  }
  return tasks;
}

void write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw std::runtime_error(path + " cannot be written");
}

Report examine(const Arguments& a, const std::vector<Task>& tasks, std::vector<Exclusion> exclusions) {
  Report report;
  report.library = a.library;
  report.seed = a.subject.seed;
  if (const auto descriptor = host::read_descriptor(a.subject.library); descriptor.is_ok())
    report.provider = descriptor->name + " " + descriptor->version;
  const auto start = std::chrono::steady_clock::now();
  const unsigned jobs = a.jobs == 0 ? host::usable_cpus() : a.jobs;
  size_t done = 0;
  const bool shows_progress = isatty(STDERR_FILENO) != 0;
  const auto results = run_tasks(tasks, jobs, [&](size_t index, const TaskResult& result) {
    ++done;
    if (a.is_verbose)
      std::printf("%-11s  %-40s  %5lld ms  %s\n", kind_name(result.outcome.kind), tasks[index].id.c_str(),
                  static_cast<long long>(result.took.count()), result.outcome.message.c_str());
    if (shows_progress) std::fprintf(stderr, "\r%zu of %zu checks", done, tasks.size());
  });
  if (shows_progress) std::fputs("\r\033[K", stderr);
  for (size_t i = 0; i < tasks.size(); ++i)
    report.checks.push_back({tasks[i].id, tasks[i].asks, with_exclusions(tasks[i].id, results[i].outcome, exclusions),
                             results[i].took, replay(a, tasks[i].id)});
  for (const Exclusion& exclusion : exclusions)
    if (!exclusion.is_used && a.only.empty())
      report.checks.push_back({exclusion.pattern,
                               "is a check of this provider",
                               Outcome::fail("unknown-exclusion", "no check has this id"),
                               {},
                               ""});
  report.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  return report;
}

int run(Arguments& a) {
  complete(a);
  if (a.packed_operator.size() == 3) {
    const OperatorName op{a.packed_operator[0], a.packed_operator[1], std::stoi(a.packed_operator[2])};
    std::cout << pack_digests(a.subject, op);
    return 0;
  }
  const std::vector<Exclusion> exclusions =
      a.exclusions.empty() ? std::vector<Exclusion>() : read_exclusions(a.exclusions);
  std::vector<OperatorName> operators;
  try {
    operators = list_operators(a.subject);
  } catch (const Breach&) {
    // The checks of loading say why.
  }
  const std::vector<Task> tasks = chosen(a, list_checks(a.subject, operators));
  if (tasks.empty()) throw std::runtime_error("no check has an id that --only names; --list shows them");
  if (a.is_listing) {
    for (const Task& task : tasks) std::printf("%-40s  %s\n", task.id.c_str(), task.asks.c_str());
    return 0;
  }
  const Report report = examine(a, tasks, exclusions);
  std::fputs(text_report(report).c_str(), stdout);
  write_file(a.json, json_report(report));
  write_file(a.junit, junit_report(report));
  write_file(a.html, html_report(report));
  return report.has_passed() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Examines a provider library: whether it keeps the rules of the ABI, and computes what is right.",
               "tenon conform");
  add_options(app, arguments);
  try {
    app.parse(argc, argv);
    return run(arguments);
  } catch (const CLI::ParseError& failure) {
    return app.exit(failure) == 0 ? 0 : 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "error: %s\n", failure.what());
    return 2;
  }
}
