# Writes HEADER, if it would say something else: which commit a build is of. Run at each build, not when CMake is.
execute_process(COMMAND git describe --always --dirty WORKING_DIRECTORY ${SOURCE}
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define MONGOELECTOR_COMMIT \"${commit}\"\n")
