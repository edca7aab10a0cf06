// The same, where symbols may be one in the process.
#include "tests/conform/breaker.cc"
