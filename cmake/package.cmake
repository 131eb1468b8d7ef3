# cmake --install, and the Debian package (the target package, or cpack).
#
# A plain install follows the GNU folders below its --prefix. What Debian wants
# otherwise (compressed man pages, its names of the documents, its folder of
# zsh's completions) cmake/debian/stage.cmake does to the tree that becomes the
# package.
include(GNUInstallDirs)
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE
  OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

install(TARGETS ${PSMITH_PROGRAMS})
foreach(section 1 5 7)
  file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/man/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
install(DIRECTORY completions/bash/
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(DIRECTORY completions/zsh/
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(DIRECTORY completions/fish/
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR}
  USE_SOURCE_PERMISSIONS)

set(CPACK_GENERATOR DEB)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  ${CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS})
set(CPACK_PACKAGE_NAME psmith)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "parameter server for the shell")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"psmith trains models on a parameter server, and serves them, from the shell.
Five small programs talk to each other, peer to peer: a pipe on a laptop and
a cluster of Linux boxes run the same commands. The same job gives the same
model file, byte for byte, for any number of workers and servers, in one
process or on many machines, and when workers die and others join on the way.
.
Data is CSV, TSV or libsvm text; a model file is safetensors, which Python
reads too.
.
This build needs a processor of the level ${PSMITH_ARCH}; on a lesser one the
programs say so and end.")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "psmith contributors <psmith@example.org>")
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/debian/stage.cmake)
set(CPACK_STAGE_STRIP ${CMAKE_STRIP})
include(CPack)
