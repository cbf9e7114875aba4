#!/bin/sh
# machines.sh TOOLS BITCODE WORK: compiles the runtime's bitcode for machines without floating point, division and the
# like, and checks that nothing is missing (the objects of a machine together have no undefined symbol) and that no
# function calls itself, directly or by way of others, which would mean that a back end made a call to memcpy out of
# memcpy's own loop, or to a comparison out of the comparison. Then runs calls.c, whose operators are such calls,
# under QEMU's user mode, if it is installed.
set -eu
tools=$1 bitcode=$2 work=$3 here=$(dirname "$0")
status=0

check() { # ABI [llc options]
  abi=$1
  shift
  dir=$work/$abi$(echo "$*" | tr -c 'a-z0-9\n' '_')
  rm -rf "$dir"
  mkdir -p "$dir"
  for file in "$bitcode/$abi"/*.bc; do
    # The machine is that of the command line, not the ABI's least one.
    "$tools/llvm-dis" "$file" -o - | sed -E 's/"(target-cpu|target-features|use-soft-float)"="[^"]*"//g' |
      "$tools/llc" -O2 --function-sections "$@" -filetype=obj -o "$dir/$(basename "$file").o"
  done
  "$tools/ld.lld" -r "$dir"/*.o -o "$dir/all"
  undefined=$("$tools/llvm-nm" -u "$dir/all")
  # One line "caller callee" a relocation in a function's section.
  "$tools/llvm-objdump" -r "$dir"/*.o | awk '
    /RELOCATION RECORDS FOR/ { caller = $4; gsub("\\[|\\]|:", "", caller); code = sub(/^\.text\./, "", caller); next }
    code && NF == 3 && $2 ~ /^R_/ {
      callee = $3; sub(/[+-]0x.*/, "", callee); sub(/^\.text\./, "", callee)
      if (callee !~ /^[.$]/) print caller, callee
    }' | sort -u > "$dir/calls"
  self=$(awk '$1 == $2 { print $1 }' "$dir/calls")
  loops=$(tsort "$dir/calls" 2>&1 >/dev/null || true)
  [ -s "$dir/calls" ] || undefined="$undefined (no calls found at all)"
  if [ -n "$undefined$self$loops" ]; then
    echo "$abi $*: undefined: $undefined; calls itself: $self; $loops"
    status=1
  else
    echo "$abi $*: $(wc -l < "$dir/calls") calls, closed"
  fi
}

run() { # EMULATOR [clang options]; of the machine last checked
  emulator=$1
  shift
  if ! command -v "$emulator" >/dev/null; then
    echo "  not run: no $emulator"
    return
  fi
  "$tools/clang" "$@" -std=c11 -O1 -fomit-frame-pointer -ffreestanding -nostdlib -fuse-ld=lld --ld-path="$tools/ld.lld" \
    "$here/calls.c" "$dir/all" -o "$dir/program"
  if "$emulator" "$dir/program"; then
    echo "  calls.c runs under $emulator"
  else
    echo "  calls.c: line $? (modulo 251) is wrong under $emulator"
    status=1
  fi
}

check thumb -mtriple=thumbv6m-none-eabi -mcpu=cortex-m0plus
run qemu-arm --target=thumbv6m-none-eabi -mfloat-abi=soft
check thumb -mtriple=thumbv7m-none-eabi -mcpu=cortex-m3
run qemu-arm --target=thumbv7m-none-eabi -mfloat-abi=soft
check thumb -mtriple=thumbv7em-none-eabihf -mcpu=cortex-m4
run qemu-arm --target=thumbv7em-none-eabihf -mcpu=cortex-m4 -mfloat-abi=hard
check riscv32 -mtriple=riscv32 -mattr=+m,+c
run qemu-riscv32 --target=riscv32 -march=rv32imc -mabi=ilp32
check riscv32f -mtriple=riscv32 -mattr=+m,+a,+f,+c -target-abi=ilp32f
run qemu-riscv32 --target=riscv32 -march=rv32imafc -mabi=ilp32f
check riscv64 -mattr=+m,+a,+f,+d,+c
check armv7 -mattr=+neon
check aarch64
check x86_64
exit $status
