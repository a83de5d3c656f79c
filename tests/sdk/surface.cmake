# penstock-surface: every type of the SDK with debug information, to be looked at and never loaded. Paths are mapped away and
# nothing is optimised, so that it is the same wherever one compiler builds it.
set(include ${PROJECT_SOURCE_DIR}/host/include)
file(GLOB headers RELATIVE ${include} CONFIGURE_DEPENDS ${include}/penstock/*.h)
list(SORT headers)
list(TRANSFORM headers REPLACE "(.+)" "#include \"\\1\"\n")
list(JOIN headers "" headers)
file(CONFIGURE OUTPUT surface/sdk_headers.h CONTENT "#pragma once\n${headers}" @ONLY)

# Classes are described where they are used, not only where their virtual functions are.
set(whole $<IF:$<CXX_COMPILER_ID:GNU>,-femit-class-debug-always,-fstandalone-debug>)
add_library(penstock-surface MODULE surface.cpp)
target_include_directories(penstock-surface PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/surface)
target_compile_options(penstock-surface PRIVATE -O0 -g ${whole} -U_FORTIFY_SOURCE -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
                                                -ffile-prefix-map=${PROJECT_BINARY_DIR}=.)
target_link_libraries(penstock-surface PRIVATE penstock::sdk)
target_link_options(penstock-surface PRIVATE -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/surface.map)
set_target_properties(penstock-surface PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET default VISIBILITY_INLINES_HIDDEN ON
                      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
                      LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/surface.map)

add_test(NAME sdk.layout COMMAND ${PROJECT_SOURCE_DIR}/packaging/abi-layout $<TARGET_FILE:penstock-surface>)
list(APPEND tests sdk.layout)
