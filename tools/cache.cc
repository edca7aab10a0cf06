// `tenon cache`: what lies in the folder of packs, whether it is whole, and its removal.
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "host/packs/pack_places.h"
#include "host/packs/published_model.h"
#include "host/storage/pack/pack_store.h"
#include "host/storage/pack/shared_memory.h"
#include "tools/commands.h"
#include "tools/pack_verdict.h"
#include "tools/support/print.h"
#include "tools/support/terminal.h"

namespace tenon::tools {
namespace {

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
    "  tenon cache rm shm:classifier\n"
    "The places are the cache folder (TENON_CACHE_DIR, else $XDG_CACHE_HOME/tenon, else ~/.cache/tenon) and, where it "
    "is\n"
    "in use, shared memory (TENON_SHM_DIR, else /dev/shm/tenon-<uid>). Models that are open keep the packs that they "
    "use,\n"
    "removed or not.";

struct CacheFlags {
  std::filesystem::path folder;
  bool as_json = false, all = false;
  uint64_t max_bytes = 0;
  bool has_max_bytes = false;
  std::vector<std::string> targets;
};

using Stores = std::vector<std::unique_ptr<PackStore>>;

// The cache folder, and shared memory where that is in use; or the one folder that was named.
Result<Stores> open_stores(const CacheFlags& flags, bool read_only) {
  host::PackOptions packs;
  packs.folder = flags.folder;
  Stores stores;
  const auto shared = host::shared_memory_folder();
  std::error_code failed;
  if (flags.folder.empty() && shared.is_ok() && std::filesystem::exists(*shared, failed)) {
    TENON_ASSIGN_OR_RETURN(auto store, host::open_shared_store(packs, read_only));
    stores.push_back(std::move(store));
  }
  host::PackStoreOptions options;
  options.folder = flags.folder;
  auto store = PackStore::open(options, read_only);
  // Where there is no cache folder, packs are in shared memory only.
  if (!store.is_ok() && stores.empty()) return store.status();
  if (store.is_ok()) stores.insert(stores.begin(), std::move(*store));
  return stores;
}

// The value of a "name=value" line; empty without one.
std::string key_value(const std::string& key, const std::string& name) {
  const std::string lines = "\n" + key;
  const size_t begin = lines.find("\n" + name + "=");
  if (begin == std::string::npos) return "";
  const size_t value = begin + name.size() + 2;
  return lines.substr(value, lines.find('\n', value) - value);
}

std::string source_of(const host::StoredPack& entry) {
  if (!entry.published_name.empty()) return host::kPublishedPrefix + entry.published_name;
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

json to_json(const host::StoredPack& entry, const Status& state) {
  json line{{"path", entry.path.string()},
            {"bytes", entry.bytes},
            {"used_unix_s", std::chrono::system_clock::to_time_t(entry.used)},
            {"in_use", entry.in_use},
            {"source", key_value(entry.key, "source")},
            {"usable", state.is_ok()}};
  if (!entry.published_name.empty()) line["published"] = entry.published_name;
  if (!state.is_ok()) line["error"] = state.message();
  return line;
}

json place_of(const PackStore& store) {
  return {{"folder", store.folder().string()}, {"max_bytes", store.max_bytes()}, {"packs", json::array()}};
}

// The first place as the object itself, a second one within it.
void print_places(std::vector<json> places) {
  if (places.size() > 1) places[0]["shared_memory"] = places[1];
  print_json(places[0]);
}

void print_packs(PackStore& store) {
  const auto entries = store.list();
  uint64_t total = 0;
  for (const auto& entry : entries) {
    total += entry.bytes;
    std::printf("%s\n  %s, last used %s%s\n  %s\n", bold(source_of(entry)).c_str(), byte_text(entry.bytes).c_str(),
                time_text(entry.used).c_str(), entry.in_use ? ", in use" : "", entry.path.c_str());
    if (!entry.state.is_ok()) std::printf("  cannot be used: %s\n", entry.state.message().c_str());
  }
  std::printf("%zu packs, %s of at most %s, in %s\n", entries.size(), byte_text(total).c_str(),
              byte_text(store.max_bytes()).c_str(), store.folder().c_str());
}

Result<bool> list(const CacheFlags& flags) {
  TENON_ASSIGN_OR_RETURN(const auto stores, open_stores(flags, true));
  std::vector<json> places;
  for (const auto& store : stores) {
    if (!flags.as_json) {
      print_packs(*store);
      continue;
    }
    places.push_back(place_of(*store));
    for (const auto& entry : store->list()) places.back()["packs"].push_back(to_json(entry, entry.state));
  }
  if (flags.as_json) print_places(std::move(places));
  return true;
}

// One line of the answer; `as_json`: into `lines`, else printed.
bool verify_entry(const host::StoredPack& entry, bool as_json, json* lines) {
  Progress progress("reading " + entry.path.string());
  const auto [state, stale, unread] = verify_pack(entry, key_value(entry.key, "source"));
  if (as_json) {
    lines->push_back(to_json(entry, state));
    if (!stale.empty()) lines->back()["stale"] = stale;
    if (!unread.empty()) lines->back()["unread"] = unread;
  } else if (state.is_ok()) {
    std::printf("ok    %s  %s\n", entry.path.c_str(), source_of(entry).c_str());
    if (!stale.empty()) std::printf("      not used any more: %s\n", stale.c_str());
    if (!unread.empty()) std::printf("      not read: %s is told by its identity alone\n", unread.c_str());
  } else {
    std::printf("FAIL  %s\n      %s\n", entry.path.c_str(), state.message().c_str());
  }
  return state.is_ok();
}

Result<bool> verify(const CacheFlags& flags) {
  TENON_ASSIGN_OR_RETURN(const auto stores, open_stores(flags, true));
  bool all_whole = true;
  std::vector<json> places;
  for (const auto& store : stores) {
    places.push_back(place_of(*store));
    for (const auto& entry : store->list())
      all_whole = verify_entry(entry, flags.as_json, &places.back()["packs"]) && all_whole;
  }
  if (flags.as_json) print_places(std::move(places));
  return all_whole;
}

Result<bool> collect(const CacheFlags& flags) {
  TENON_ASSIGN_OR_RETURN(const auto stores, open_stores(flags, false));
  host::CollectedFiles all;
  for (const auto& store : stores) {
    TENON_ASSIGN_OR_RETURN(const auto collected,
                           store->collect(flags.has_max_bytes ? flags.max_bytes : store->max_bytes()));
    all.files += collected.files;
    all.bytes += collected.bytes;
  }
  std::printf("removed %llu files, %s\n", static_cast<unsigned long long>(all.files), byte_text(all.bytes).c_str());
  return true;
}

// Whether `target`, a pack or a model, names this entry.
bool is_meant(const host::StoredPack& entry, const std::string& target) {
  if (!entry.published_name.empty() && target == host::kPublishedPrefix + entry.published_name) return true;
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
  TENON_ASSIGN_OR_RETURN(const auto stores, open_stores(flags, false));
  std::vector<std::pair<PackStore*, host::StoredPack>> entries;
  for (const auto& store : stores)
    for (auto& entry : store->list()) entries.emplace_back(store.get(), std::move(entry));
  std::vector<bool> chosen(entries.size(), flags.all);
  for (const std::string& target : flags.targets) {
    bool is_found = false;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (!is_meant(entries[i].second, target)) continue;
      is_found = chosen[i] = true;
    }
    if (!is_found)
      return host::error(TN_NOT_FOUND, "'", target, "': no pack in '", stores[0]->folder().string(),
                         "' has that path or was made from that model: `tenon cache ls` lists them");
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!chosen[i]) continue;
    const auto& path = entries[i].second.path;
    // Taken away by another process meanwhile: it is gone.
    const Status removed = entries[i].first->remove(path);
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
  command->callback([flags, handler, &action] {
    action = [flags, handler] {
      const Result<bool> answer = handler(*flags);
      if (!answer.is_ok()) throw Error(static_cast<tenon_code>(answer.status().code()), answer.status().message());
      return *answer;
    };
  });
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
