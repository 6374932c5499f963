# What the compiler and the linker can do against defects that tests did not find. Each option is asked for, so that an older compiler
# or another processor builds with what it has; tests/lint/hardening.sh looks at what came out. Sanitizers bring their own checks.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckPIESupported)
check_pie_supported()

set(parley_hardening
  -fstack-protector-strong         # a canary behind arrays on the stack
  -fstack-clash-protection         # a large frame cannot jump over the guard page
  -fcf-protection=full             # x86: indirect jumps land on marked places only (CET)
  -fno-delete-null-pointer-checks  # a check stays even where the compiler thinks that it is too late
  -ftrivial-auto-var-init=zero     # a local that was forgotten reads as zero, not as what the stack held
  -mbranch-protection=standard)    # ARM: the same as the line of x86
foreach(flag IN LISTS parley_hardening)
  string(MAKE_C_IDENTIFIER "PARLEY_HAS${flag}" known)
  check_c_compiler_flag("-Werror ${flag}" ${known})
  if(${known})
    add_compile_options(${flag})
  endif()
endforeach()

# Checked forms of memcpy and others where the size is known: level 3 knows the sizes of allocations too. Needs optimisation.
set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
check_c_source_compiles("#include <string.h>\nint main(void) { return (int)strlen(\"\"); }" PARLEY_HAS_FORTIFY_3)
unset(CMAKE_REQUIRED_FLAGS)
if(PARLEY_HAS_FORTIFY_3)
  set(parley_fortify 3)
else()
  set(parley_fortify 2)
endif()
add_compile_options(-U_FORTIFY_SOURCE $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=${parley_fortify}>)

# Addresses are resolved at the start and then read-only; no page is both data and code.
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)
