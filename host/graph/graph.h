// The graph IR that every importer fills and every pass changes. Values and nodes have stable addresses until they are
// erased. Not thread-safe while it changes; read-only use is safe from any thread.
//
// Invariants after Graph::finish(): nodes are in topological order; Value::producer and Value::uses agree with the
// nodes' inputs and outputs; every value is an input, an initializer, computed by one node, or of an outer graph.
// Graph's edits (graph_edit.cc) keep all this but the order, and what a subgraph reads of outer graphs; finish() puts
// both right.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "host/base/status.h"
#include "host/graph/tensor.h"
#include "host/graph/use_list.h"

namespace tenon::host {

class FileMapping;
class Graph;
struct Node;
struct OpSchema;

/// A dimension: a number, or -1 with or without a name ("batch").
struct Dim {
  int64_t value = -1;
  std::string symbol;
  bool operator==(const Dim&) const = default;
};

/// What is known of a value. Only tensors cross to providers; the other kinds are the host's own.
struct ValueType {
  enum class Kind { kTensor, kSequence, kOptional, kMap, kSparseTensor };
  Kind kind = Kind::kTensor;
  tn_dtype dtype = TN_UNDEFINED;         // of the tensor, or of the elements of a sequence or optional
  std::optional<std::vector<Dim>> dims;  // nothing: rank unknown
  Kind held = Kind::kTensor;             // what a sequence or an optional holds; a level below that is not kept
  tn_dtype key = TN_UNDEFINED;           // of a map
  bool is_proven = false;                // dims follow from inputs and constants; else the model may only declare them
};

/// Kind and element type of a value; dimensions are not its concern.
struct ElementType {
  ValueType::Kind kind = ValueType::Kind::kTensor;
  tn_dtype dtype = TN_UNDEFINED;
  ValueType::Kind held = ValueType::Kind::kTensor;
  tn_dtype key = TN_UNDEFINED;
  bool operator==(const ElementType&) const = default;
};

ElementType element_type(const ValueType& type);
/// What a sequence or an optional of the type holds.
ElementType held_type(const ElementType& type);
/// Whether a value of the type may stand where `declared` is said, an unknown element type being any.
bool fits(const ElementType& type, const ElementType& declared);

/// "float[batch,3,224,224]", "int64[?]", "sequence(float)".
std::string describe(const ValueType& type);
/// "float", "sequence(int64)", "optional(sequence(float))", "map(int64, float)".
std::string describe(const ElementType& type);
/// As ONNX writes types: "tensor(float)", "seq(tensor(int64))", "optional(seq(tensor(float)))",
/// "map(int64,tensor(float))".
std::string onnx_type(const ElementType& type);
/// The shape with -1 for unknown dimensions; nothing when the rank is unknown.
std::optional<std::vector<int64_t>> numeric_shape(const ValueType& type);

/// A tensor between nodes, a graph input, or a constant.
struct Value {
  std::string name;  // in a graph, as add_value() gave it
  ValueType type;
  Node* producer = nullptr;  // nullptr: graph input, initializer, or constant
  uint32_t producer_output = 0;
  uint32_t handed_out = 0;         // how often it is an output, of its graph or of one below
  UseList uses;                    // by nodes of its graph: each input, and one for a node whose subgraphs read it
  std::optional<Tensor> constant;  // initializers and folded values
  std::unique_ptr<Tensor> default_value;  // of an input of the main graph: what it is when a run gives it nothing
  Graph* graph = nullptr;                 // where it is defined

  bool is_constant() const { return constant.has_value(); }
  size_t use_count() const { return uses.size() + handed_out; }
  /// What the model stores for it: its constant or its default; nullptr when it stores nothing.
  const Tensor* stored() const { return constant ? &*constant : default_value.get(); }
};

struct Attribute {
  using Payload = std::variant<int64_t, float, std::string, Tensor, std::shared_ptr<Graph>, std::vector<int64_t>,
                               std::vector<float>, std::vector<std::string>, std::vector<Tensor>,
                               std::vector<std::shared_ptr<Graph>>, ValueType>;
  std::string name;
  Payload payload;
};

struct Node {
  std::string name;
  std::string domain;  // "" for the ONNX domain ("ai.onnx" is folded into it)
  std::string op_type;
  int since_version = 0;                // of the schema in use; 0 until resolve_schemas()
  uint32_t rank = 0;                    // its place among the nodes after finish(); an inserted one shares another's
  const OpSchema* schema = nullptr;     // nullptr: unknown operator
  std::vector<Value*> inputs;           // nullptr: optional input left out
  std::vector<Value*> outputs;          // nullptr: optional output left out
  std::vector<Value*> implicit_inputs;  // values of outer graphs that its subgraphs read
  std::vector<Attribute> attributes;
  Graph* graph = nullptr;   // nullptr: erased, until the graph is swept
  Use* uses = nullptr;      // its own records: one for each input, then one for each implicit input; the graph's memory
  uint32_t uses_count = 0;  // 0 until it is connected

