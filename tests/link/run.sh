#!/bin/bash
# Builds the project in this folder by make or by CMake for a microcontroller, runs it under QEMU and looks at what it
# says. Exit status 77: compiler or emulator is not here.
#
#   tests/link/run.sh make|cmake TARGET
set -euo pipefail
cd "$(dirname "$0")"
tool=$1 target=$2
halite=$(realpath "${HALITE:-../../build/halite}")
case $target in
  cortex-*) needs=(arm-none-eabi-gcc qemu-system-arm) ;;
  *) needs=(riscv64-unknown-elf-gcc qemu-system-riscv32) ;;
esac
for program in "${needs[@]}" "$tool"; do
  command -v "$program" >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
run=(make -s HALITE="$halite" TARGET="$target" BUILD="$out")
if [ "$tool" = cmake ]; then
  {
    cmake -S . -B "$out" -DCMAKE_TOOLCHAIN_FILE="$PWD/../../targets/$target/toolchain.cmake" -DHALITE="$halite" &&
      cmake --build "$out"
  } >"$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }
  run+=(-o "$out/digits.elf")  # the Makefile knows how to run it, and is told that it is up to date
fi
answer=$(timeout 120 "${run[@]}" run 2>&1)
echo "$target by $tool: $answer"
[[ $answer == *"digit 2, 0 scores differ: passed"* ]]
