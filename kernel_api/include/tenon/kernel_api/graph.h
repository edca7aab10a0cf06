/* How a plugin reads the graph while a session opens: nodes, their attributes, and the values between them. C99.
 * All objects are opaque, owned by the host, immutable for the plugin, and live until the hook or factory that was
 * given them returns. Two values are the same exactly when their pointers are equal. */
#ifndef TENON_KERNEL_API_GRAPH_H
#define TENON_KERNEL_API_GRAPH_H

#include <tenon/kernel_api/tensor.h>

typedef struct tn_graph tn_graph;   /* the whole graph, or a claimed group of its nodes */
typedef struct tn_node tn_node;     /* one application of an operator */
typedef struct tn_value tn_value;   /* a tensor between nodes, an input, or an initializer */
typedef struct tn_claims tn_claims; /* collects what a provider claims */

/* Kinds of attributes; the numbers are those of ONNX AttributeProto.AttributeType. */
typedef enum tn_attr_kind {
  TN_ATTR_FLOAT = 1,
  TN_ATTR_INT = 2,
  TN_ATTR_STRING = 3,
  TN_ATTR_TENSOR = 4,
  TN_ATTR_GRAPH = 5,
  TN_ATTR_FLOATS = 6,
  TN_ATTR_INTS = 7,
  TN_ATTR_STRINGS = 8,
  TN_ATTR_TENSORS = 9,
  TN_ATTR_GRAPHS = 10,
  TN_ATTR_TYPE = 13
} tn_attr_kind;

/* thread: any, for every function here: all are read-only. Out parameters are untouched when false is returned. Strings
 * and arrays handed out live as long as the node. */
typedef struct tn_graph_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* --- nodes --- */
  tn_str (*node_name)(const tn_node*);   /* the name in the model, possibly empty */
  tn_str (*node_domain)(const tn_node*); /* "" for the ONNX domain */
  tn_str (*node_op_type)(const tn_node*);
  /* The opset version that defined the operator's form in use; 0: the host has no schema of it. */
  int32_t (*node_since_version)(const tn_node*);
  int32_t (*node_opset)(const tn_node*); /* the model's opset of the node's domain; 0: it imports none */
  uint32_t (*node_input_count)(const tn_node*);
  uint32_t (*node_output_count)(const tn_node*);
  /* NULL: an optional input or output that is left out, or an index past the last. */
  const tn_value* (*node_input)(const tn_node*, uint32_t index);
  const tn_value* (*node_output)(const tn_node*, uint32_t index);

  /* --- attributes: what the node says, or the default that its operator's form gives to one that it leaves out. Those
   * that the form requires are there: the host checks it. False: neither, or of another type. --- */
  bool (*attr_int)(const tn_node*, tn_str name, int64_t* value);
  bool (*attr_float)(const tn_node*, tn_str name, float* value);
  bool (*attr_string)(const tn_node*, tn_str name, tn_str* value);
  bool (*attr_tensor)(const tn_node*, tn_str name, tn_tensor* value);
  bool (*attr_ints)(const tn_node*, tn_str name, const int64_t** values, size_t* count);
  bool (*attr_floats)(const tn_node*, tn_str name, const float** values, size_t* count);
  bool (*attr_strings)(const tn_node*, tn_str name, const tn_str** values, size_t* count);
  /* Of a list of graphs the one at `index`, of a single one that at 0; NULL past the last. */
  const tn_graph* (*attr_graph)(const tn_node*, tn_str name, size_t index);
  /* What the node itself says, defaults aside: its attributes in their order. `kind`: a tn_attr_kind. */
  uint32_t (*attr_count)(const tn_node*);
  bool (*attr_at)(const tn_node*, uint32_t index, tn_str* name, uint32_t* kind);

  /* --- values --- */
  tn_str (*value_name)(const tn_value*);
  /* What is known of the value: dtype, shape with -1 for unknown dimensions, TN_TENSOR_CONSTANT if it is constant.
   * Never data. */
  void (*value_info)(const tn_value*, tn_tensor* info);
  /* The same with the data of a constant. False: it is none, or its bytes are not at hand, as those of a weight that is
   * only kept packed. Constants of up to 4096 bytes always are. The report says who read what. */
  bool (*value_data)(const tn_value*, tn_tensor* data);
  bool (*value_is_output)(const tn_value*); /* whether its graph hands it out */
  /* The node that computes it and which of its outputs it is; NULL for inputs and initializers. */
  const tn_node* (*value_producer)(const tn_value*, uint32_t* output_index);
  /* How many node inputs read it; a graph output counts as one more. */
  uint32_t (*value_use_count)(const tn_value*);
  /* The nodes that read it, up to `capacity`, each once; returns how many there are. */
  size_t (*value_consumers)(const tn_value*, const tn_node** found, size_t capacity);

  /* --- graphs --- */
  size_t (*graph_node_count)(const tn_graph*);
  const tn_node* (*graph_node)(const tn_graph*, size_t index); /* in topological order */
  /* Of a group: its inputs in the order of first use, then the kernel's inputs in that order; likewise its outputs, in
   * the order in which they are computed. Constants that the group reads are among the inputs. */
  size_t (*graph_input_count)(const tn_graph*);
  const tn_value* (*graph_input)(const tn_graph*, size_t index);
  size_t (*graph_output_count)(const tn_graph*);
  const tn_value* (*graph_output)(const tn_graph*, size_t index);
} tn_graph_api;

/* Nodes that the provider's `compile` hook will turn into one kernel. They must be connected, unclaimed, and leave no
 * path that leaves the group and comes back. */
typedef struct tn_claim {
  uint32_t struct_size;
  uint32_t reserved;
  const tn_node* const* nodes;
  size_t node_count;
  tn_str label; /* names the group in reports ("Conv+BatchNormalization+Relu"); empty: its operators do */
  uint64_t tag; /* the provider's own: `compile` gets it back, from a pack, too */
} tn_claim;

/* thread: open, within the provider's claim hook. */
typedef struct tn_claims_api {
  uint32_t struct_size;
  uint32_t reserved;
  /* A claim that breaks the rules of tn_claim is answered with an error and changes nothing. */
  tn_status* (*claim_group)(tn_claims*, const tn_claim*);
  /* True when an earlier provider of the user's order or an earlier claim already has the node. */
  bool (*is_claimed)(const tn_claims*, const tn_node*);
  /* Says why a node that the kernel table would match is not taken: the host then offers it to the next provider. */
  void (*refuse)(tn_claims*, const tn_node*, tn_str reason);
} tn_claims_api;

#endif /* TENON_KERNEL_API_GRAPH_H */
