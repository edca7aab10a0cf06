// The namespace of this version of the SDK. Every header opens `inline namespace TENON_SDK_VERSION` in tenon::sdk, so
// that `tenon::sdk::Kernel` means this version's.
//
// A process may hold plugins built with different SDKs, and the dynamic linker makes one of all symbols that carry one
// name: one plugin would run functions of the other's SDK on its own objects. Hence the version is part of each name,
// and none leaves its library, whatever flags that is compiled with. Classes of the plugin that derive from these, and
// templates of std, are kept in by what the CMake target Tenon::sdk sets: -fvisibility=hidden, -fno-gnu-unique and a
// version script.
#pragma once

// The attribute of a namespace counts for the body that it stands at, and for templates of std over the types in it.
#define TENON_SDK_VERSION v1 __attribute__((visibility("hidden")))
