// `tenon cache`: what lies in the folder of packs, whether it is whole, and its removal.
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "host/session/packs/plan_reader.h"
#include "host/session/packs/source_state.h"
#include "host/storage/pack/pack_store.h"
#include "tools/commands.h"
#include "tools/support/print.h"
#include "tools/support/terminal.h"

namespace tenon::tools {
namespace {

using host::PackFile;
using host::PackStore;
using host::Result;
using host::Status;
using nlohmann::json;

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon cache ls\n"
    "  tenon cache verify --json\n"
    "  tenon cache gc --max-bytes 10GB\n"
    "  tenon cache rm model.onnx\n"
    "  tenon cache rm --all\n"
    "The folder is TENON_CACHE_DIR, else $XDG_CACHE_HOME/tenon, else ~/.cache/tenon. Models that are open keep the "
    "packs\n"
    "that they use, removed or not.";

struct CacheFlags {
  std::filesystem::path folder;
  bool as_json = false, all = false;
  uint64_t max_bytes = 0;
  bool has_max_bytes = false;
  std::vector<std::string> targets;
};

Result<std::unique_ptr<PackStore>> open_store(const CacheFlags& flags, bool read_only) {
  host::PackStoreOptions options;
  options.folder = flags.folder;
  return PackStore::open(options, read_only);
}

// The value of a "name=value" line; empty without one.
std::string key_value(const std::string& key, const std::string& name) {
  const std::string lines = "\n" + key;
  const size_t begin = lines.find("\n" + name + "=");
  if (begin == std::string::npos) return "";
  const size_t value = begin + name.size() + 2;
  return lines.substr(value, lines.find('\n', value) - value);
}

std::string source_of(const PackStore::Entry& entry) {
  const std::string source = key_value(entry.key, "source");
  return source.empty() ? "(unknown model)" : source;
}

std::string time_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  char text[32];
  if (seconds <= 0 || localtime_r(&seconds, &local) == nullptr) return "unknown";
  return std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local) == 0 ? "unknown" : text;
}

void print_json(const json& value) {
  std::printf("%s\n", value.dump(2, ' ', false, json::error_handler_t::replace).c_str());
}

json to_json(const PackStore::Entry& entry, const Status& state) {
  json line{{"path", entry.path.string()},
            {"bytes", entry.bytes},
            {"used_unix_s", std::chrono::system_clock::to_time_t(entry.used)},
            {"in_use", entry.in_use},
            {"source", key_value(entry.key, "source")},
            {"usable", state.is_ok()}};
  if (!state.is_ok()) line["error"] = state.message();
  return line;
}

Result<bool> list(const CacheFlags& flags) {
  TENON_ASSIGN_OR_RETURN(const auto store, open_store(flags, true));
  const auto entries = store->list();
  if (flags.as_json) {
    json lines = json::array();
    for (const auto& entry : entries) lines.push_back(to_json(entry, entry.state));
    print_json({{"folder", store->folder().string()}, {"max_bytes", store->max_bytes()}, {"packs", lines}});
    return true;
  }
  uint64_t total = 0;
  for (const auto& entry : entries) {
    total += entry.bytes;
    std::printf("%s\n  %s, last used %s%s\n  %s\n", bold(source_of(entry)).c_str(), byte_text(entry.bytes).c_str(),
                time_text(entry.used).c_str(), entry.in_use ? ", in use" : "", entry.path.c_str());
    if (!entry.state.is_ok()) std::printf("  cannot be used: %s\n", entry.state.message().c_str());
  }
  std::printf("%zu packs, %s of at most %s, in %s\n", entries.size(), byte_text(total).c_str(),
              byte_text(store->max_bytes()).c_str(), store->folder().c_str());
  return true;
}

struct Verdict {
  Status state;
  std::string stale;   // why no session uses the pack any more; that is no damage
  std::string unread;  // a source that it holds no digest of
};

// Reads in full the files that the pack was made from. Those that are what they were must still have the same bytes.
Verdict verify_sources(std::shared_ptr<const PackFile> pack, const std::filesystem::path& model) {
  if (pack->section(host::kPlanSection).empty()) return {};
  const auto plan = host::PackPlan::read(std::move(pack));
  if (!plan.is_ok()) return {plan.status(), "", ""};
  Verdict verdict;
  for (const host::PlanSource& source : (*plan)->sources()) {
    const auto path = source.location.empty() ? model : model.parent_path() / source.location;
    const auto file = host::FileMapping::open(path);
    if (!file.is_ok()) return {{}, file.status().message(), ""};
    if ((*file)->identity() != source.identity) return {{}, path.string() + " has changed since", ""};
    if (!source.digest) {
      verdict.unread = path.string();
      continue;
    }
    const auto digest = host::full_digest(**file);
    if (!digest.is_ok()) return {digest.status(), "", ""};
    if (*digest != *source.digest)
      return {host::error(TN_INVALID_MODEL, path.string(),
                          " has other bytes than when it was packed, under the same times: "
                          "its disk or its file system is at fault; restore the file and remove the pack"),
              "", ""};
  }
  return verdict;
}

Verdict verify_pack(const PackStore::Entry& entry) {
  if (!entry.state.is_ok()) return {entry.state, "", ""};
  const auto pack = PackFile::open(entry.path, true);
  if (!pack.is_ok()) return {pack.status(), "", ""};
  return verify_sources(*pack, key_value(entry.key, "source"));
}

