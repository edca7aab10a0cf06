#include "tests/providers/walk/whole_cases.h"

#include <algorithm>

#include "tests/support/graph_builder.h"

namespace tenon::walk {
namespace {

using Reals = WholeCase::Reals;
using Texts = WholeCase::Texts;

/// A tree of one test, with the weights of its two leaves under the names of classes or of targets.
WholeCase one_tree(std::string_view op_type, const char* ids, const char* trees, const char* nodes, const char* weights,
                   WholeCase::Given outputs) {
  return {op_type,
          {{4, 2}},
          {{"nodes_treeids", Shape{0, 0, 0}},
           {"nodes_nodeids", Shape{0, 1, 2}},
           {"nodes_featureids", Shape{1, 0, 0}},
           {"nodes_modes", Texts{"BRANCH_LEQ", "LEAF", "LEAF"}},
           {"nodes_values", Reals{0.5, 0, 0}},
           {"nodes_truenodeids", Shape{1, 0, 0}},
           {"nodes_falsenodeids", Shape{2, 0, 0}},
           {ids, Shape{0, 1}},
           {trees, Shape{0, 0}},
           {nodes, Shape{1, 2}},
           {weights, Reals{1, 2}},
           {"post_transform", "NONE"},
           {"aggregate_function", "SUM"},
           std::move(outputs)},
          {},
          true};
}

const Texts kTwoWords = {"1", "2"};

const std::vector<WholeCase>& all() {
  static const std::vector<WholeCase> cases = {
      {"Adagrad", {{}, {}, {2, 3}, {2, 3}, {2, 3}}},
      {"Adam", {{}, {}, {2, 3}, {2, 3}, {2, 3}, {2, 3}}},
      {"AffineGrid", {{2, 2, 3}, {4}}, {}, {{"size", Shape{2, 1, 3, 2}}}},
      {"ArrayFeatureExtractor", {{3, 4}, {2}}, {}, {{"Y", Shape{3, 0}}}},
      {"Attention",
       {{2, 3, 5}, {5, 12}, {12}, {2, 3}, {2, 2, 2, 0, 2}, {1, 2, 3, 3}},
       {{"num_heads", int64_t{2}},
        {"qkv_hidden_sizes", Shape{4, 4, 4}}},
       {},
       true,
       "com.microsoft"},
      {"Bernoulli", {{2, 3}}, {}, {{"input", Shape{0, 1}}}},
      {"CategoryMapper", {{3, 2}}, {{"cats_strings", kTwoWords}, {"cats_int64s", Shape{1, 2}}}, {}, true},
      {"CausalConvWithState", {{1, 2, 4}, {2, 1, 3}, {2}, {1, 2, 2}}, {{"activation", "silu"}}},
      {"Col2Im",
       {{1, 4, 4}, {2}, {2}},
       {{"strides", Shape{1, 1}}, {"dilations", Shape{1, 1}}, {"pads", Shape{0, 0, 0, 0}}},
       {{"image_shape", Shape{3, 3}}, {"block_shape", Shape{2, 2}}}},
      {"ConvTransposeWithDynamicPads",
       {{1, 2, 3, 4}, {2, 3, 2, 2}, {4}, {3}},
       {{"group", int64_t{1}},
        {"kernel_shape", Shape{2, 2}},
        {"strides", Shape{1, 2}},
        {"dilations", Shape{1, 1}},
        {"output_padding", Shape{0, 0}},
        {"auto_pad", "NOTSET"}},
       {{"Pads", Shape{0, 1, 0, 0}}}},
      {"CropAndResize",
       {{2, 3, 4, 5}, {3, 4}, {3}, {2}},
       {{"mode", "bilinear"}},
       {{"batch_indices", Shape{0, 1}}, {"crop_size", Shape{2, 3}}}},
      {"DFT",
       {{1, 6, 1}, {}, {}},
       {{"axis", int64_t{1}}, {"inverse", int64_t{0}}},
       {{"dft_length", Shape{6}}, {"axis", Shape{1}}}},
      {"DeformConv",
       {{1, 2, 4, 4}, {2, 1, 2, 2}, {1, 8, 3, 3}, {2}, {1, 4, 3, 3}},
       {{"group", int64_t{2}},
        {"offset_group", int64_t{1}},
        {"kernel_shape", Shape{2, 2}},
        {"strides", Shape{1, 1}},
        {"dilations", Shape{1, 1}},
        {"pads", Shape{0, 0, 0, 0}}}},
      {"Det", {{2, 3, 3}}},
      {"EmbedLayerNormalization", {{2, 3}, {2, 3}, {4, 5}, {4, 5}, {4, 5}, {5}, {5}, {2, 3}, {2, 3}}},
      {"DecoderMaskedMultiHeadAttention",
       {{2, 1, 4}, {2, 1, 4}, {2, 1, 4}, {2, 1}, {1, 2, 1, 1}},
       {{"num_heads", int64_t{2}}},
       {},
       true},
      {"FeatureVectorizer", {{2, 3}, {2, 1}}, {{"inputdimensions", Shape{3, 1}}}, {}, true},
      {"GRU",
       {{2, 1, 3}, {1, 12, 3}, {1, 12, 4}, {1, 24}, {1}, {1, 1, 4}},
       {{"hidden_size", int64_t{4}}, {"direction", "forward"}, {"layout", int64_t{0}}},
       {{"sequence_lens", Shape{2}}}},
      {"GatedAdd", {{2, 3}, {2, 3}, {2, 1}}},
      {"GroupQueryAttention",
       {{1, 1, 16}, {1, 1, 8}, {1, 1, 8}, {1, 1, 2, 8}, {1, 1, 2, 8}, {1}, {}},
       {{"num_heads", int64_t{2}}, {"kv_num_heads", int64_t{1}}}},
      {"ImageDecoder",
       {{13}},
       {{"pixel_format", "BGR"}},
       {{"encoded_stream", Shape{'P', '2', ' ', '1', ' ', '1', ' ', '9', '9', ' ', '5', '0', '\n'}}}},
      {"Imputer", {{3, 2}}, {{"imputed_value_floats", Reals{1, 2}}, {"imputed_value_int64s", Shape{3, 4}}}, {}, true},
      {"LSTM",
       {{2, 1, 3}, {1, 16, 3}, {1, 16, 4}, {1, 32}, {1}, {1, 1, 4}, {1, 1, 4}, {1, 12}},
       {{"hidden_size", int64_t{4}}, {"direction", "forward"}, {"layout", int64_t{0}}},
       {{"sequence_lens", Shape{2}}}},
      {"LinearAttention",
       {{1, 2, 8}, {1, 2, 4}, {1, 2, 6}, {1, 2, 2, 3}, {1, 2, 2}, {1, 2, 2}},
       {{"q_num_heads", int64_t{4}}, {"kv_num_heads", int64_t{2}}, {"update_rule", "gated_delta"}}},
      {"LabelEncoder",
       {{3, 2}},
       {{"classes_strings", kTwoWords},
        {"keys_strings", kTwoWords},
        {"keys_int64s", Shape{1, 2}},
        {"keys_floats", Reals{1, 2}},
        {"values_floats", Reals{3, 4}}},
       {},
       true},
      {"LinearClassifier",
       {{3, 2}},
       {{"coefficients", Reals{1, -1, 2, 0}},
        {"intercepts", Reals{0, 1}},
        {"classlabels_ints", Shape{7, 8}},
        {"post_transform", "SOFTMAX"}},
       {},
       true},
      {"LinearRegressor",
       {{3, 2}},
       {{"coefficients", Reals{1, -1}}, {"targets", int64_t{1}}, {"post_transform", "NONE"}},
       {},
       true},
      {"MatMulNBits",
       {{2, 16}, {2, 1, 8}, {2}, {2, 1}, {16}, {2}},
       {{"K", int64_t{16}},
        {"N", int64_t{2}},
        {"block_size", int64_t{16}},
        {"bits", int64_t{4}},
        {"accuracy_level", int64_t{0}},
        {"weight_prepacked", int64_t{0}}}},
      {"MelWeightMatrix",
       {{}, {}, {}, {}, {}},
       {{"output_datatype", int64_t{1}}},
       {{"num_mel_bins", Shape{3}},
        {"dft_length", Shape{16}},
        {"sample_rate", Shape{100}},
        {"lower_edge_hertz", Shape{0}},
        {"upper_edge_hertz", Shape{50}}}},
      {"Momentum", {{}, {}, {2, 3}, {2, 3}, {2, 3}}, {{"mode", "nesterov"}}},
      {"MultiHeadAttention",
       {{2, 3, 4}, {2, 3, 4}, {2, 3, 4}, {12}, {2, 3}, {1, 2, 3, 3}},
       {{"num_heads", int64_t{2}}},
       {},
       true},
      {"NegativeLogLikelihoodLoss", {{2, 3, 2}, {2, 2}, {3}}, {{"reduction", "mean"}}, {{"target", Shape{0, 2, 1}}}},
      {"NonMaxSuppression",
       {{1, 3, 4}, {1, 2, 3}, {1}, {1}, {1}},
       {{"center_point_box", int64_t{0}}},
       {{"max_output_boxes_per_class", Shape{2}}, {"iou_threshold", Shape{0}}}},
      {"MatMulIntegerToFloat", {{2, 3}, {3, 4}, {}, {4}, {}, {4}, {4}}},
      {"Normalizer", {{3, 2}}, {{"norm", "L2"}}},
      {"OneHotEncoder", {{3, 2}}, {{"cats_int64s", Shape{1, 2}}, {"zeros", int64_t{1}}}, {}, true},
      {"QGemm", {{2, 3}, {}, {}, {3, 4}, {4}, {4}, {4}, {}, {}}, {{"transA", int64_t{0}}, {"transB", int64_t{0}}}},
      {"QAttention",
       {{2, 3, 5}, {5, 12}, {12}, {}, {}, {2, 3}, {}, {}, {2, 2, 2, 0, 2}},
       {{"num_heads", int64_t{2}}},
       {},
       true},
      {"QLinearAveragePool",
       {{1, 2, 4, 4}, {}, {}, {}, {}},
       {{"kernel_shape", Shape{2, 2}},
        {"auto_pad", "NOTSET"},
        {"ceil_mode", int64_t{0}},
        {"channels_last", int64_t{0}},
        {"count_include_pad", int64_t{0}},
        {"pads", Shape{0, 0, 0, 0}},
        {"strides", Shape{1, 1}}}},
      {"QLinearConcat", {{}, {}, {2, 3}, {}, {}}, {{"axis", int64_t{1}}}},
      {"QLinearConv",
       {{1, 2, 4, 4}, {}, {}, {3, 2, 2, 2}, {3}, {3}, {}, {}, {3}},
       {{"channels_last", int64_t{0}},
        {"group", int64_t{1}},
        {"auto_pad", "NOTSET"},
        {"kernel_shape", Shape{2, 2}},
        {"strides", Shape{1, 1}},
        {"dilations", Shape{1, 1}},
        {"pads", Shape{0, 0, 0, 0}}}},
      {"QLinearMatMul", {{2, 3}, {}, {}, {3, 2}, {2}, {2}, {}, {}}},
      {"RNN",
       {{2, 1, 3}, {1, 4, 3}, {1, 4, 4}, {1, 8}, {1}, {1, 1, 4}},
       {{"hidden_size", int64_t{4}}, {"direction", "forward"}, {"layout", int64_t{0}}},
       {{"sequence_lens", Shape{2}}}},
      {"QLinearGlobalAveragePool", {{1, 2, 4, 4}, {}, {}, {}, {}}, {{"channels_last", int64_t{0}}}},
      {"RegexFullMatch", {{2, 3}}, {{"pattern", "[0-9]+"}}},
      {"RoiAlign",
       {{1, 2, 4, 4}, {2, 4}, {2}},
       {{"mode", "avg"},
        {"coordinate_transformation_mode", "half_pixel"},
        {"output_height", int64_t{2}},
        {"output_width", int64_t{1}},
        {"sampling_ratio", int64_t{0}}},
       {{"batch_indices", Shape{0}}}},
      {"RotaryEmbedding",
       {{1, 1, 2, 4}, {4, 2}, {4, 2}, {1, 2}},
       {{"num_heads", int64_t{1}}, {"rotary_embedding_dim", int64_t{0}}},
       {{"position_ids", Shape{0, 2, 1}}},
       false,
       ""},
      {"RotaryEmbedding",
       {{1, 2, 4}, {1}, {4, 2}, {4, 2}},
       {{"num_heads", int64_t{1}}, {"rotary_embedding_dim", int64_t{0}}},
       {{"position_ids", Shape{0, 2, 1}}},
       false,
       "com.microsoft"},
      {"STFT", {{1, 8, 1}, {}, {4}, {}}, {}, {{"frame_step", Shape{2}}, {"frame_length", Shape{4}}}},
      {"SVMClassifier",
       {{3, 2}},
       {{"kernel_type", "RBF"},
        {"kernel_params", Reals{0.5, 0, 3}},
        {"coefficients", Reals{1, -1}},
        {"rho", Reals{0}},
        {"support_vectors", Reals{0, 1, 1, 0}},
        {"vectors_per_class", Shape{1, 1}},
        {"classlabels_ints", Shape{7, 8}},
        {"post_transform", "NONE"}},
       {},
       true},
      {"SVMRegressor",
       {{3, 2}},
       {{"kernel_type", "RBF"},
        {"kernel_params", Reals{0.5, 0, 3}},
        {"coefficients", Reals{1, -1}},
        {"rho", Reals{0}},
        {"support_vectors", Reals{0, 1, 1, 0}},
        {"n_supports", int64_t{2}}},
       {},
       true},
      {"Scaler", {{3, 2}}, {{"offset", Reals{1, 2}}, {"scale", Reals{3}}}},
      {"SoftmaxCrossEntropyLoss", {{2, 3, 2}, {2, 2}, {3}}, {{"reduction", "mean"}}, {{"labels", Shape{0, 2, 1}}}},
      {"TfIdfVectorizer",
       {{4}},
       {{"mode", "TF"},
        {"min_gram_length", int64_t{1}},
        {"max_gram_length", int64_t{1}},
        {"max_skip_count", int64_t{0}},
        {"ngram_counts", Shape{0}},
        {"ngram_indexes", Shape{0, 1}},
        {"pool_int64s", Shape{1, 2}},
        {"pool_strings", kTwoWords}}},
      {"TreeEnsemble",
       {{4, 2}},
       {{"tree_roots", Shape{0}},
        {"n_targets", int64_t{2}},
        {"nodes_featureids", Shape{1}},
        {"nodes_modes", test::make_tensor<uint8_t>({1}, {0})},
        {"nodes_splits", test::make_tensor<float>({1}, {0.5f})},
        {"nodes_truenodeids", Shape{0}},
        {"nodes_trueleafs", Shape{1}},
        {"nodes_falsenodeids", Shape{1}},
        {"nodes_falseleafs", Shape{1}},
        {"leaf_targetids", Shape{0, 1}},
        {"leaf_weights", test::make_tensor<float>({2}, {1, 2})},
        {"aggregate_function", int64_t{1}},
        {"post_transform", int64_t{0}}},
       {},
       true},
      one_tree("TreeEnsembleClassifier", "class_ids", "class_treeids", "class_nodeids", "class_weights",
               {"classlabels_int64s", Shape{7, 8}}),
      one_tree("TreeEnsembleRegressor", "target_ids", "target_treeids", "target_nodeids", "target_weights",
               {"n_targets", int64_t{2}}),
  };
  return cases;
}

const WholeCase::Value* find(const std::vector<WholeCase::Given>& given, std::string_view name) {
  const auto found = std::find_if(given.begin(), given.end(), [&](const auto& one) { return one.name == name; });
  return found == given.end() ? nullptr : &found->value;
}

}  // namespace

const WholeCase* find_whole_case(const host::OpSchema& schema) {
  const auto found = std::find_if(all().begin(), all().end(), [&](const WholeCase& one) {
    return one.op_type == schema.op_type && (one.domain == nullptr || one.domain == schema.domain);
  });
  return found == all().end() ? nullptr : &*found;
}

std::optional<host::Attribute> whole_attribute(const host::OpSchema& schema, std::string_view name) {
  const WholeCase* known = find_whole_case(schema);
  const WholeCase::Value* value = known == nullptr ? nullptr : find(known->attributes, name);
  if (value == nullptr) return std::nullopt;
  host::Attribute made{std::string(name), int64_t{0}};
  if (const auto* text = std::get_if<const char*>(value)) made.payload = std::string(*text);
  if (const auto* number = std::get_if<int64_t>(value)) made.payload = *number;
  if (const auto* numbers = std::get_if<Shape>(value)) made.payload = *numbers;
  if (const auto* texts = std::get_if<WholeCase::Texts>(value)) made.payload = *texts;
  if (const auto* reals = std::get_if<WholeCase::Reals>(value)) made.payload = *reals;
  if (const auto* tensor = std::get_if<host::Tensor>(value)) made.payload = *tensor;
  return made;
}

std::optional<Shape> whole_elements(const host::OpSchema& schema, std::string_view name, int64_t count) {
  const WholeCase* known = find_whole_case(schema);
  const WholeCase::Value* value = known == nullptr ? nullptr : find(known->inputs, name);
  if (value == nullptr) return std::nullopt;
  const Shape& cycle = std::get<Shape>(*value);
  Shape elements(static_cast<size_t>(count));
  for (size_t i = 0; i < elements.size(); ++i) elements[i] = cycle[i % cycle.size()];
  return elements;
}

}  // namespace tenon::walk
