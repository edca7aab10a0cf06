// Where the element types of outputs come from that no input binds: the rules that facts.inc binds to operators. Each
// gives the type, or nothing while it is unknown; TN_INVALID_MODEL when an attribute names no type. Nodes have a
// schema. Stateless.
#pragma once

#include <optional>

#include "host/graph/graph.h"

namespace tenon::host::type_rules {

/// By the attribute of that name, which holds a TensorProto.DataType, or its default.
Result<std::optional<ElementType>> by_to(const Node& node);
Result<std::optional<ElementType>> by_output_datatype(const Node& node);
Result<std::optional<ElementType>> by_output_dtype(const Node& node);
Result<std::optional<ElementType>> by_stash_type(const Node& node);
/// By 'dtype', or of the first input's type where nothing is said.
Result<std::optional<ElementType>> by_dtype(const Node& node);
/// What QuantizeLinear makes without a zero point, and DequantizeLinear.
Result<std::optional<ElementType>> quantized(const Node& node);
Result<std::optional<ElementType>> dequantized(const Node& node);
/// The first input's, where the outputs may have it; int32.
Result<std::optional<ElementType>> like_first(const Node& node);
Result<std::optional<ElementType>> whole_number(const Node& node);
/// What QGemm makes: of the type of y_zero_point where there is one, else float.
Result<std::optional<ElementType>> qgemm(const Node& node);
/// MurmurHash3: unsigned unless `positive` is another number than 1.
Result<std::optional<ElementType>> hash(const Node& node);
/// Of the value that a Constant or a ConstantOfShape has.
Result<std::optional<ElementType>> constant(const Node& node);
Result<std::optional<ElementType>> constant_of_shape(const Node& node);
/// Of ai.onnx.ml: strings where the labels are, else int64; and what LabelEncoder maps to.
Result<std::optional<ElementType>> class_label(const Node& node);
Result<std::optional<ElementType>> encoded_label(const Node& node);
/// Of int64 for strings, and the other way round.
Result<std::optional<ElementType>> category(const Node& node);
/// A sequence of maps from labels to floats; the values of a map, cast or as they are.
Result<std::optional<ElementType>> zipped_map(const Node& node);
Result<std::optional<ElementType>> cast_map(const Node& node);
Result<std::optional<ElementType>> map_values(const Node& node);
/// Sequences of tensors and optionals, and what is taken out of them.
Result<std::optional<ElementType>> empty_sequence(const Node& node);
Result<std::optional<ElementType>> sequence_of_first(const Node& node);
Result<std::optional<ElementType>> element_of_first(const Node& node);
Result<std::optional<ElementType>> tensor_of_first(const Node& node);
Result<std::optional<ElementType>> optional_of_first(const Node& node);
/// Of what an optional holds; of another value itself.
Result<std::optional<ElementType>> held_by_first(const Node& node);
/// What an optimizer's output is a new value of: behind two scalars come n tensors, n gradients and n times the states,
/// and out of it all but the gradients.
std::optional<size_t> optimized_with_one_state(const Node& node, size_t output);
std::optional<size_t> optimized_with_two_states(const Node& node, size_t output);

}  // namespace tenon::host::type_rules
