#include "host/optimize/node_function.h"

#include "host/base/dtype.h"
#include "host/graph/schemas/op_schema.h"

namespace tenon::host {
namespace {

Status check_attention_shape(const Node& node, size_t input, const char* meaning) {
  const auto& dims = node.inputs[input]->type.dims;
  if (!dims || dims->size() == 4) return {};
  return error(TN_INVALID_MODEL, describe(node), ": input ", node.schema->inputs[input].name, " is ",
               describe(node.inputs[input]->type), ", expected four dimensions, ", meaning);
}

int64_t dim_of(const Value& value, size_t dim) {
  return value.type.dims ? (*value.type.dims)[dim].value : -1;
}

Status check_same(const Node& node, size_t a, size_t b, size_t dim, const char* what) {
  const int64_t first = dim_of(*node.inputs[a], dim), second = dim_of(*node.inputs[b], dim);
  if (first < 0 || second < 0 || first == second) return {};
  return error(TN_INVALID_MODEL, describe(node), ": inputs ", node.schema->inputs[a].name, " and ",
               node.schema->inputs[b].name, " have ", first, " and ", second, " ", what, ", expected as many");
}

Status check_attention(const Node& node, int64_t precision) {
  TENON_RETURN_IF_ERROR(check_attention_shape(node, 0, "batch x q_num_heads x q_sequence_length x head_size"));
  TENON_RETURN_IF_ERROR(check_attention_shape(node, 1, "batch x kv_num_heads x kv_sequence_length x head_size"));
  TENON_RETURN_IF_ERROR(check_attention_shape(node, 2, "batch x kv_num_heads x kv_sequence_length x v_head_size"));
  TENON_RETURN_IF_ERROR(check_same(node, 0, 1, 0, "batches"));
  TENON_RETURN_IF_ERROR(check_same(node, 1, 2, 0, "batches"));
  TENON_RETURN_IF_ERROR(check_same(node, 1, 2, 1, "heads"));
  TENON_RETURN_IF_ERROR(check_same(node, 1, 2, 2, "positions"));
  TENON_RETURN_IF_ERROR(check_same(node, 0, 1, 3, "elements in a head"));
  const int64_t heads = dim_of(*node.inputs[0], 1), shared = dim_of(*node.inputs[1], 1);
  if (heads >= 0 && shared >= 0 && heads != shared && (shared == 0 || heads % shared != 0))
    return error(TN_INVALID_MODEL, describe(node), ": Q has ", heads, " heads and K ", shared,
                 ", expected a multiple of these");
  if (precision != TN_FLOAT && precision != TN_DOUBLE && precision != TN_FLOAT16 && precision != TN_BFLOAT16)
    return error(TN_INVALID_MODEL, describe(node), ": attribute softmax_precision is ", precision,
                 ", expected the number of a floating-point type: 1, 10, 11 or 16");
  return {};
}

// As the specification has it, but for heads of K and V that several heads of Q share: instead of repeating them, the
// rows of those heads of Q are put under each other.
std::string attention_text(int64_t type, int64_t precision, bool has_scale, bool shares_heads) {
  std::string text = "graph Q,K,V -> Y\n";
  if (has_scale) {
    text += "Scale Constant value_float=@scale\n";
  } else {
    text +=
        "HeadSize Shape Q start=i:3 end=i:4\n"
        "HeadSizeF Cast HeadSize to=i:1\n"
        "RootOfHeadSize Sqrt HeadSizeF\n"
        "One Constant value_float=f:1\n"
        "Scale Div One,RootOfHeadSize\n";
  }
  text += concat("RootOfScaleF Sqrt Scale\nRootOfScale Cast RootOfScaleF to=i:", type,
                 "\nScaledQ Mul Q,RootOfScale\nScaledK Mul K,RootOfScale\nKT Transpose ScaledK perm=is:0,1,3,2\n");
  if (shares_heads) {
    text +=
        "Batch Shape Q start=i:0 end=i:1\n"
        "Heads Shape Q start=i:1 end=i:2\n"
        "Rows Shape Q start=i:2 end=i:3\n"
        "QSize Shape Q start=i:3 end=i:4\n"
        "SharedHeads Shape K start=i:1 end=i:2\n"
        "Positions Shape K start=i:2 end=i:3\n"
        "VSize Shape V start=i:3 end=i:4\n"
        "AllRows Mul Heads,Rows\n"
        "SharedRows Div AllRows,SharedHeads\n"
        "SharedShape Concat Batch,SharedHeads,SharedRows,QSize axis=i:0\n"
        "SharedQ Reshape ScaledQ,SharedShape allowzero=i:1\n"
        "SharedScores MatMul SharedQ,KT\n"
        "ScoresShape Concat Batch,Heads,Rows,Positions axis=i:0\n"
        "Scores Reshape SharedScores,ScoresShape allowzero=i:1\n";
  } else {
    text += "Scores MatMul ScaledQ,KT\n";
  }
  text += concat("PreciseScores Cast Scores to=i:", precision,
                 "\nChangedScores @score_mod PreciseScores\n"
                 "Probabilities Softmax ChangedScores axis=i:3\n"
                 "ChangedProbabilities @prob_mod Probabilities\n"
                 "PreciseV Cast V to=i:",
                 precision, "\n");
  if (shares_heads) {
    text +=
        "SharedProbabilitiesShape Concat Batch,SharedHeads,SharedRows,Positions axis=i:0\n"
        "SharedProbabilities Reshape ChangedProbabilities,SharedProbabilitiesShape allowzero=i:1\n"
        "SharedY MatMul SharedProbabilities,PreciseV\n"
        "YShape Concat Batch,Heads,Rows,VSize axis=i:0\n"
        "PreciseY Reshape SharedY,YShape allowzero=i:1\n";
  } else {
    text += "PreciseY MatMul ChangedProbabilities,PreciseV\n";
  }
  return text + concat("Y Cast PreciseY to=i:", type, "\n");
}

Result<std::string> flex_attention(const Node& node) {
  const tn_dtype type = node.inputs[0]->type.dtype;
  if (type == TN_UNDEFINED)
    return error(TN_UNSUPPORTED, describe(node), ": the type of Q is unknown, which decides how it is computed");
  const int64_t precision = node.int_attribute("softmax_precision").value_or(type == TN_DOUBLE ? TN_DOUBLE : TN_FLOAT);
  TENON_RETURN_IF_ERROR(check_attention(node, precision));
  const int64_t heads = dim_of(*node.inputs[0], 1), shared = dim_of(*node.inputs[1], 1);
  return attention_text(type, precision, node.find_attribute("scale") != nullptr, heads < 0 || heads != shared);
}

}  // namespace

bool has_node_function(const OpSchema& schema) {
  return schema.domain == "ai.onnx.preview" && schema.op_type == "FlexAttention";
}

Result<std::string> node_function(const Node& node) {
  return flex_attention(node);
}

}  // namespace tenon::host
