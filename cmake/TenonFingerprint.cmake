# tenon_fingerprint(TARGET FILE FOLDER...): a target that writes the digest of all files below the folders as a string
# literal to FILE of the build tree, anew whenever one of them changes. What includes it depends on the target.
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
  add_custom_target(${target} DEPENDS ${output})
endfunction()
