// Values and sizes for people to read. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <tenon/tenon.hpp>
#include <vector>

namespace tenon::tools {

/// The five largest of a 1 x N tensor of floats with their positions, else the first values and the range.
std::string digest(const ResultView& tensor);
/// The same of a value of any kind, a line for each of the first elements of a sequence, indented below the first line.
std::string digest(const Value& value);
/// Rows of cells, each column as wide as its widest cell, indented by two.
std::string table_text(const std::vector<std::vector<std::string>>& rows);
/// "24.6 KiB", "98 B".
std::string byte_text(uint64_t bytes);

}  // namespace tenon::tools
