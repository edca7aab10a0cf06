// One operator of the provider that is examined, opened in the process of a check: drawn cases, each with a kernel of
// the provider's and the oracle's answer. Used by one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conform/cases/case_model.h"
#include "conform/cases/shared_operators.h"
#include "conform/checks/subject.h"
#include "conform/kernel/pack_slots.h"
#include "host/placement/placement.h"
#include "host/plugins/kernel.h"

namespace tenon::conform {

/// A case with a kernel that is ready to run: packed and bound.
struct KernelCase {
  int64_t index = 0;  // of the draw
  cases::Case drawn;
  cases::Sight sight = cases::Sight::kShown;
  std::vector<host::Tensor> inputs;  // in the kernel's order; without a type: left out
  std::vector<bool> constant;
  std::vector<std::optional<host::Tensor>>
      expected;  // by output of the kernel; nothing: the model has none, or no oracle
  bool is_random = false;
  std::unique_ptr<host::Model> model;
  host::ClaimedGroup group;  // without nodes: the kernel is of the table
  BoundPacks packs;          // that the kernel is bound to
  host::Kernel kernel;       // last, so that it goes first

  /// "case 3 of seed 1: Relu-14(float[2]{...}) -> y", and where the message continues.
  std::string text() const;
};

/// What is drawn.
struct DrawSettings {
  bool has_edges = true;                                 // NaN, infinities and the largest numbers
  bool needs_constants = false;                          // only cases with a constant input
  std::optional<std::pair<std::string, tn_dtype>> type;  // of a type parameter
};

class OperatorBench {
 public:
  /// Opens the provider. Throws Breach where it, or the operator, cannot be had.
  OperatorBench(const Subject& subject, const OperatorName& op);

  /// The next drawn case that the oracle computes and the provider takes; nullptr: none in as many draws as are worth
  /// it. Throws Breach for an error of a hook that is no refusal.
  std::unique_ptr<KernelCase> next(const DrawSettings& settings);
  /// A kernel for the case, packed and bound; nullptr: the provider leaves it to others, and refusal() says why.
  std::unique_ptr<KernelCase> open(const cases::Case& drawn, cases::Sight sight);
  /// The same, bound to copies of what another kernel of the case has packed: as by an open that finds a pack.
  /// `damage`: is done to each before.
  std::unique_ptr<KernelCase> open_warm(const KernelCase& packed, const DamageBlob& damage = {});
  /// Of the last case that was refused.
  const std::string& refusal() const { return refusal_; }
  /// How many cases the oracle computed so far.
  int64_t offered() const { return offered_; }

  const cases::SharedOperator& op() const { return op_; }
  bool has_oracle() const { return has_oracle_; }
  host::Provider& provider() { return *providers_.front(); }

 private:
  std::optional<cases::Case> draw(const DrawSettings& settings, int64_t index) const;
  std::unique_ptr<KernelCase> make_case(const cases::Case& drawn, cases::Sight sight);
  bool make_kernel(KernelCase& made);
  void find_schema(const OperatorName& op);

  const Subject& subject_;
  host::ProviderList providers_;
  cases::SharedOperator op_;
  bool has_oracle_ = true;
  int64_t next_ = 0;
  int64_t offered_ = 0;
  std::string refusal_;
};

}  // namespace tenon::conform