  /// What the node itself says; nullptr: nothing.
  const Attribute* find_attribute(std::string_view attribute) const;
  /// What the node says, or, once it has a schema, the default of an attribute that it leaves out.
  std::optional<int64_t> int_attribute(std::string_view attribute) const;
  std::optional<std::vector<int64_t>> ints_attribute(std::string_view attribute) const;
  std::optional<std::string> string_attribute(std::string_view attribute) const;
};

/// "node 'conv1' (Conv, opset 11)"; for unnamed nodes the first output names it. For error messages.
std::string describe(const Node& node);

/// From this IR version on an initializer that is also an input of the main graph is a default; before, every
/// initializer had to be an input too.
constexpr int64_t kFirstIrVersionWithDefaults = 4;

/// Makes the constant of an input of the main graph its default. `declared`: its type as an input. Where the constant
/// does not fit it, the constant's type counts, and the graph gets a note.
void make_default(Value& input, ValueType declared);

/// Renames values of subgraphs whose name a graph around them has too, as in the inlined bodies of functions, where
/// names mean something else than outside. ONNX allows no such shadowing, and formats that refer by name cannot say it.
void rename_shadowing_values(Graph& root);

/// The model's opset of the node's domain; 0: it imports none, or schemas are not resolved.
int64_t opset_of(const Node& node);
/// Whether an attribute of the node is for graphs, which may be missing.
bool has_subgraph(const Node& node);
/// The graphs in the node's attributes, none of them null.
std::vector<Graph*> subgraphs(const Node& node);
/// The graph and all graphs below it, each before the ones that its nodes hold.
std::vector<Graph*> graph_tree(Graph& root);

/// What a dimension of a value stands for, as the model says it: "DATA_BATCH", "DATA_CHANNEL" ...
struct DimDenotation {
  std::string value;
  size_t dim;
  std::string text;
};

class Graph {
 public:
  explicit Graph(Graph* parent = nullptr) : parent_(parent) {}
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  std::string name;
  // Of the main graph from IR version 4 on also those that have an initializer, their default; else such are constants.
  std::vector<Value*> inputs;
  std::vector<Value*> outputs;
  std::vector<DimDenotation> denotations;  // in the main graph, of its inputs at least; as imported
  std::vector<std::string> notes;          // what was put right in this graph, for the session's report
  // Of the main graph: its model's, once schemas are resolved.
  const std::map<std::string, int64_t>* opset_imports = nullptr;

  /// Adds a value; TN_INVALID_MODEL when the name is taken in this graph. An empty name gets a made-up one.
  Result<Value*> add_value(std::string value_name);
  /// Gives a value of this graph a name that neither it nor a graph around it has.
  void rename(Value& value, std::string fresh);
  /// Makes room for so many more values.
  void reserve_values(size_t count);
  /// The value of that name in this graph; with `outer`, in the enclosing graphs too. nullptr: none.
  Value* find_value(std::string_view value_name, bool outer = false) const;
  /// After all nodes. Connects nothing: for importers, which finish() afterwards, and with connect() for edits.
  Node* add_node();

  /// Edits of a finished graph, each in constant time for what it changes: see the invariants.
  /// A node that finish() puts directly before another, unless it has to wait for its inputs; to be connected.
  Node* insert_node(const Node& before);
  /// Links a node's inputs and outputs as they stand. Whoever computed one of the outputs leaves it out from now on.
  void connect(Node& node);
  /// Other inputs for a connected node.
  void set_inputs(Node& node, std::vector<Value*> values);
  void set_input(Node& node, size_t index, Value* value);
  /// Lets everything read `by`, a value of this graph, in the place of `old`, subgraphs included. Outputs of this graph
  /// keep `old`, as their names are the model's. Returns how many nodes of subgraphs it has looked at for that.
  size_t replace_uses(Value& old, Value& by);
  /// Moves all nodes and values of `body`, a subgraph that a node of this graph holds, into this graph, the nodes as
  /// insert_node() does. Values are named "prefix/name", or anew where that is taken.
  void absorb(Graph& body, const Node& before, const std::string& prefix);
  /// Erases a node and the values that nobody but it computes or reads. Until sweep() node and values stay in nodes()
  /// and values(), without a graph.
  void erase_node(Node& node);
  /// Erases a value that nothing refers to any more.
  void erase_value(Value& value);
  /// Frees what was erased. finish() does so, too.
  void sweep();

  /// Sorts the nodes topologically and rebuilds producers and uses, subgraphs included.
  /// TN_INVALID_MODEL names a node on a cycle, or a value that nothing defines.
  Status finish();

  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  const std::vector<std::unique_ptr<Value>>& values() const { return values_; }
  Graph* parent() const { return parent_; }

 private:
  friend class GraphLinker;
  std::string unused_name() const;

  Graph* parent_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Value>> values_;
  std::vector<std::unique_ptr<Use[]>> uses_;  // of finish() all in one, of each connect() one more
  uint32_t next_rank_ = 0;
  bool has_erased_ = false;
  // By the values' own names, which therefore stay.
  std::unordered_map<std::string_view, Value*> by_name_;
};

/// A file that a model's bytes lie in.
struct SourceFile {
  std::string location;  // as external data names it, relative to the model's folder; empty: the model file itself
  std::shared_ptr<const FileMapping> mapping;
};

/// A model as imported: the main graph and what the file says about it.
struct Model {
  std::string path;  // empty: opened from bytes
  int64_t ir_version = 0;
  std::string producer_name, producer_version, domain, doc_string, graph_doc_string;
  int64_t model_version = 0;
  std::map<std::string, int64_t> opset_imports;  // "" for the ONNX domain
  std::map<std::string, std::string> metadata;
  std::unique_ptr<Graph> graph;
  std::vector<SourceFile> files;  // what is mapped of the model; each file once, the model's own first
  std::vector<std::shared_ptr<const void>> owners;  // of other memory that constants lie in
};

}  // namespace tenon::host
