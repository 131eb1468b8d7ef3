# Makes of an installed tree the tree of a Debian package. CPack runs this
# between the two (CPACK_PRE_BUILD_SCRIPTS).
if(NOT CPACK_GENERATOR STREQUAL DEB)
  return()
endif()
set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)
set(share ${usr}/share)
set(doc ${share}/doc/psmith)

# The best compression, and neither name nor time of the file (gzip -n).
function(compress)
  execute_process(COMMAND gzip -9n ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# As dh_strip does; the build id stays.
file(GLOB programs ${usr}/bin/*)
execute_process(COMMAND ${CPACK_STAGE_STRIP} --remove-section=.comment
  --remove-section=.note ${programs} COMMAND_ERROR_IS_FATAL ANY)

file(GLOB pages ${share}/man/man?/*.?)
compress(${pages})

file(MAKE_DIRECTORY ${share}/zsh/vendor-completions)
file(GLOB completions ${share}/zsh/site-functions/*)
file(COPY ${completions} DESTINATION ${share}/zsh/vendor-completions)
file(REMOVE_RECURSE ${share}/zsh/site-functions)

# The licence is in the file copyright.
file(REMOVE ${doc}/LICENSE)
file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog ${doc}/changelog.Debian
  COPYONLY)
compress(${doc}/changelog ${doc}/changelog.Debian)
configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright ${doc}/copyright COPYONLY)
file(MAKE_DIRECTORY ${share}/lintian/overrides)
configure_file(${CMAKE_CURRENT_LIST_DIR}/lintian-overrides
  ${share}/lintian/overrides/psmith COPYONLY)
