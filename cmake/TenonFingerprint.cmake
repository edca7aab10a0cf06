# tenon_fingerprint(TARGET FILE FOLDER...): before TARGET's sources are compiled, the digest of all files below the folders
# becomes a string literal in FILE of the build tree, anew whenever one of them changes.
function(tenon_fingerprint target file)
  set(sources "")
  foreach(folder IN LISTS ARGN)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*)
    list(APPEND sources ${found})
  endforeach()
  list(JOIN ARGN "," folders)
  set(output ${CMAKE_BINARY_DIR}/generated/${file})
  set(script ${PROJECT_SOURCE_DIR}/cmake/write_fingerprint.cmake)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DFOLDERS=${folders} -P ${script}
    DEPENDS ${sources} ${script} VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
