# CMake toolchain file for bare-metal programs for rv32imafc with GCC.
# The flags are those that `halite targets --json` states.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_CXX_COMPILER riscv64-unknown-elf-g++)
set(CMAKE_ASM_COMPILER riscv64-unknown-elf-gcc)
foreach(language C CXX ASM)
  set(CMAKE_${language}_FLAGS_INIT "-march=rv32imafc -mabi=ilp32f --specs=picolibc.specs")
endforeach()
# CMake tries the compiler before there is a start-up code and a link script to make a program with.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
# What `halite compile --target` calls this machine.
set(HALITE_TARGET riscv32f)
