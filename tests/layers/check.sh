#!/bin/bash
# The layering table as a test: which module may include which, and which third-party headers where; that machines'
# names stay in targets/; that files stay short. Prints every violation and fails if there is one.
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"

# Modules that each may include (its own is understood), and third-party header prefixes, both as regular expressions.
modules_of() {
  case $1 in
    rt) echo 'none' ;;
    targets) echo 'none' ;;
    ir) echo 'none' ;;
    frontend) echo 'ir' ;;
    schedules) echo 'ir|targets' ;;
    codegen) echo 'ir|schedules|targets|rt' ;;
    tools) echo 'ir|frontend|schedules|codegen|targets|rt' ;;
  esac
}
third_party_of() { # file
  case $1 in
    rt/bitcode.h) echo 'span|string_view' ;;  # the compiler's door to the embedded runtime
    rt/platform/posix.*) echo 'pthread\.h|sched\.h|unistd\.h|stdlib\.h|stdatomic\.h|sys/.*' ;;
    targets/host/*) echo 'sys/auxv\.h|sys/syscall\.h|unistd\.h|cpuid\.h' ;;  # what this machine is
    frontend/onnx/*) echo 'onnx/.*|google/protobuf/.*' ;;
    frontend/tflite/* | frontend/megengine/*) echo 'flatbuffers/.*' ;;
    schedules/*) echo 'Halide\.h' ;;
    # The stages that decide, and what the other modules see, stay free of LLVM and Halide.
    codegen/compile.h | codegen/jit.h | codegen/link.h | codegen/plan.* | codegen/order.* | codegen/partition.h | codegen/views.*) echo 'none' ;;
    codegen/cache.*) echo 'xxhash\.h|sys/.*|fcntl\.h|unistd\.h' ;;
    codegen/*) echo 'Halide\.h|llvm/.*|lld/.*|flatbuffers/.*|xxhash\.h|sys/.*|fcntl\.h|unistd\.h|poll\.h|signal\.h|spawn\.h|stdlib\.h' ;;
    tools/npy.cpp) echo 'xtensor/.*' ;;
    tools/peak.cpp) echo 'immintrin\.h' ;;  # the host's dot products
    tools/*) echo 'CLI/.*|nlohmann/.*|fmt/.*|unistd\.h|sys/.*' ;;
    *) echo 'none' ;;
  esac
}
# The C++ standard library has neither a slash nor an ending; C's freestanding headers are allowed everywhere.
readonly standard='[a-z_0-9]+'
readonly freestanding='(stddef|stdint|stdbool|stdarg|stdalign|limits|float)\.h'

violations=0
complain() {
  echo "$*" >&2
  violations=$((violations + 1))
}

sources() { find "$@" -name '*.[ch]' -o -name '*.cpp' | sort; }

for module in rt targets ir frontend schedules codegen tools; do
  [ -d $module ] || continue
  modules="$module|$(modules_of $module)"
  while IFS=: read -r file line include; do
    path=$(sed -E 's/.*#include *[<"]([^>"]+)[>"].*/\1/' <<<"$include")
    if [[ $include == *\"* ]]; then
      [[ $path != */* || -e $(dirname "$file")/$path ]] && continue  # beside the file
      # The driver is a program around the runtime, in the role of a user's.
      [[ $file == targets/driver/* && $path =~ ^rt/(halite|bitcode)\.h$ ]] && continue
      [[ $path =~ ^($modules)/ ]] || complain "$file:$line: $module may not include \"$path\""
      if [ $module = schedules ] && [[ $path == targets/* && $path != targets/target.h ]]; then
        complain "$file:$line: schedules may include nothing of targets but targets/target.h"
      fi
    else
      [[ $path =~ ^($freestanding)$ ]] && continue
      [[ $module != rt && $path =~ ^($standard)$ ]] && continue
      [[ $path =~ ^($(third_party_of "$file"))$ ]] || complain "$file:$line: <$path> is not allowed here"
    fi
  done < <(sources $module | xargs -r grep -nE '^ *#include' -H || true)
done

# Schedules, IR and front ends read facts, never names. `host` is an everyday word.
for directory in targets/*/; do
  name=$(basename "$directory")
  [ "$name" = host ] || [ "$name" = '*' ] && continue
  while IFS= read -r hit; do
    complain "$hit: names the target $name; read a fact (targets/target.h) instead"
  done < <(sources schedules ir frontend | xargs -r grep -nwF -- "$name" | cut -d: -f1,2 || true)
done

readonly max_lines=600 max_readme=40
while read -r lines file; do
  [ "$file" = total ] && continue
  [ "$lines" -le $max_lines ] || complain "$file: $lines lines; the limit is $max_lines: split it"
done < <(git ls-files '*.c' '*.h' '*.cpp' '*.cmake' '*.txt' 'tools/*' | grep -v '^tests/data/' | xargs -r wc -l)
while read -r lines file; do
  [ "$file" = total ] && continue
  [ "$lines" -le $max_readme ] || complain "$file: $lines lines; a folder's README has at most $max_readme"
done < <(git ls-files '*/README.md' | xargs -r wc -l)

[ $violations -eq 0 ] || { echo "$violations violations" >&2; exit 1; }
