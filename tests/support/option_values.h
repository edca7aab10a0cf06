// Values that an option takes, and such as it must refuse, by its row alone.
#pragma once

#include <string>
#include <vector>

#include "host/session/option_row.h"

namespace tenon::test {

/// As the option gives them back; at least two.
inline std::vector<std::string> good_values(const host::OptionRow& row) {
  std::vector<std::string> values;
  switch (row.kind()) {
    case host::OptionKind::kFlag: return {"0", "1"};
    case host::OptionKind::kNumber: return {std::to_string(row.least + 1), std::to_string(row.greatest())};
    case host::OptionKind::kText: return {"one", "two"};
    case host::OptionKind::kPath: return {"/one", "two/three"};
    case host::OptionKind::kProviders: return {"one", "cpu_blas:a=1;b=2,./mine.so"};
    case host::OptionKind::kDimensions: return {"n=1", "batch=2,max(a,b)=0,c = d=17"};
    case host::OptionKind::kCpus: return {"0", "1;2;4-7,9"};
    case host::OptionKind::kChoice: break;
  }
  for (const char* choice : row.choices)
    if (choice != nullptr) values.emplace_back(choice);
  return values;
}

inline std::vector<std::string> bad_values(const host::OptionRow& row) {
  std::vector<std::string> values;
  switch (row.kind()) {
    case host::OptionKind::kFlag: return {"", "2", "yes", "true", " 1", "-1"};
    case host::OptionKind::kText:
    case host::OptionKind::kPath: return {};
    case host::OptionKind::kProviders: return {",", "a,,b", "a,a", "a:b", "a:b=1;b=2"};
    case host::OptionKind::kDimensions:
      return {"n", "n=", "=1", "n=-1", "n=1,", "n=1,n=2", "n=x", "n=9223372036854775808"};
    case host::OptionKind::kCpus: return {";", "0;", "-1", "2-1", "a", "1,,2", "1-", "0 1", "99999999999"};
    case host::OptionKind::kChoice: return {"sometimes", std::string(row.choices[0]) + " ", "0"};
    case host::OptionKind::kNumber: break;
  }
  values = {"", "-1", "two", "2x", " 2", "1.5", "0x10", "99999999999999999999"};
  if (row.least > 0) values.push_back(std::to_string(row.least - 1));
  if (row.greatest() < UINT64_MAX) values.push_back(std::to_string(row.greatest() + 1));
  return values;
}

}  // namespace tenon::test
