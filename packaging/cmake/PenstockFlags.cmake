# Warnings are errors; hardening as the OpenSSF compiler guide recommends, without nodlopen, which would stop plugins.
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wformat=2 -Wimplicit-fallthrough)
if(PENSTOCK_WARNINGS_ARE_ERRORS)
  add_compile_options(-Werror)
endif()
add_compile_options(-fstack-clash-protection -fstack-protector-strong -fno-delete-null-pointer-checks
                    -fno-strict-overflow -fno-strict-aliasing)
add_compile_definitions(_GLIBCXX_ASSERTIONS BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_CONCEPTS)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-fcf-protection=full)
endif()
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack,--as-needed)
set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 warns falsely from inside libstdc++ and Boost when it inlines deeply.
  add_compile_options(-Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict)
endif()

if(PENSTOCK_SANITIZE)
  add_compile_options(-fsanitize=${PENSTOCK_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${PENSTOCK_SANITIZE})
  if(PENSTOCK_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(PENSTOCK_SANITIZE MATCHES "thread")
    # ThreadSanitizer does not understand fences; Asio's order nothing that its mutexes do not order already.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-ftrivial-auto-var-init=zero -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()

if(PENSTOCK_COVERAGE)
  # Threads count at once; without atomic counters some go below zero.
  add_compile_options(--coverage -O0 -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
