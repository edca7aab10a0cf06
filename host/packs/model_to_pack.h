// What a pack is made of.
#pragma once

#include <span>
#include <string>

#include "host/graph/graph.h"
#include "host/graph/port.h"
#include "host/placement/placement.h"
#include "host/placement/prepack.h"

namespace tenon::host {

/// A finished session's knowledge, to be written down.
struct ModelToPack {
  const Model* model = nullptr;
  const Placement* placement = nullptr;
  const PrepackPlan* prepack = nullptr;
  std::span<const Port> inputs, outputs;
  std::span<const std::string> notes;
  std::string fixed_dimensions;  // identity_of(); "": none
  unsigned threads = 1;
};

}  // namespace tenon::host
