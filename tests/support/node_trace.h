// What a Chrome trace of a run says of a node.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace tenon::test {

/// The facts and counters of the node's only event.
inline nlohmann::json node_facts(const std::filesystem::path& trace, const std::string& node) {
  nlohmann::json facts;
  const auto all = nlohmann::json::parse(std::ifstream(trace));
  for (const auto& event : all.at("traceEvents")) {
    if (event.at("cat") != "node" || event.at("name") != node) continue;
    REQUIRE(facts.is_null());
    facts = event.at("args");
  }
  REQUIRE(facts.is_object());
  return facts;
}

}  // namespace tenon::test
