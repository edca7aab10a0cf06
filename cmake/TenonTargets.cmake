# Settings that every target of the project shares, and the functions that make its kinds of target.

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(TENON_CCACHE ccache)
if(TENON_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${TENON_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TENON_CCACHE})
endif()

if(TENON_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(TENON_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(TENON_SANITIZE)
  message(FATAL_ERROR "TENON_SANITIZE is '${TENON_SANITIZE}'; it must be address, thread, or empty")
endif()

# Warnings of our own code; not of headers that we include from elsewhere. gcc 12 takes the joining of strings for
# overlapping copies: -Wrestrict is off.
function(tenon_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror -Wshadow -Wno-missing-field-initializers
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
  if(TENON_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Under sanitizers gcc 12 raises false alarms in the standard library; the release build judges warnings.
    target_compile_options(${target} PRIVATE -Wno-error)
  endif()
endfunction()

# A provider library: lib<name>.so in lib/tenon/providers, on the SDK alone.
function(tenon_add_provider name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE tenon_sdk)
  set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/tenon/providers)
  target_compile_definitions(${name} PRIVATE TENON_VERSION="${PROJECT_VERSION}")
  tenon_warnings(${name})
  install(TARGETS ${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/tenon/providers)
endfunction()
