// A provider inside the test program: a few ONNX operators on float, and operators of the domain "test" that behave
// well or badly on purpose.
#pragma once

#include <tenon/kernel_api/provider.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "host/session/session.h"
#include "tests/support/graph_builder.h"

namespace tenon::test {

/// Has Add and Relu (in place where allowed), MatMul (packs a constant B), and of the domain "test": Sleep (until the
/// run stops), Fail, WrongType, AskTwice, Negative, NoOutput, Huge, Scratch, Strings, Positives (data-dependent shape),
/// Random (not deterministic).
const tn_provider& test_provider();
/// Has Relu only, and refuses it when the node's name begins with "no_".
const tn_provider& picky_provider();
/// Has Add and Relu, by type rules that ask for float.
const tn_provider& typed_provider();
/// Claims every pair Add then Relu as one group, and has no kernels of its own besides Neg.
const tn_provider& fusing_provider();

/// How often the test providers packed a weight so far.
extern std::atomic<int> packs_made;

/// A session of the built model on the test provider.
host::Result<std::unique_ptr<host::Session>> open(GraphBuilder& builder, host::SessionOptions options = {});
/// The same, which must succeed.
std::unique_ptr<host::Session> must_open(GraphBuilder& builder, host::SessionOptions options = {});

host::NamedTensor floats(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values);
std::vector<float> values_of(const host::Tensor& tensor);
/// The results of a run that must succeed.
std::vector<host::Tensor> must_run(host::Session& session, const std::vector<host::NamedTensor>& inputs,
                                   const std::vector<std::string>& wanted = {}, const host::RunOptions& options = {});

}  // namespace tenon::test
