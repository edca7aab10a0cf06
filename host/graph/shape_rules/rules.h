// The shape rules that operators/facts.inc binds to operators. Each reads the context's inputs, sets the shapes
// of the outputs that it can tell, and returns TN_INVALID_MODEL only for what the specification forbids. Stateless.
#pragma once

#include <utility>

#include "host/graph/shape_rules/shape_context.h"

namespace tenon::host {

/// The dimensions [first, second) that a Shape node lists of a tensor of that rank.
std::pair<size_t, size_t> shape_range(const Node& node, size_t rank);

}  // namespace tenon::host

namespace tenon::host::shape_rules {

// elementwise.cc
Status same_as_first(ShapeContext& c);
Status all_same_as_first(ShapeContext& c);
Status same_as_source(ShapeContext& c);
Status dropout(ShapeContext& c);
Status broadcast_inputs(ShapeContext& c);
Status variadic(ShapeContext& c);
Status binary(ShapeContext& c);
Status qlinear_binary(ShapeContext& c);
Status qlinear_where(ShapeContext& c);
Status softmax(ShapeContext& c);
// linear.cc
Status matmul(ShapeContext& c);
Status fused_matmul(ShapeContext& c);
Status gemm(ShapeContext& c);
Status qgemm(ShapeContext& c);
Status matmul_nbits(ShapeContext& c);
Status determinant(ShapeContext& c);
// spatial.cc
Status conv(ShapeContext& c);
Status conv_integer(ShapeContext& c);
Status deform_conv(ShapeContext& c);
Status conv_transpose(ShapeContext& c);
Status pool(ShapeContext& c);
Status global_pool(ShapeContext& c);
Status non_max_suppression(ShapeContext& c);
Status roi_align(ShapeContext& c);
Status max_roi_pool(ShapeContext& c);
Status causal_conv(ShapeContext& c);
// resample.cc
Status resample(ShapeContext& c);
// layout.cc
Status reshape(ShapeContext& c);
Status flatten(ShapeContext& c);
Status transpose(ShapeContext& c);
Status squeeze(ShapeContext& c);
Status unsqueeze(ShapeContext& c);
Status expand(ShapeContext& c);
Status depth_to_space(ShapeContext& c);
Status space_to_depth(ShapeContext& c);
// slicing.cc
Status concat_inputs(ShapeContext& c);
Status qlinear_concat(ShapeContext& c);
Status split(ShapeContext& c);
Status slice(ShapeContext& c);
Status gather(ShapeContext& c);
Status gather_elements(ShapeContext& c);
Status gather_nd(ShapeContext& c);
Status pad(ShapeContext& c);
Status tile(ShapeContext& c);
Status top_k(ShapeContext& c);
// generation.cc
Status constant(ShapeContext& c);
Status constant_of_shape(ShapeContext& c);
Status shape_of(ShapeContext& c);
Status scalar(ShapeContext& c);
Status from_shape_attribute(ShapeContext& c);
Status multinomial(ShapeContext& c);
Status range(ShapeContext& c);
Status one_hot(ShapeContext& c);
Status affine_grid(ShapeContext& c);
Status image(ShapeContext& c);
Status non_zero(ShapeContext& c);
// reduction.cc
Status reduce(ShapeContext& c);
Status arg_reduce(ShapeContext& c);
Status batch_normalization(ShapeContext& c);
Status layer_normalization(ShapeContext& c);
Status loss(ShapeContext& c);
// recurrent.cc
Status recurrent(ShapeContext& c);
// transformer.cc
Status skip_layer_normalization(ShapeContext& c);
Status group_query_attention(ShapeContext& c);
Status attention(ShapeContext& c);
Status multi_head_attention(ShapeContext& c);
Status projected_attention(ShapeContext& c);
Status embed_layer_normalization(ShapeContext& c);
Status linear_attention(ShapeContext& c);
Status microsoft_linear_attention(ShapeContext& c);
// tokens.cc
Status streams_joined(ShapeContext& c);
Status gated_delta_net(ShapeContext& c);
Status microsoft_causal_conv(ShapeContext& c);
Status varlen_causal_conv(ShapeContext& c);
Status ngram_hash(ShapeContext& c);
Status varlen_ngram_hash(ShapeContext& c);
Status router(ShapeContext& c);
Status sparse_attention(ShapeContext& c);
Status word_embedding(ShapeContext& c);
Status gather_packed(ShapeContext& c);
// features.cc
Status tree_classes(ShapeContext& c);
Status tree_targets(ShapeContext& c);
Status linear_targets(ShapeContext& c);
Status one_target(ShapeContext& c);
Status classes(ShapeContext& c);
Status one_hot_categories(ShapeContext& c);
Status extracted_features(ShapeContext& c);
Status joined_features(ShapeContext& c);

}  // namespace tenon::host::shape_rules
