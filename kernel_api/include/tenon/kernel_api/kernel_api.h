/* The whole kernel ABI, version 1. docs/kernel_abi.md explains it; examples/providers/ holds a complete plugin in C99.
 */
#ifndef TENON_KERNEL_API_H
#define TENON_KERNEL_API_H

#include <tenon/kernel_api/descriptor.h>
#include <tenon/kernel_api/provider.h>

#endif /* TENON_KERNEL_API_H */
