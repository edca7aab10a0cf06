// The C++17 API of Tenon: a header-only layer over the C headers that frees what it makes and throws tenon::Error.
//
//   tenon::Session session("model.onnx");
//   std::vector<float> pixels(64);
//   tenon::Results results = session.run({{"x", tenon::Tensor::of<float>({1, 64}, pixels)}});
//   const float* scores = results[0].data<float>();
//
// A Session may be run from several threads at once; other objects belong to one thread at a time.
#pragma once

#include <tenon/files.h>

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <tenon/async.hpp>
#include <tenon/environment.hpp>
#include <tenon/model.hpp>
#include <tenon/process.hpp>
#include <tenon/run.hpp>
#include <tenon/tensor.hpp>
#include <tenon/value.hpp>
#include <utility>
#include <vector>

namespace tenon {

/// Session options by name; see tenon_options_set. set() takes every name of known(); those most asked for have a
/// function of their own.
class Options {
 public:
  Options() : options_(tenon_options_create()) {
    if (options_ == nullptr) throw std::bad_alloc();
  }
  Options& set(const std::string& name, const std::string& value) {
    detail::check(tenon_options_set(options_.get(), name.c_str(), value.c_str()));
    return *this;
  }
  /// "" when nothing was set, so that environment or default decide.
  std::string get(const std::string& name) const {
    char* raw = nullptr;
    detail::check(tenon_options_get(options_.get(), name.c_str(), &raw));
    const detail::Handle<char, tenon_string_free> text(raw);
    return text.get();
  }
  /// Data for an initializer of the model, see tenon_options_add_initializer. Whatever the tensor keeps or borrows must
  /// outlive the sessions.
  Options& add_initializer(const std::string& name, const Tensor& tensor) {
    const tenon_tensor raw = tensor.c(name.c_str());
    detail::check(tenon_options_add_initializer(options_.get(), &raw));
    return *this;
  }
  /// All options that there are; the strings live as long as the process.
  static std::vector<tenon_option> known() {
    std::vector<tenon_option> options(tenon_option_count());
    for (size_t i = 0; i < options.size(); ++i) {
      options[i].struct_size = sizeof(tenon_option);
      detail::check(tenon_option_at(i, &options[i]));
    }
    return options;
  }
  Options& providers(const std::string& list) { return set("providers", list); }
  Options& threads(unsigned count) { return set("threads", std::to_string(count)); }
  /// "auto", "readonly" or "off".
  Options& pack(const std::string& mode) { return set("pack", mode); }
  Options& cache_dir(const std::string& folder) { return set("cache_dir", folder); }
  Options& cache_max_bytes(uint64_t bytes) { return set("cache_max_bytes", std::to_string(bytes)); }
  Options& verify_packs_always() { return set("pack_verify", "always"); }
  const tenon_options* c() const { return options_.get(); }

 private:
  detail::Handle<tenon_options, tenon_options_destroy> options_;
};

/// An input or output of a model as declared.
struct Port {
  std::string name;
  std::string type;  // as ONNX writes it: "tensor(float)", "seq(tensor(float))"
  tenon_kind kind = TENON_TENSOR;
  uint32_t dtype = 0;
  tenon_kind held = TENON_TENSOR;  // what a sequence or an optional holds
  uint32_t key = 0;                // dtype of the keys of maps
  bool is_optional = false;        // a run may leave it out
  bool has_rank = false;
  std::vector<int64_t> shape;          // -1: free; of what is no tensor: of the tensors that it holds
  std::vector<std::string> dim_names;  // "" where there is none
  std::string text;                    // for people: "float[batch,1,8,8]", "sequence(float)"
  uint32_t position = 0;               // among all inputs or outputs of the model

  tenon_value_type value_type() const {
    auto made = detail::sized<tenon_value_type>();
    made.kind = static_cast<uint32_t>(kind);
    made.dtype = dtype;
    made.held = static_cast<uint32_t>(held);
    made.key = key;
    return made;
  }
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// A model that is ready to run. Move-only.
class Session {
 public:
  explicit Session(const std::string& path) { open(path, nullptr); }
  Session(const std::string& path, const Options& options) { open(path, options.c()); }
  /// To look at a model some of whose nodes no provider takes; it then cannot run.
  static Session inspect(const std::string& path, const Options& options = Options()) {
    Session made;
    tenon_session* session = nullptr;
    detail::check(tenon_session_inspect(path.c_str(), options.c(), &session));
    made.session_.reset(session);
    return made;
  }
  /// Of a model in memory, which must outlive the session.
  static Session from_bytes(const void* data, size_t size) { return from_bytes(data, size, nullptr); }
  static Session from_bytes(const void* data, size_t size, const Options& options) {
    return from_bytes(data, size, options.c());
  }

