// The whole C++17 SDK for providers, header-only, over <tenon/kernel_api/kernel_api.h>.
#pragma once

#include <tenon/sdk/provider.hpp>
