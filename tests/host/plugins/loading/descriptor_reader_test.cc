// The descriptor reader on damaged files: always an answer, never a crash.
#include "host/plugins/loading/descriptor_reader.h"

#include <tenon/kernel_api/descriptor.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include "tests/host/plugins/plugin_files.h"

using namespace tenon::host;
using Catch::Matchers::Contains;

TEST_CASE("the descriptor of a library is read without loading it", "[plugins]") {
  const auto descriptor = read_descriptor(plugin_path("hostile_cpu"));
  REQUIRE(descriptor.is_ok());
  CHECK(descriptor.value().name == "hostile_cpu");
  CHECK(descriptor.value().version == "1.0");
  CHECK(descriptor.value().min_abi == 1);
  CHECK(descriptor.value().cpu_features == 1u << 31);
}

TEST_CASE("a library cut short anywhere is refused or still whole for the loader", "[plugins]") {
  const std::string bytes = read_bytes(plugin_path("hostile_good"));
  const ScratchFile file("cut.so");
  for (size_t length = 0; length < bytes.size(); length += length < 4096 ? 61 : 997) {
    file.write(bytes.substr(0, length));
    const auto descriptor = read_descriptor(file.path());
    INFO(length);
    if (length < 4096) CHECK(!descriptor.is_ok());
    if (!descriptor.is_ok()) CHECK(!descriptor.status().message().empty());
  }
}

TEST_CASE("a library with damaged headers gives an answer", "[plugins]") {
  const std::string sound = read_bytes(plugin_path("hostile_good"));
  const ScratchFile file("damaged.so");
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = sound;
    for (int i = 0; i < 4; ++i) bytes[random() % 1024] = static_cast<char>(random());
    file.write(bytes);
    const auto descriptor = read_descriptor(file.path());
    CHECK((descriptor.is_ok() || !descriptor.status().message().empty()));
  }
}

TEST_CASE("a library with damaged section headers or symbols gives an answer", "[plugins]") {
  const std::string sound = read_bytes(plugin_path("hostile_unique"));
  uint64_t headers = 0;
  std::memcpy(&headers, sound.data() + kElfSectionHeadersOffset, sizeof headers);
  REQUIRE(headers < sound.size());
  const ScratchFile file("damaged_sections.so");
  std::mt19937 random(2);
  for (int round = 0; round < 600; ++round) {
    std::string bytes = sound;
    const size_t from = round % 2 == 0 ? headers : 0x200, length = round % 2 == 0 ? sound.size() - headers : 0x1000;
    for (int i = 0; i < 8; ++i) bytes[from + random() % length] = static_cast<char>(random());
    file.write(bytes);
    const auto descriptor = read_descriptor(file.path());
    CHECK((descriptor.is_ok() || !descriptor.status().message().empty()));
  }
}

TEST_CASE("the first unique symbol of the namespace tenon is found, and no other", "[plugins]") {
  CHECK(read_descriptor(plugin_path("hostile_unique"))->unique_symbol == "_ZN5tenon3sdk6SharedIiE5countE");
  for (const char* name : {"hostile_own_unique", "hostile_good", "scale_cpp", "bare_first"}) {
    INFO(name);
    CHECK(read_descriptor(plugin_path(name))->unique_symbol.empty());
  }
}

TEST_CASE("a descriptor is judged by what the host offers", "[plugins]") {
  const HostTraits host{2, 3, TN_SANITIZER_ADDRESS, TN_CPU_X86_64_V2};
  Descriptor d{3, 9, 0, 0, "p", "1"};
  CHECK(judge_descriptor(d, host).is_ok());
  d.min_abi = 4;
  CHECK_THAT(judge_descriptor(d, host).message(), Contains("versions 4 to 9") && Contains("update Tenon"));
  d.min_abi = d.max_abi = 1;
  CHECK_THAT(judge_descriptor(d, host).message(), Contains("version 1 of") && Contains("rebuild the provider"));
  d.max_abi = 2;
  d.sanitizers = TN_SANITIZER_ADDRESS;
  d.cpu_features = TN_CPU_X86_64_V2;
  CHECK(judge_descriptor(d, host).is_ok());
  d.cpu_features |= TN_CPU_X86_64_V3;
  CHECK_THAT(judge_descriptor(d, host).message(), Contains("lacks: x86-64-v3 (AVX2, FMA, BMI)"));
  d.cpu_features = 0;
  d.unique_symbol = "_ZN5tenon3sdk6SharedIiE5countE";
  CHECK_THAT(judge_descriptor(d, host).message(),
             Contains("unique symbol tenon::sdk::Shared<int>::count,") && Contains("-fno-gnu-unique"));
  d.sanitizers = TN_SANITIZER_THREAD;
  CHECK_THAT(judge_descriptor(d, host).message(), Contains("built with ThreadSanitizer"));
}
