option(MONGOELECTOR_BUILD_CLI "build the command line tool" ${PROJECT_IS_TOP_LEVEL})
option(MONGOELECTOR_BUILD_TESTS "build tests and examples; needs the tool" ${PROJECT_IS_TOP_LEVEL})
option(MONGOELECTOR_BUILD_BENCH "build the benchmarks" ${PROJECT_IS_TOP_LEVEL})
set(MONGOELECTOR_SANITIZE "" CACHE STRING
  "sanitizers for everything, e.g. address,undefined or thread; with clang's fuzzer-no-link there are fuzz targets too")

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
  endif()
  # Assertions stay on: a lock that is silently wrong is worse than one that stops.
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
  if(MONGOELECTOR_SANITIZE)
    set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1")  # instrumented code takes twice as long to compile
  endif()
  find_program(MONGOELECTOR_CCACHE ccache)
  if(MONGOELECTOR_CCACHE)
    # What it has to be told about precompiled headers.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${MONGOELECTOR_CCACHE})
  endif()
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
endif()

find_package(Threads REQUIRED)

# What every target of ours is compiled with; never leaks to users of the library.
add_library(mongoelector_build INTERFACE)
target_compile_features(mongoelector_build INTERFACE cxx_std_20)
target_include_directories(mongoelector_build INTERFACE
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(mongoelector_build INTERFACE Threads::Threads)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(mongoelector_build INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers -Werror)
endif()
if(MONGOELECTOR_CCACHE AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(mongoelector_build INTERFACE -fpch-preprocess)
endif()
if(MONGOELECTOR_SANITIZE)
  target_compile_options(mongoelector_build INTERFACE
    -fsanitize=${MONGOELECTOR_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(mongoelector_build INTERFACE -fsanitize=${MONGOELECTOR_SANITIZE})
endif()

# The C++ runtime inside of what starts often; some systems have no archive of it. Sanitizers bring one of their own.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LINK_OPTIONS -static-libstdc++)
check_cxx_source_compiles("#include <string>\nint main(int n, char** a) { return int(std::string(a[n - 1]).size()); }"
  MONGOELECTOR_RUNTIME_ARCHIVE)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
set(MONGOELECTOR_RUNTIME_INSIDE)
if(MONGOELECTOR_RUNTIME_ARCHIVE AND NOT MONGOELECTOR_SANITIZE)
  set(MONGOELECTOR_RUNTIME_INSIDE -static-libstdc++)
endif()

configure_file(${PROJECT_SOURCE_DIR}/include/mongoelector/version.h.in
  ${PROJECT_BINARY_DIR}/include/mongoelector/version.h @ONLY)

# commit.h, for whatever tells which commit it was built from.
set(MONGOELECTOR_COMMIT_DIR ${PROJECT_BINARY_DIR}/commit)
add_custom_target(me_commit BYPRODUCTS ${MONGOELECTOR_COMMIT_DIR}/base/commit.h
  COMMAND ${CMAKE_COMMAND} -DHEADER=${MONGOELECTOR_COMMIT_DIR}/base/commit.h -DSOURCE=${PROJECT_SOURCE_DIR}
    -P ${PROJECT_SOURCE_DIR}/cmake/commit.cmake)
