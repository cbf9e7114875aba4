#!/bin/bash
# The README's C program with a compiled object, by the target's real toolchain: built with the flags that `halite
# targets` states, linked with its libc, run here or under QEMU on the picture of a 2. Exit status 77: the toolchain or
# emulator is not here.
#
#   tests/readme/run.sh TARGET
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$1
halite=${HALITE:-build/halite}
model=tests/data/models/mnist_8

facts=$("$halite" targets --json | sed -n "/\"name\": \"$target\",/,/\"runs_here\"/p")
read -r -a cc <<<"$(sed -n 's/^ *"toolchain": "\(.*\)",$/\1/p' <<<"$facts")"
command -v "${cc[0]}" >/dev/null || { echo "skipped: ${cc[0]} is not installed"; exit 77; }

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# The first of its pieces of C is a whole program.
awk '/^```c$/ { inside = !seen++; next } /^```$/ { inside = 0 } inside' README.md >"$out/main.c"
"$halite" compile $model/model.onnx --name digits -o "$out" --target "$target" >/dev/null
undefined=$("${cc[0]%gcc}nm" -u "$out/digits.o" 2>/dev/null || nm -u "$out/digits.o")
[ -z "$undefined" ] || { echo "undefined symbols: $undefined" >&2; exit 1; }

tail -c $((28 * 28 * 4)) $model/test_data_set_0/input_0.npy >"$out/picture"

# Boards have no standard input for bytes: there fread copies the picture from the program itself.
use_picture_in_program() {
  {
    echo '#ifndef __ASSEMBLER__'
    echo '#include <stdio.h>'
    echo '#include <string.h>'
    echo 'static const unsigned char picture[] = {'
    od -An -v -tu1 "$out/picture" | sed 's/ *\([0-9]\+\)/\1,/g'
    echo '};'
    echo 'static size_t read_picture(void *to, size_t size, size_t n, FILE *from) {'
    echo '  (void)from; memcpy(to, picture, size * n); return n; }'
    echo '#define fread read_picture'
    echo '#endif'
  } >"$out/picture.h"
  flags+=(-include "$out/picture.h")
}

flags=() run=()
case $target in
  host | x86-64*) run=("$out/digits") ;;
  arm64 | arm64-v8.2) flags=(-static) run=(qemu-aarch64 -cpu max "$out/digits") ;;
  armv7) flags=(-static) run=(qemu-arm -cpu max "$out/digits") ;;
  riscv64*) flags=(-static) run=(qemu-riscv64 -cpu rv64,v=true,vlen=128 "$out/digits") ;;
  cortex-*)
    origin=0
    case $target in
      cortex-m0plus | cortex-m3) board=mps2-an385 ;;
      cortex-m4) board=mps2-an386 ;;
      cortex-m7) board=mps2-an500 ;;
      cortex-m33) board=mps2-an505 origin=0x10000000 ;;
      cortex-m55) board=mps3-an547 ;;
    esac
    flags=(-T tests/link/cortex-m.ld -Wl,--defsym=ORIGIN_OF_RAM=$origin tests/link/cortex-m.S)
    use_picture_in_program
    run=(qemu-system-arm -M $board -display none -serial none -monitor none -semihosting -kernel "$out/digits") ;;
  riscv32*)
    flags=(--crt0=semihost --oslib=semihost -Wl,--defsym=__flash=0x80000000,--defsym=__flash_size=2M
      -Wl,--defsym=__ram=0x80200000,--defsym=__ram_size=2M,--defsym=__stack_size=16k)
    use_picture_in_program
    run=(qemu-system-riscv32 -M virt -bios none -display none -serial none -monitor none -semihosting -kernel "$out/digits") ;;
  *) echo "skipped: no way to run $target with its toolchain here"; exit 77 ;;
esac
"${cc[@]}" -O2 -I"$out" "$out/main.c" "$out/digits.o" "${flags[@]}" -o "$out/digits"
command -v "${run[0]}" >/dev/null || { echo "skipped: ${run[0]} is not installed"; exit 77; }

answer=$(timeout 60 "${run[@]}" <"$out/picture" 2>&1)  # one console on boards
echo "$target: $answer"
[[ $answer == *"This picture shows a 2."* ]]
