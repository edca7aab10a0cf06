// The whole C++17 SDK for providers, header-only, over <tenon/kernel_api/kernel_api.h>. Build a provider by the CMake
// target Tenon::sdk, or see version.hpp for what it sets.
#pragma once

#include <tenon/sdk/provider.hpp>
