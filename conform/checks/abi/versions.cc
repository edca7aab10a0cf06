#include "conform/checks/abi/raw_plugin.h"
#include "conform/checks/library_checks.h"
#include "host/plugins/abi/abi_tables.h"
#include "host/plugins/loading/descriptor_reader.h"

namespace tenon::conform {

using host::concat;

Outcome check_abi_versions(const Subject& subject) {
  const auto descriptor = host::read_descriptor(subject.library);
  if (!descriptor.is_ok()) return Outcome::fail("descriptor", descriptor.status().message());
  const RawPlugin plugin(subject);
  tn_host newer = host::host_table();
  for (uint32_t version = 1; version <= TN_ABI_VERSION + 3; ++version) {
    newer.abi_version = version;
    const tn_provider* table = plugin.entry()(&newer, version);
    const bool speaks = version >= descriptor->min_abi;
    if (table != nullptr && !speaks)
      return Outcome::fail("wrong-version",
                           concat("the descriptor says that it speaks versions from ", descriptor->min_abi,
                                  " on, but the entry gives a table to a host of version ", version));
    if (table == nullptr && speaks)
      return Outcome::fail("refuses-host", concat("the entry gives no table to a host of version ", version));
    if (table != nullptr && (table->abi_version > version || table->abi_version > descriptor->max_abi))
      return Outcome::fail("wrong-version",
                           concat("the table for a host of version ", version, " is of version ", table->abi_version,
                                  ", and the descriptor ends at ", descriptor->max_abi));
    if (table != nullptr && (descriptor->name != table->name || descriptor->version != table->version))
      return Outcome::fail("descriptor", concat("the descriptor says '", descriptor->name, "' ", descriptor->version,
                                                ", the table '", table->name, "' ", table->version));
  }
  return Outcome::pass(concat("versions ", descriptor->min_abi, " to ", descriptor->max_abi));
}

}  // namespace tenon::conform
