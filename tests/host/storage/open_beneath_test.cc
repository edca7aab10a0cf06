// FileMapping::open_beneath, and the two ways to resolve that are behind it.
#include <fcntl.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "host/storage/file_descriptor.h"
#include "host/storage/file_mapping.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;
using namespace tenon::host;
using tenon::test::TempFolder;

namespace {

// A folder "model" beside a folder "outside", which holds "secret".
struct Layout {
  TempFolder folder;
  fs::path model = folder.path() / "model";
  fs::path outside = folder.path() / "outside";
  Layout() {
    folder.write("model/w.bin", "weights");
    folder.write("outside/secret", "secret");
  }
  void check_escapes(const std::string& location) const {
    const auto opened = FileMapping::open_beneath(model, location);
    CHECK(opened.status().code() == TN_INVALID_MODEL);
    CHECK_THAT(opened.status().message(), Catch::Contains("leads out of") && Catch::Contains("external_data_root"));
  }
};

int walk_error(const fs::path& root, const std::string& path) {
  const FileDescriptor fd(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return resolve_beneath_by_walk(fd, root.string(), path).error_number;
}

}  // namespace

TEST_CASE("a file beneath the folder opens, through subfolders and inner '..' too", "[storage]") {
  const Layout layout;
  layout.folder.write("model/data/deep/w.bin", "deep");
  CHECK(FileMapping::open_beneath(layout.model, "w.bin").is_ok());
  CHECK(FileMapping::open_beneath(layout.model, "./data//deep/w.bin").is_ok());
  CHECK(FileMapping::open_beneath(layout.model, "data/../w.bin").is_ok());
}

TEST_CASE("'..' does not lead out of the folder", "[storage]") {
  const Layout layout;
  layout.check_escapes("../outside/secret");
  layout.check_escapes("./../outside/secret");
  layout.check_escapes("../model/w.bin");
}

TEST_CASE("an absolute, an empty and a broken location are refused", "[storage]") {
  const Layout layout;
  const auto absolute = FileMapping::open_beneath(layout.model, (layout.model / "w.bin").string());
  CHECK(absolute.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(absolute.status().message(), Catch::Contains("is absolute"));
  CHECK_THAT(FileMapping::open_beneath(layout.model, "").status().message(), Catch::Contains("is empty"));
  const auto zero = FileMapping::open_beneath(layout.model, std::string("w.bin\0x", 7));
  CHECK(zero.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(zero.status().message(), Catch::Contains("zero byte"));
}

TEST_CASE("a link that stays inside opens, relative or absolute", "[storage]") {
  const Layout layout;
  fs::create_symlink("w.bin", layout.model / "relative");
  fs::create_symlink(layout.model / "w.bin", layout.model / "absolute");
  CHECK(FileMapping::open_beneath(layout.model, "relative").is_ok());
  CHECK(FileMapping::open_beneath(layout.model, "absolute").is_ok());
}

TEST_CASE("a link that leads out is refused, relative or absolute", "[storage]") {
  const Layout layout;
  fs::create_symlink("../outside/secret", layout.model / "relative");
  fs::create_symlink(layout.outside / "secret", layout.model / "absolute");
  layout.check_escapes("relative");
  layout.check_escapes("absolute");
}

TEST_CASE("a parent folder swapped for a link is refused", "[storage]") {
  const Layout layout;
  layout.folder.write("model/data/secret", "harmless");
  CHECK(FileMapping::open_beneath(layout.model, "data/secret").is_ok());
  fs::rename(layout.model / "data", layout.model / "data.old");
  fs::create_directory_symlink("../outside", layout.model / "data");
  layout.check_escapes("data/secret");
  fs::remove(layout.model / "data");
  fs::create_directory_symlink(layout.outside, layout.model / "data");
  layout.check_escapes("data/secret");
}

TEST_CASE("a link farm opens when the root that holds it is named", "[storage]") {
  const TempFolder folder;
  folder.write("hub/blobs/1234", "weights");
  folder.write("hub/snapshots/main/config", "");
  const auto snapshot = folder.path() / "hub/snapshots/main";
  fs::create_symlink("../../blobs/1234", snapshot / "w.bin");
  CHECK(FileMapping::open_beneath(snapshot, "w.bin").status().code() == TN_INVALID_MODEL);
  CHECK(FileMapping::open_beneath(snapshot, "w.bin", folder.path() / "hub").is_ok());
  const auto too_deep = FileMapping::open_beneath(snapshot, "w.bin", folder.path() / "hub/blobs");
  CHECK(too_deep.status().code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(too_deep.status().message(), Catch::Contains("does not lie beneath external_data_root"));
}

TEST_CASE("a named root is not left either", "[storage]") {
  const Layout layout;
  fs::create_directories(layout.model / "sub");
  fs::create_symlink("../../outside/secret", layout.model / "sub/link");
  const auto opened = FileMapping::open_beneath(layout.model / "sub", "link", layout.model);
  CHECK(opened.status().code() == TN_INVALID_MODEL);
  CHECK(FileMapping::open_beneath(layout.model / "sub", "../w.bin", layout.model).is_ok());
}

TEST_CASE("a hard link is refused unless a root is named", "[storage]") {
  const Layout layout;
  fs::create_hard_link(layout.outside / "secret", layout.model / "hard");
  const auto opened = FileMapping::open_beneath(layout.model, "hard");
  CHECK(opened.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(opened.status().message(), Catch::Contains("2 hard links") && Catch::Contains("external_data_root"));
  CHECK(FileMapping::open_beneath(layout.model, "hard", layout.model).is_ok());
}

TEST_CASE("missing external data is not found, and the message says where it should be", "[storage]") {
  const Layout layout;
  const auto opened = FileMapping::open_beneath(layout.model, "none.bin");
  CHECK(opened.status().code() == TN_NOT_FOUND);
  CHECK_THAT(opened.status().message(), Catch::Contains("none.bin") && Catch::Contains(layout.model.string()));
  CHECK(FileMapping::open_beneath(layout.model, "w.bin/x").status().code() == TN_NOT_FOUND);
}

TEST_CASE("links in a circle end in an error", "[storage]") {
  const Layout layout;
  fs::create_symlink("b", layout.model / "a");
  fs::create_symlink("a", layout.model / "b");
  const auto opened = FileMapping::open_beneath(layout.model, "a");
  CHECK(opened.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(opened.status().message(), Catch::Contains("too many symbolic links"));
  CHECK(walk_error(layout.model, "a") == ELOOP);
}

TEST_CASE("the walk on descriptors decides as the kernel does", "[storage]") {
  const Layout layout;
  fs::create_symlink("../outside/secret", layout.model / "out");
  fs::create_symlink("w.bin", layout.model / "in");
  fs::create_directory_symlink(layout.outside, layout.model / "folder");
  CHECK(walk_error(layout.model, "w.bin") == 0);
  CHECK(walk_error(layout.model, "in") == 0);
  CHECK(walk_error(layout.model, "out") == EXDEV);
  CHECK(walk_error(layout.model, "folder/secret") == EXDEV);
  CHECK(walk_error(layout.model, "../outside/secret") == EXDEV);
  CHECK(walk_error(layout.model, "none") == ENOENT);
  CHECK(walk_error(layout.model, "w.bin/x") == ENOTDIR);
}