  std::vector<Port> inputs() const { return ports(tenon_session_input_count(session_.get()), tenon_session_input); }
  /// Those that a run may leave out, none of them in inputs(): it then takes the model's initializer.
  std::vector<Port> optional_inputs() const {
    return ports(tenon_session_optional_input_count(session_.get()), tenon_session_optional_input);
  }
  /// Both in the model's order.
  std::vector<Port> all_inputs() const {
    std::vector<Port> all = inputs();
    for (Port& port : optional_inputs()) all.push_back(std::move(port));
    std::sort(all.begin(), all.end(), [](const Port& a, const Port& b) { return a.position < b.position; });
    return all;
  }
  std::vector<Port> outputs() const { return ports(tenon_session_output_count(session_.get()), tenon_session_output); }

  /// `wanted`: names of outputs, all when empty.
  Results run(const std::vector<NamedTensor>& inputs, const std::vector<std::string>& wanted = {}) {
    return run(inputs, wanted, nullptr);
  }
  Results run(const std::vector<NamedTensor>& inputs, const std::vector<std::string>& wanted,
              const RunOptions& options) {
    return run(inputs, wanted, options.c());
  }

  /// The same with values of any kind.
  Results run_values(const std::vector<NamedValue>& inputs, const std::vector<std::string>& wanted = {}) {
    return run_values(inputs, wanted, nullptr);
  }
  Results run_values(const std::vector<NamedValue>& inputs, const std::vector<std::string>& wanted,
                     const RunOptions& options) {
    return run_values(inputs, wanted, options.c());
  }

  /// run() on a thread of Tenon's, see tenon_session_run_async. Tensors are kept until the run has ended; what they
  /// borrow is borrowed until then. Throws, and does not call `done`, where the run cannot be started.
  void run_async(std::vector<NamedTensor> inputs, const std::vector<std::string>& wanted, const RunOptions& options,
                 OnRunEnd done) {
    start(tenon_session_run_async, std::move(inputs), wanted, options.c(), std::move(done));
  }
  std::future<Results> run_async(std::vector<NamedTensor> inputs, const std::vector<std::string>& wanted = {},
                                 const RunOptions& options = RunOptions()) {
    return start(tenon_session_run_async, std::move(inputs), wanted, options.c());
  }
  void run_values_async(std::vector<NamedValue> inputs, const std::vector<std::string>& wanted,
                        const RunOptions& options, OnRunEnd done) {
    start(tenon_session_run_values_async, std::move(inputs), wanted, options.c(), std::move(done));
  }
  std::future<Results> run_values_async(std::vector<NamedValue> inputs, const std::vector<std::string>& wanted = {},
                                        const RunOptions& options = RunOptions()) {
    return start(tenon_session_run_values_async, std::move(inputs), wanted, options.c());
  }

  /// What the model's file says of itself.
  ModelFacts model_facts() const { return detail::model_facts(session_.get()); }
  /// Where each node of the optimized graph runs and why.
  std::vector<NodePlacement> placement() const { return detail::placement(session_.get()); }
  /// What the session holds, by the system's count.
  std::vector<Residency> residency() const { return detail::session_residency(session_.get()); }
  /// Where every node runs and every byte lives; format: "text", "details" or "json".
  std::string report(const std::string& format = "text") const {
    char* raw = nullptr;
    detail::check(tenon_session_report(session_.get(), format.c_str(), &raw));
    const detail::Handle<char, tenon_string_free> text(raw);
    return text.get();
  }
  /// Makes the file of the option "profile" whole, and gives its path; see tenon_session_end_profile.
  std::string end_profile() {
    char* raw = nullptr;
    detail::check(tenon_session_end_profile(session_.get(), &raw));
    const detail::Handle<char, tenon_string_free> path(raw);
    return path.get();
  }

