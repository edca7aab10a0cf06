/* The C API of what a model tells of itself, and of where its nodes run. C99, stable. All of it is of an open session
 * and lives as long; it is the same whether the session opened the model's file or a pack of it. Rules as in
 * <tenon/tenon.h>. */
#ifndef TENON_MODEL_H
#define TENON_MODEL_H

#include <tenon/tenon.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As the model's file says it; "" and 0 where it says nothing. An .ort file has no name of its graph. */
typedef struct tenon_model_facts {
  size_t struct_size;
  const char* producer_name;
  const char* producer_version;
  const char* domain;
  const char* description; /* the model's doc_string */
  const char* graph_name;
  const char* graph_description;
  int64_t model_version;
  int64_t ir_version;
} tenon_model_facts;

TENON_API int tenon_session_model_facts(const tenon_session*, tenon_model_facts*);

/* An opset that the model imports. */
typedef struct tenon_opset {
  size_t struct_size;
  const char* domain; /* "" for ONNX's own, which is also called ai.onnx */
  int64_t version;
} tenon_opset;

TENON_API size_t tenon_session_opset_count(const tenon_session*);
TENON_API int tenon_session_opset(const tenon_session*, size_t index, tenon_opset*);

/* The model's metadata_props, by key. */
typedef struct tenon_property {
  size_t struct_size;
  const char* key;
  const char* value;
} tenon_property;

TENON_API size_t tenon_session_metadata_count(const tenon_session*);
TENON_API int tenon_session_metadata(const tenon_session*, size_t index, tenon_property*);
/* The value of a key; TENON_NOT_FOUND: the model has none of it. */
TENON_API int tenon_session_metadata_value(const tenon_session*, const char* key, const char** value);

/* Where a node of the optimized graph runs. */
typedef struct tenon_placement {
  size_t struct_size;
  const char* node; /* its name, or its first output; in a subgraph after its path: "loop1.body/relu" */
  const char* op_type;
  const char* domain;
  int64_t opset;
  const char* provider; /* "": nobody takes it; "host": Tenon itself */
  const char* kernel;   /* the operator, or the label of the group that it is compiled into */
  const char* reason;   /* why there, and why not on the providers before it in the order */
  uint64_t cost_ns;     /* of a run on one thread, roughly, as the provider says; 0: it does not, or another node of the
                         * group has it */
} tenon_placement;

TENON_API size_t tenon_session_placement_count(const tenon_session*);
TENON_API int tenon_session_placement(const tenon_session*, size_t index, tenon_placement*);

/* tenon_session_open of a model that is to be looked at: nodes that no provider takes are placed nowhere, and then the
 * session cannot run. */
TENON_API int tenon_session_inspect(const char* path, const tenon_options*, tenon_session**);

#ifdef __cplusplus
}
#endif
#endif /* TENON_MODEL_H */
