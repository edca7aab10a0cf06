/* Operators that a provider describes: those of domains of its own, which the host has no schema of. C99.
 *
 * What is described is checked when a model is opened, like ONNX's own: counts of inputs and outputs, attributes and
 * their kinds, element types. Attributes that a node leaves out get their defaults, kernels' opset ranges and type
 * rules count as for any operator, types and shapes of the outputs are known while the session opens, and what only has
 * constant inputs is folded. A description of an operator that the host knows is not looked at. */
#ifndef TENON_KERNEL_API_OPERATOR_H
#define TENON_KERNEL_API_OPERATOR_H

#include <tenon/kernel_api/graph.h>

typedef struct tn_provider_instance tn_provider_instance; /* the plugin's own type */

/* Allows a type parameter of an operator ("T", "Tind" ...) the listed element types. */
typedef struct tn_type_rule {
  uint32_t struct_size;
  uint32_t count;        /* of dtypes */
  const char* parameter; /* zero-terminated */
  const uint32_t* dtypes;
} tn_type_rule;

typedef enum tn_arity {
  TN_SINGLE = 0,
  TN_OPTIONAL = 1, /* may be left out */
  TN_VARIADIC = 2  /* the last of its list: any number of tensors, `least` or more */
} tn_arity;

/* An input or an output. */
typedef struct tn_formal {
  uint32_t struct_size;
  uint32_t arity; /* tn_arity */
  const char* name;
  const char* type; /* a parameter of the operator's type rules, or one type: "tensor(int64)" */
  uint32_t least;   /* of TN_VARIADIC */
  bool mixed;       /* of TN_VARIADIC: the tensors may differ in type */
} tn_formal;

/* An attribute. A default is of the kind of the attribute, and there is none for tensors and graphs. */
typedef struct tn_attribute {
  uint32_t struct_size;
  uint32_t kind; /* tn_attr_kind */
  const char* name;
  bool required;
  bool has_default;
  int64_t default_int;
  float default_float;
  uint32_t default_count; /* of the lists */
  const char* default_string;
  const int64_t* default_ints;
  const float* default_floats;
  const char* const* default_strings;
} tn_attribute;

/* Of set_output: the shape is not known. */
#define TN_RANK_UNKNOWN UINT32_MAX

/* What an infer function works with. Lives until it returns. */
typedef struct tn_infer_args tn_infer_args;
struct tn_infer_args {
  uint32_t struct_size;
  uint32_t reserved;
  const tn_node* node; /* its inputs' types and shapes are in value_info, as far as they are known */
  /* thread: open. What is known of an output that the node has: dtype, TN_UNDEFINED where its formal tells, and `rank`
   * dimensions, -1 for one that is not known; copied. */
  tn_status* (*set_output)(const tn_infer_args*, uint32_t index, uint32_t dtype, uint32_t rank, const int64_t* shape);
};

/* thread: open, before any kernel of the node is asked for, and again when its inputs are better known. It leaves out
 * what it does not know. An error ends the opening: TN_INVALID_MODEL, with the end of a sentence about the node. */
typedef tn_status* (*tn_infer_fn)(tn_provider_instance*, const tn_infer_args*);

enum {
  TN_OPERATOR_NOT_DETERMINISTIC = 1u << 0 /* equal inputs may give other outputs: never folded, never merged */
};

/* One form of an operator. All pointers are to constant data of the plugin; strings are zero-terminated. */
typedef struct tn_operator {
  uint32_t struct_size;
  uint32_t flags;     /* TN_OPERATOR_... */
  const char* domain; /* not empty */
  const char* op_type;
  int32_t since_version; /* the opset of the domain that brought the form; it ends where the next one begins */
  uint32_t input_count, output_count, type_count, attribute_count;
  uint32_t formal_stride, type_stride, attribute_stride; /* sizeof the plugin's structs: step through the lists by it */
  const tn_formal* inputs;
  const tn_formal* outputs;
  const tn_type_rule* types;
  const tn_attribute* attributes;
  tn_infer_fn infer; /* may be NULL: shapes are then known in runs alone */
} tn_operator;

#endif /* TENON_KERNEL_API_OPERATOR_H */
