// A file for each library in the folder `quarantine` of the cache folder: a line for each crash, its fields separated
// by tabs: provider, path, what happened.
#include "host/plugins/loading/quarantine.h"

#include <algorithm>
#include <fstream>

#include "host/storage/digest.h"
#include "host/storage/file_mapping.h"
#include "host/storage/pack/cache_folder.h"

namespace tenon::host {
namespace {

namespace fs = std::filesystem;

constexpr char kFolder[] = "quarantine", kSuffix[] = ".crashes";
constexpr size_t kMostLineBytes = 4096;

Result<fs::path> quarantine_folder() {
  TENON_ASSIGN_OR_RETURN(const fs::path cache, settled_cache_folder({}));
  return cache / kFolder;
}

Result<std::string> digest_of_file(const fs::path& library) {
  TENON_ASSIGN_OR_RETURN(const auto mapping, FileMapping::open(library));
  return to_hex(digest_of(mapping->bytes()));
}

// Fields are told apart by tabs, entries by line ends.
std::string field(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, ' ');
  if (text.size() > kMostLineBytes) text.resize(kMostLineBytes);
  return text;
}

QuarantinedLibrary read_crashes(const fs::path& file) {
  QuarantinedLibrary library;
  library.digest = file.stem().string();
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find('\t');
    const size_t second = first == std::string::npos ? first : line.find('\t', first + 1);
    if (second == std::string::npos) continue;
    library.provider = line.substr(0, first);
    library.path = line.substr(first + 1, second - first - 1);
    library.crashes.push_back(line.substr(second + 1));
  }
  return library;
}

}  // namespace

Status check_quarantine(const fs::path& library) {
  const auto folder = quarantine_folder();
  std::error_code failed;
  if (!folder.is_ok() || !fs::is_directory(*folder, failed) || !check_private_folder(*folder).is_ok()) return {};
  const auto digest = digest_of_file(library);
  if (!digest.is_ok()) return {};  // loading it will say why
  const QuarantinedLibrary known = read_crashes(*folder / (*digest + kSuffix));
  if (!known.is_barred()) return {};
  return error(TN_UNSUPPORTED, "provider '", known.provider, "' (", library.string(),
               ") is in quarantine: ", known.crashes.size(),
               " worker processes ended by it, the last time: ", known.crashes.back(),
               ": take another build of it, or lift the quarantine by `tenon providers --lift ", known.provider, "`");
}

std::string note_crash(const fs::path& library, const std::string& provider, const std::string& what) {
  const auto cannot = [](const Status& why) { return concat("; the crash cannot be remembered: ", why.message()); };
  const auto folder = quarantine_folder();
  if (!folder.is_ok()) return cannot(folder.status());
  if (const Status made = make_private_folder(*folder, FileOps::posix()); !made.is_ok()) return cannot(made);
  const auto digest = digest_of_file(library);
  if (!digest.is_ok()) return cannot(digest.status());
  const fs::path file = *folder / (*digest + kSuffix);
  {
    std::ofstream out(file, std::ios::app);
    out << field(provider) + '\t' + field(library.string()) + '\t' + field(what) + '\n' << std::flush;
    if (!out) return cannot(error(TN_UNSUPPORTED, file.string(), " cannot be written"));
  }
  const size_t crashes = read_crashes(file).crashes.size();
  if (crashes < kCrashesToQuarantine)
    return concat("; it is started again when it is needed, crash ", crashes, " of ", kCrashesToQuarantine,
                  " until quarantine");
  return concat("; the library is in quarantine from now on (`tenon providers --lift ", provider, "` ends that)");
}

std::vector<QuarantinedLibrary> list_quarantine() {
  std::vector<QuarantinedLibrary> found;
  const auto folder = quarantine_folder();
  if (!folder.is_ok()) return found;
  for (const fs::path& file : files_with_suffix(*folder, kSuffix)) {
    QuarantinedLibrary library = read_crashes(file);
    if (!library.crashes.empty()) found.push_back(std::move(library));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.digest < b.digest; });
  return found;
}

Status lift_quarantine(const std::string& library) {
  bool is_known = false;
  for (const QuarantinedLibrary& known : list_quarantine()) {
    if (library != known.provider && library != known.path && library != known.digest) continue;
    is_known = true;
    TENON_ASSIGN_OR_RETURN(const fs::path folder, quarantine_folder());
    std::error_code failed;
    if (!fs::remove(folder / (known.digest + kSuffix), failed) && failed)
      return error(TN_UNSUPPORTED, "the record of provider '", known.provider,
                   "' cannot be removed: ", failed.message());
  }
  if (is_known) return {};
  return error(TN_NOT_FOUND, "no crash of '", library, "' is known: `tenon providers` lists those that are");
}

}  // namespace tenon::host
