#include "tools/support/session_flags.h"

#include <charconv>

#include "tools/support/terminal.h"

namespace tenon::tools {

CLI::Validator whole_number(int64_t least, int64_t most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, value);
    if (failure == std::errc() && stopped == end && value >= least && value <= most) return {};
    return host::concat("'", text, "' is no whole number from ", least, " to ", most);
  };
  return CLI::Validator(check, "");
}

void SessionFlags::add_to(CLI::App& command) {
  command.add_option("MODEL", model, "The model: .onnx or .ort, a self-contained .tpack, or shm:NAME")->required();
  add_provider_options(command);
  command
      .add_option("--pack", pack_mode, "auto: use packs and make them; readonly; off (default: TENON_PACK, or auto)")
      ->check(CLI::IsMember({"auto", "readonly", "off"}));
  command.add_option("--cache-dir", cache_folder, "Folder of packs (default: TENON_CACHE_DIR, or ~/.cache/tenon)");
  command.add_flag("--prefetch", memory.prefetch, "Read the files of the model in while opening it");
  command.add_flag("--lock-memory", memory.lock_memory, "Keep the weights in memory, within RLIMIT_MEMLOCK");
  command.add_flag("--huge-pages", memory.huge_pages, "Ask for huge pages under the weights");
  command.add_option("--external-data-root", external_data_root,
                     "Folder that external data may lie beneath, when it is not the model's own");
  command
      .add_option("--timeout-ms", timeout_ms,
                  "Give up a run after this many milliseconds; the command ends, and names the call, when a provider "
                  "keeps one for longer, while opening too")
      ->check(whole_number(0, 1000000000));
}

void SessionFlags::add_provider_options(CLI::App& command) {
  command.add_option("--providers", providers,
                     "Providers in order of preference, for example cpu_blas,cpu_ref; a name with a '/' is the path of "
                     "a library; name:key=value;key=value gives options");
  command.add_option("--threads", threads, "Threads of a run; 0: all that this process may use")
      ->check(whole_number(0, 65'535));
}

host::Result<host::SessionOptions> SessionFlags::options() const {
  host::SessionOptions options;
  options.threads = threads;
  options.external_data_root = external_data_root;
  options.memory = memory;
  options.pack.folder = cache_folder;
  if (!pack_mode.empty())
    options.pack.mode = pack_mode == "off"        ? host::PackMode::kOff
                        : pack_mode == "readonly" ? host::PackMode::kReadOnly
                                                  : host::PackMode::kAuto;
  if (!providers.empty()) {
    TENON_ASSIGN_OR_RETURN(options.providers, host::parse_provider_list(providers));
  }
  return options;
}

host::Result<std::unique_ptr<host::Session>> SessionFlags::open(host::SessionOptions options) const {
  const Progress progress("opening " + model.filename().string());
  return host::Session::open(model, options);
}

}  // namespace tenon::tools
