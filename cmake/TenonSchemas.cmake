# FlatBuffers schemas: host/<folder>/<name>.fbs becomes "host/<folder>/<name>_generated.h" in the build tree.
find_program(TENON_FLATC flatc REQUIRED)

set(TENON_GENERATED_DIR ${CMAKE_BINARY_DIR}/generated)
file(GLOB_RECURSE tenon_schemas CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/host/*.fbs)
set(TENON_SCHEMA_HEADERS "")
foreach(schema IN LISTS tenon_schemas)
  get_filename_component(folder ${schema} DIRECTORY)
  get_filename_component(name ${schema} NAME_WE)
  set(header ${TENON_GENERATED_DIR}/${folder}/${name}_generated.h)
  # Messages are written and read whole, as structs.
  set(style "")
  if(schema MATCHES "/isolation/")
    set(style --gen-object-api)
  endif()
  add_custom_command(OUTPUT ${header}
    COMMAND ${TENON_FLATC} --cpp ${style} --scoped-enums --reflect-types --cpp-std c++17 -o ${TENON_GENERATED_DIR}/${folder}
            ${PROJECT_SOURCE_DIR}/${schema}
    DEPENDS ${PROJECT_SOURCE_DIR}/${schema})
  list(APPEND TENON_SCHEMA_HEADERS ${header})
endforeach()
add_custom_target(tenon_schemas DEPENDS ${TENON_SCHEMA_HEADERS})

# Makes the headers before the target's sources, and lets these include them.
function(tenon_compile_schemas target)
  add_dependencies(${target} tenon_schemas)
  target_include_directories(${target} SYSTEM PRIVATE ${CMAKE_BINARY_DIR}/generated)
endfunction()
