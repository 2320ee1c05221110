# How every target of the project is built.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(dsq_options INTERFACE)
# -Wno-maybe-uninitialized: g++ 12 warns wrongly about moved-from std::string in std::variant.
# -ffp-contract=off: no fused multiply-add unless written, so every machine computes the same bits (SEMANTICS.md).
target_compile_options(dsq_options INTERFACE -Wall -Wextra -Wpedantic
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized> -ffp-contract=off
                       $<$<BOOL:${DSQ_WERROR}>:-Werror>)
target_compile_features(dsq_options INTERFACE cxx_std_20)
if(DSQ_SANITIZE)
  set(sanitizers -fsanitize=address,undefined)
  if(DSQ_FUZZ)
    list(APPEND sanitizers -fsanitize=fuzzer-no-link)
  endif()
  target_compile_options(dsq_options INTERFACE ${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(dsq_options INTERFACE ${sanitizers})
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(dsq_options INTERFACE -march=${DSQ_ARCH})
endif()
target_include_directories(dsq_options INTERFACE ${PROJECT_SOURCE_DIR})

# dsq_library(name SOURCES a.cc ... [LINK targets ...] [PRIVATE targets ...])
function(dsq_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  add_library(dsq_${name} STATIC ${ARG_SOURCES})
  add_library(dsq::${name} ALIAS dsq_${name})
  target_link_libraries(dsq_${name} PUBLIC dsq_options ${ARG_LINK} PRIVATE ${ARG_PRIVATE})
  set_target_properties(dsq_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# Tests run beside each other, and a thread that spins at a barrier keeps others from running (cli/spin.cc).
set(DSQ_TEST_ENVIRONMENT GOMP_SPINCOUNT=3000)

# The tests that the sanitizer build runs: `cmake --build --preset dev --target sanitized`, then `ctest --preset dev`.
add_custom_target(sanitized)
function(dsq_sanitized target)  # dsq_sanitized(target tests ...)
  add_dependencies(sanitized ${target})
  set_property(TEST ${ARGN} APPEND PROPERTY LABELS sanitize)
endfunction()

# dsq_test(name SOURCES a.cc ... LINK targets ... [LABEL fast|slow] [ARGS ...] [SANITIZE])
function(dsq_test name)
  cmake_parse_arguments(ARG "SANITIZE" "LABEL" "SOURCES;LINK;ARGS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE dsq_options ${ARG_LINK} GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} ${ARG_ARGS} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(NOT ARG_LABEL)
    set(ARG_LABEL fast)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} ENVIRONMENT "${DSQ_TEST_ENVIRONMENT}")
  if(ARG_SANITIZE)
    dsq_sanitized(${name} ${name})
  endif()
endfunction()

# dsq_python_test(name SCRIPT a.py [VENV] [LABEL fast|slow] [ARGS ...])
# Runs with /usr/bin/python3, or with VENV in an environment that has the packages of tests/requirements.txt.
function(dsq_python_test name)
  cmake_parse_arguments(ARG "VENV" "SCRIPT;LABEL" "ARGS" ${ARGN})
  set(python /usr/bin/python3)
  if(ARG_VENV)
    set(python ${PROJECT_BINARY_DIR}/venv/bin/python)
  endif()
  add_test(NAME ${name} COMMAND ${python} -B ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SCRIPT} ${ARG_ARGS}
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(NOT ARG_LABEL)
    set(ARG_LABEL fast)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} ENVIRONMENT "${DSQ_TEST_ENVIRONMENT}")
  if(ARG_VENV)
    set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED venv)
  endif()
endfunction()
