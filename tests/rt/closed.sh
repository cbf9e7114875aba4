#!/bin/sh
# closed.sh TOOLS BITCODE WORK: compiles the runtime's bitcode for machines without floating point, division and the
# like, and checks that nothing is missing (the objects of a machine together have no undefined symbol) and that no
# function calls itself, directly or by way of others, which would mean that a back end made a call to memcpy out of
# memcpy's own loop, or to a comparison out of the comparison.
set -eu
tools=$1 bitcode=$2 work=$3
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

check thumb -mtriple=thumbv6m-none-eabi -mcpu=cortex-m0plus
check thumb -mtriple=thumbv7m-none-eabi -mcpu=cortex-m3
check thumb -mtriple=thumbv7em-none-eabihf -mcpu=cortex-m4
check riscv32 -mtriple=riscv32 -mattr=+m,+c
check riscv32f -mtriple=riscv32 -mattr=+m,+a,+f,+c -target-abi=ilp32f
check riscv64 -mattr=+m,+a,+f,+d,+c
check armv7 -mattr=+neon
check aarch64
check x86_64
exit $status
