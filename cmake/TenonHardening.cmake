# Hardening of all that the project builds, as far as compiler and linker know it; tests/binaries reads what came of it.
include(CheckCXXCompilerFlag)
include(CheckLinkerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C CXX)

# Debian 12 does not mark the start files of its C library for CET (-fcf-protection), so nothing linked there is marked.
foreach(flag -fstack-protector-strong -fcf-protection)
  string(MAKE_C_IDENTIFIER "TENON_HAS${flag}" known)
  check_cxx_compiler_flag(${flag} ${known})
  if(${known})
    add_compile_options(${flag})
  endif()
endforeach()

# now: the host binds providers at once in any case, and what the host binds when it is loaded, an open need not.
# text: a relocation in code is an error of the link.
foreach(flag -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,text)
  string(MAKE_C_IDENTIFIER "TENON_HAS${flag}" known)
  check_linker_flag(CXX ${flag} ${known})
  if(${known})
    add_link_options(${flag})
  endif()
endforeach()

# Sanitizers check the same calls, and replace them.
if(NOT TENON_SANITIZE AND NOT TENON_BUILD_FUZZERS)
  add_compile_options("$<$<CONFIG:Release>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
endif()
