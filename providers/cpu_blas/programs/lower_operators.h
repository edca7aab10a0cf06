// The functions that rows of operators.inc name. Each adds what its node computes to the program and sets the node's
// output; TN_UNSUPPORTED, with the reason, where instructions cannot do it.
#pragma once

#include "programs/lowering.h"

namespace tenon::cpu_blas {

/// A row of operators.inc.
struct Lowering::Row {
  const char* domain;
  const char* op_type;
  int since;
  sdk::Status (*lower)(Lowering& l, const Row& row);
  simd::Op op;
  const char* p;
  const char* q;
};

namespace lowerings {

sdk::Status unary(Lowering& l, const Lowering::Row& row);
sdk::Status binary(Lowering& l, const Lowering::Row& row);
sdk::Status variadic(Lowering& l, const Lowering::Row& row);
sdk::Status mean(Lowering& l, const Lowering::Row& row);
sdk::Status cast(Lowering& l, const Lowering::Row& row);
sdk::Status clip(Lowering& l, const Lowering::Row& row);
sdk::Status division(Lowering& l, const Lowering::Row& row);
sdk::Status remainder(Lowering& l, const Lowering::Row& row);
sdk::Status dropout(Lowering& l, const Lowering::Row& row);
sdk::Status gelu(Lowering& l, const Lowering::Row& row);
sdk::Status biased(Lowering& l, const Lowering::Row& row);
sdk::Status is_infinite(Lowering& l, const Lowering::Row& row);
sdk::Status parametric_relu(Lowering& l, const Lowering::Row& row);
sdk::Status power(Lowering& l, const Lowering::Row& row);
sdk::Status where(Lowering& l, const Lowering::Row& row);
sdk::Status batch_normalization(Lowering& l, const Lowering::Row& row);

}  // namespace lowerings
}  // namespace tenon::cpu_blas
