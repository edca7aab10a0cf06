// Packed weights: their layouts, chosen by oneDNN, and their bytes. Functions without state, for any thread.
#pragma once

#include "lower/builder.h"

namespace onednn {

/// The weight of a convolution as oneDNN counts its dimensions: with groups in front where there are several.
Dims conv_weight_dims(const Op& op, const sdk::Shape& weight);

/// A convolution's primitive over images x -> y; layouts of kind `any` are oneDNN's choice. `bias` is of the packed
/// blob.
dnnl::convolution_forward::primitive_desc conv_primitive(const Desc& x, const Desc& weight, int64_t bias, const Desc& y,
                                                         const std::vector<sdk::WindowAxis>& axes,
                                                         const dnnl::primitive_attr& attributes);
/// A product of matrices; `bias` of 1 x N, or empty.
dnnl::matmul::primitive_desc product_primitive(const Desc& a, const Desc& b, const Desc& bias, const Desc& y,
                                               const dnnl::primitive_attr& attributes);

/// How the work on one image is cut.
struct ConvCut {
  int64_t parts = 1;
  bool by_channels = false;  // rather than by rows: the weight is the larger one, and is read once then

  static ConvCut of(const Op& op, const sdk::Shape& weight, const Dims& x, const Dims& y);
  /// Channels of a part, in whole blocks.
  static int64_t width(int64_t channels, int64_t parts, int64_t block);
};

/// The layout that the op's weight is to be packed in; sizes of x that are not known are guessed, which may cost speed
/// alone.
sdk::Result<PackedLayout> choose_layout(const Op& op, const Group& group);
/// What its bytes depend on beside the constants.
std::string pack_key(const Op& op, const PackedLayout& layout);
/// The values that it is made of, each once.
std::vector<int> pack_sources(const Op& op);
/// Makes the blob of the sources' elements, in the order of pack_sources().
sdk::Status pack_weight(const Op& op, const Group& group, const PackedLayout& layout,
                        const std::vector<const float*>& sources, void* blob);
/// What a blob says of the op's weight.
Gain gain_of(const Op& op, const PackedLayout& layout, const void* blob);

}  // namespace onednn