Result<bool> verify(const CacheFlags& flags) {
  TENON_ASSIGN_OR_RETURN(const auto store, open_store(flags, true));
  bool all_whole = true;
  json lines = json::array();
  for (const auto& entry : store->list()) {
    Progress progress("reading " + entry.path.string());
    const auto [state, stale, unread] = verify_pack(entry);
    all_whole = all_whole && state.is_ok();
    if (flags.as_json) {
      lines.push_back(to_json(entry, state));
      if (!stale.empty()) lines.back()["stale"] = stale;
      if (!unread.empty()) lines.back()["unread"] = unread;
    } else if (state.is_ok()) {
      std::printf("ok    %s  %s\n", entry.path.c_str(), source_of(entry).c_str());
      if (!stale.empty()) std::printf("      not used any more: %s\n", stale.c_str());
      if (!unread.empty()) std::printf("      not read: %s is told by its identity alone\n", unread.c_str());
    } else {
      std::printf("FAIL  %s\n      %s\n", entry.path.c_str(), state.message().c_str());
    }
  }
  if (flags.as_json) print_json({{"folder", store->folder().string()}, {"packs", lines}});
  return all_whole;
}

Result<bool> collect(const CacheFlags& flags) {
  TENON_ASSIGN_OR_RETURN(const auto store, open_store(flags, false));
  TENON_ASSIGN_OR_RETURN(const auto collected,
                         store->collect(flags.has_max_bytes ? flags.max_bytes : store->max_bytes()));
  std::printf("removed %llu files, %s\n", static_cast<unsigned long long>(collected.files),
              byte_text(collected.bytes).c_str());
  return true;
}

// Whether `target`, a pack or a model, names this entry.
bool is_meant(const PackStore::Entry& entry, const std::string& target) {
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(target, failed).lexically_normal();
  const auto real = std::filesystem::weakly_canonical(target, failed);
  const std::string source = key_value(entry.key, "source");
  for (const auto& path : {std::filesystem::path(target), absolute, real})
    if (!path.empty() && (path == entry.path || path == source)) return true;
  return false;
}

Result<bool> remove(const CacheFlags& flags) {
  if (flags.all != flags.targets.empty())
    return host::error(TN_INVALID_ARGUMENT, "name the packs or models whose packs are to be removed, or give --all");
  TENON_ASSIGN_OR_RETURN(const auto store, open_store(flags, false));
  const auto entries = store->list();
  std::vector<std::filesystem::path> chosen;
  for (const auto& entry : entries)
    if (flags.all) chosen.push_back(entry.path);
  for (const std::string& target : flags.targets) {
    const size_t before = chosen.size();
    for (const auto& entry : entries)
      if (is_meant(entry, target)) chosen.push_back(entry.path);
    if (chosen.size() == before)
      return host::error(TN_NOT_FOUND, "'", target, "': no pack in '", store->folder().string(),
                         "' has that path or was made from that model: `tenon cache ls` lists them");
  }
  for (const auto& path : chosen) {
    // Named twice, or taken away by another process meanwhile: it is gone.
    const Status removed = store->remove(path);
    if (!removed.is_ok() && removed.code() != TN_NOT_FOUND) return removed;
    if (removed.is_ok()) std::printf("removed %s\n", path.c_str());
  }
  return true;
}

using Handler = Result<bool> (*)(const CacheFlags&);

CLI::App* add(CLI::App& cache, const char* name, const char* purpose, Handler handler,
              const std::shared_ptr<CacheFlags>& flags, Action& action) {
  CLI::App* command = cache.add_subcommand(name, purpose);
  command->add_option("--folder", flags->folder, "The folder of packs, instead of the one of the environment");
  command->callback([flags, handler, &action] { action = [flags, handler] { return handler(*flags); }; });
  return command;
}

}  // namespace

void add_cache_command(CLI::App& app, Action& action) {
  CLI::App* cache = app.add_subcommand("cache", "List, verify and remove the packs of models");
  cache->require_subcommand(1);
  cache->footer(kExamples);
  const auto flags = std::make_shared<CacheFlags>();
  CLI::App* ls = add(*cache, "ls", "List packs: model, size, last use", list, flags, action);
  CLI::App* check =
      add(*cache, "verify", "Read every pack, and what it was made from, in full; exit code 1 when one is damaged",
          verify, flags, action);
  for (CLI::App* command : {ls, check}) command->add_flag("--json", flags->as_json, "Print JSON");
  CLI::App* gc = add(*cache, "gc", "Remove leftovers, damaged packs, and least recently used ones past a size", collect,
                     flags, action);
  gc->add_option_function<uint64_t>(
        "--max-bytes",
        [flags](const uint64_t& bytes) {
          flags->max_bytes = bytes;
          flags->has_max_bytes = true;
        },
        "Size that all packs together may have, such as 10GB (default: the cache's cap)")
      ->transform(CLI::AsSizeValue(false));
  CLI::App* rm = add(*cache, "rm", "Remove packs", remove, flags, action);
  rm->add_option("target", flags->targets, "Packs, or models whose packs are to go");
  rm->add_flag("--all", flags->all, "Every pack");
}

}  // namespace tenon::tools
