#include "tests/providers/walk/whole_cases.h"

#include <algorithm>

namespace tenon::walk {
namespace {

const std::vector<WholeCase>& all() {
  static const std::vector<WholeCase> cases = {
      {"CausalConvWithState", {{1, 2, 4}, {2, 1, 3}, {2}, {1, 2, 2}}, {{"activation", "silu"}}},
      {"Col2Im",
       {{1, 4, 4}, {2}, {2}},
       {{"strides", Shape{1, 1}}, {"dilations", Shape{1, 1}}, {"pads", Shape{0, 0, 0, 0}}},
       {{"image_shape", Shape{3, 3}}, {"block_shape", Shape{2, 2}}}},
      {"DFT",
       {{1, 6, 1}, {}, {}},
       {{"axis", int64_t{1}}, {"inverse", int64_t{0}}},
       {{"dft_length", Shape{6}}, {"axis", Shape{1}}}},
      {"Det", {{2, 3, 3}}},
      {"EmbedLayerNormalization", {{2, 3}, {2, 3}, {4, 5}, {4, 5}, {4, 5}, {5}, {5}, {2, 3}, {2, 3}}},
      {"GRU",
       {{2, 1, 3}, {1, 12, 3}, {1, 12, 4}, {1, 24}, {1}, {1, 1, 4}},
       {{"hidden_size", int64_t{4}}, {"direction", "forward"}, {"layout", int64_t{0}}},
       {{"sequence_lens", Shape{2}}}},
      {"GroupQueryAttention",
       {{1, 1, 16}, {1, 1, 8}, {1, 1, 8}, {1, 1, 2, 8}, {1, 1, 2, 8}, {1}, {}},
       {{"num_heads", int64_t{2}}, {"kv_num_heads", int64_t{1}}}},
      {"LSTM",
       {{2, 1, 3}, {1, 16, 3}, {1, 16, 4}, {1, 32}, {1}, {1, 1, 4}, {1, 1, 4}, {1, 12}},
       {{"hidden_size", int64_t{4}}, {"direction", "forward"}, {"layout", int64_t{0}}},
       {{"sequence_lens", Shape{2}}}},
      {"LinearAttention",
       {{1, 2, 8}, {1, 2, 4}, {1, 2, 6}, {1, 2, 2, 3}, {1, 2, 2}, {1, 2, 2}},
       {{"q_num_heads", int64_t{4}}, {"kv_num_heads", int64_t{2}}, {"update_rule", "gated_delta"}}},
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
      {"NegativeLogLikelihoodLoss", {{2, 3, 2}, {2, 2}, {3}}, {{"reduction", "mean"}}, {{"target", Shape{0, 2, 1}}}},
      {"NonMaxSuppression",
       {{1, 3, 4}, {1, 2, 3}, {1}, {1}, {1}},
       {{"center_point_box", int64_t{0}}},
       {{"max_output_boxes_per_class", Shape{2}}, {"iou_threshold", Shape{0}}}},
      {"MatMulIntegerToFloat", {{2, 3}, {3, 4}, {}, {4}, {}, {4}, {4}}},
      {"QGemm", {{2, 3}, {}, {}, {3, 4}, {4}, {4}, {4}, {}, {}}, {{"transA", int64_t{0}}, {"transB", int64_t{0}}}},
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
       ""},
      {"RotaryEmbedding",
       {{1, 2, 4}, {1}, {4, 2}, {4, 2}},
       {{"num_heads", int64_t{1}}, {"rotary_embedding_dim", int64_t{0}}},
       {{"position_ids", Shape{0, 2, 1}}},
       "com.microsoft"},
      {"STFT", {{1, 8, 1}, {}, {4}, {}}, {}, {{"frame_step", Shape{2}}, {"frame_length", Shape{4}}}},
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
        {"pool_strings", WholeCase::Texts{"1", "2"}}}},
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
