// The models that mutants are made of: exported node tests, each with the inputs of its first data set, and the parts
// that mutations borrow from other models. Read-only once loaded.
#pragma once

#ifndef ONNX_ML
#define ONNX_ML 1
#endif
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tenon::mutants {

struct Seed {
  std::string name;
  onnx::ModelProto model;
  std::string bytes;  // of the file
  std::vector<onnx::TensorProto> inputs;
};

struct Corpus {
  std::vector<Seed> seeds;
  std::vector<onnx::NodeProto> nodes;  // of all models
  std::vector<std::string> operators;
  std::map<std::string, std::vector<onnx::AttributeProto>> attributes;  // by operator, as some model gives them
  std::vector<std::string> texts;                                       // string attributes
};

/// Reads each folder of `folder` that holds a model.onnx of at most 64 KiB; `only`: the names to take, all when empty.
/// Throws std::runtime_error when there is none.
Corpus load_corpus(const std::filesystem::path& folder, const std::vector<std::string>& only = {});

/// Adds a model of any size, without inputs: they are made up. Throws std::runtime_error when it is none.
void add_model(Corpus& corpus, const std::filesystem::path& file);

}  // namespace tenon::mutants
