// The node tests of the onnx package that the kit carries in itself. Immutable; thread-safe.
#pragma once

#include <string>
#include <vector>

namespace tenon::conform {

struct NodeTest {
  struct File {
    std::string path;  // relative: "model.onnx", "test_data_set_0/input_0.pb"
    std::string bytes;
  };
  std::string name;                    // "test_relu"
  std::vector<std::string> operators;  // "domain:op_type", subgraphs included
  double relative_tolerance = 0, absolute_tolerance = 0;
  std::vector<File> files;
};

/// All of them. Throws std::runtime_error where the program is damaged.
const std::vector<NodeTest>& node_tests();

}  // namespace tenon::conform