 private:
  Session() = default;
  void open(const std::string& path, const tenon_options* options) {
    tenon_session* session = nullptr;
    detail::check(tenon_session_open(path.c_str(), options, &session));
    session_.reset(session);
  }
  static Session from_bytes(const void* data, size_t size, const tenon_options* options) {
    Session made;
    tenon_session* session = nullptr;
    detail::check(tenon_session_open_bytes(data, size, options, &session));
    made.session_.reset(session);
    return made;
  }
  Results run(const std::vector<NamedTensor>& inputs, const std::vector<std::string>& wanted,
              const tenon_run_options* options) {
    const std::vector<tenon_tensor> given = raw(inputs);
    const std::vector<const char*> names = pointers(wanted);
    tenon_results* results = nullptr;
    detail::check(tenon_session_run(session_.get(), given.data(), given.size(), names.empty() ? nullptr : names.data(),
                                    names.size(), options, &results));
    return Results(results);
  }
  Results run_values(const std::vector<NamedValue>& inputs, const std::vector<std::string>& wanted,
                     const tenon_run_options* options) {
    const std::vector<tenon_named_value> given = raw(inputs);
    const std::vector<const char*> names = pointers(wanted);
    tenon_results* results = nullptr;
    detail::check(tenon_session_run_values(session_.get(), given.data(), given.size(),
                                           names.empty() ? nullptr : names.data(), names.size(), options, &results));
    return Results(results);
  }
  template <typename Call, typename Inputs>
  void start(Call call, Inputs inputs, const std::vector<std::string>& wanted, const tenon_run_options* options,
             OnRunEnd done) {
    using Pending = detail::PendingRun<Inputs>;
    auto pending = std::make_unique<Pending>(Pending{std::move(inputs), std::move(done)});
    const auto given = raw(pending->inputs);
    const std::vector<const char*> names = pointers(wanted);
    detail::check(call(session_.get(), given.data(), given.size(), names.empty() ? nullptr : names.data(), names.size(),
                       options, detail::end_run<Inputs>, pending.get()));
    (void)pending.release();  // the run's, which may have ended
  }
  template <typename Call, typename Inputs>
  std::future<Results> start(Call call, Inputs inputs, const std::vector<std::string>& wanted,
                             const tenon_run_options* options) {
    auto promise = std::make_shared<std::promise<Results>>();
    std::future<Results> results = promise->get_future();
    start(call, std::move(inputs), wanted, options, [promise](Outcome outcome) {
      try {
        promise->set_value(outcome.results());
      } catch (...) {
        promise->set_exception(std::current_exception());
      }
    });
    return results;
  }
  static std::vector<tenon_tensor> raw(const std::vector<NamedTensor>& inputs) {
    std::vector<tenon_tensor> given;
    given.reserve(inputs.size());
    for (const NamedTensor& input : inputs) given.push_back(input.tensor.c(input.name.c_str()));
    return given;
  }
  static std::vector<tenon_named_value> raw(const std::vector<NamedValue>& inputs) {
    std::vector<tenon_named_value> given;
    given.reserve(inputs.size());
    for (const NamedValue& input : inputs) {
      given.push_back(detail::sized<tenon_named_value>());
      given.back().name = input.name.c_str();
      given.back().value = input.value.c();
    }
    return given;
  }
  static std::vector<const char*> pointers(const std::vector<std::string>& names) {
    std::vector<const char*> pointers;
    for (const std::string& name : names) pointers.push_back(name.c_str());
    return pointers;
  }
  std::vector<Port> ports(size_t count, int (*get)(const tenon_session*, size_t, tenon_port*)) const {
    std::vector<Port> found;
    for (size_t i = 0; i < count; ++i) {
      auto raw = detail::sized<tenon_port>();
      detail::check(get(session_.get(), i, &raw));
      Port port;
      port.name = raw.name;
      port.type = raw.type;
      port.kind = static_cast<tenon_kind>(raw.kind);
      port.dtype = raw.dtype;
      port.held = static_cast<tenon_kind>(raw.held);
      port.key = raw.key;
      port.is_optional = raw.is_optional != 0;
      port.has_rank = raw.rank >= 0;
      for (int32_t d = 0; d < raw.rank; ++d) {
        port.shape.push_back(raw.shape[d]);
        port.dim_names.emplace_back(raw.dim_names[d]);
      }
      port.text = raw.text != nullptr ? raw.text : "";  // an older library
      port.position = raw.position;
      found.push_back(std::move(port));
    }
    return found;
  }

  detail::Handle<tenon_session, tenon_session_close> session_;
};

/// Packs a model ahead of time; see tenon_pack.
inline void pack(const std::string& path, const std::string& target, bool self_contained = false,
                 const Options& options = Options()) {
  detail::check(tenon_pack(path.c_str(), target.c_str(), self_contained, options.c()));
}

struct Conversion {
  bool external_data = false;
  std::string external_data_root;
};

/// Writes a model as .onnx or .ort, by the ending of `target`; see tenon_convert.
inline void convert(const std::string& path, const std::string& target, const Conversion& conversion = {}) {
  auto raw = detail::sized<tenon_conversion>();
  raw.external_data = conversion.external_data;
  raw.external_data_root = conversion.external_data_root.c_str();
  detail::check(tenon_convert(path.c_str(), target.c_str(), &raw));
}

/// Puts the model of a file into shared memory, where every process of this user opens it as "shm:" + name; see
/// tenon_publish.
inline void publish(const std::string& name, const std::string& path, const Options& options = Options()) {
  detail::check(tenon_publish(name.c_str(), path.c_str(), options.c()));
}
/// The same of an image of an .onnx or .ort file, which is not needed afterwards.
inline void publish_bytes(const std::string& name, const void* data, size_t size, const Options& options = Options()) {
  detail::check(tenon_publish_bytes(name.c_str(), data, size, options.c()));
}
inline void unpublish(const std::string& name) {
  detail::check(tenon_unpublish(name.c_str()));
}

}  // namespace tenon
