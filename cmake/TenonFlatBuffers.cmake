# tenon_add_schemas(target schema...): an interface library that compiles FlatBuffers schemas and gives the headers to who
# links it. host/a/b.fbs becomes "host/a/b_generated.h".
find_program(TENON_FLATC flatc REQUIRED)

function(tenon_add_schemas target)
  set(headers)
  foreach(schema ${ARGN})
    get_filename_component(schema ${schema} ABSOLUTE)
    file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR} ${schema})
    get_filename_component(folder ${name} DIRECTORY)
    get_filename_component(stem ${name} NAME_WE)
    set(output ${CMAKE_BINARY_DIR}/generated/${folder})
    add_custom_command(OUTPUT ${output}/${stem}_generated.h
      COMMAND ${TENON_FLATC} --cpp -o ${output} ${schema}
      DEPENDS ${schema} VERBATIM)
    list(APPEND headers ${output}/${stem}_generated.h)
  endforeach()
  add_custom_target(${target}_headers DEPENDS ${headers})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_headers)
  target_include_directories(${target} SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/generated)
endfunction()
