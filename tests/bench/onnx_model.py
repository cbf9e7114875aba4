"""ONNX models made a node a line, random weights from a fixed seed. Needs nothing but Python: the few messages of ONNX
that occur are written by hand (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto)."""
import array
import math
import random
import struct
import sys

FLOAT, UINT8, INT8, INT32, INT64 = 1, 2, 3, 6, 7


# Protocol buffers: a field is its number and wire type, then a varint or a length and bytes.
def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def number(field, n):
    return varint(field << 3) + varint(n)


def text(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def real(field, x):
    return varint(field << 3 | 5) + struct.pack("<f", x)


def little_endian(code, values):
    data = array.array(code, values)
    if sys.byteorder == "big":
        data.byteswap()
    return data.tobytes()


def attribute(name, value):
    if isinstance(value, float):
        return text(1, name) + real(2, value) + number(20, 1)
    if isinstance(value, int):
        return text(1, name) + number(3, value) + number(20, 2)
    if isinstance(value, str):
        return text(1, name) + text(4, value) + number(20, 3)
    return text(1, name) + b"".join(number(8, v) for v in value) + number(20, 7)


def tensor(name, shape, dtype, raw):
    return b"".join(number(1, d) for d in shape) + number(2, dtype) + text(8, name) + text(9, raw)


def value_info(name, shape):
    dims = b"".join(text(1, number(1, d)) for d in shape)
    return text(1, name) + text(2, text(1, number(1, FLOAT) + text(2, dims)))


class Model:
    """A graph made a node a line; every method gives the name of the value that it makes."""

    def __init__(self, opset, seed):
        self.opset, self.random = opset, random.Random(seed)
        self.nodes, self.initializers, self.inputs, self.outputs = [], [], [], []

    def fresh(self, stem):
        return f"{stem}_{len(self.nodes) + len(self.initializers)}"

    def weight(self, stem, shape, scale, centre=0.0):
        name, r = self.fresh(stem), self.random.random
        values = [centre + scale * (2 * r() - 1) for _ in range(math.prod(shape))]
        self.initializers.append(tensor(name, shape, FLOAT, little_endian("f", values)))
        return name

    def constant(self, stem, shape, dtype, code, values):
        name = self.fresh(stem)
        self.initializers.append(tensor(name, shape, dtype, little_endian(code, values)))
        return name

    def scalar(self, value):
        return self.constant("constant", [], FLOAT, "f", [value])

    def integers(self, values):
        return self.constant("shape", [len(values)], INT64, "q", values)

    def node(self, op, inputs, outputs=1, **attributes):
        names = [self.fresh(op.lower()) + "_" * i for i in range(outputs)]
        body = b"".join(text(1, i) for i in inputs) + b"".join(text(2, o) for o in names)
        body += text(3, names[0]) + text(4, op)
        body += b"".join(text(5, attribute(k, v)) for k, v in attributes.items())
        self.nodes.append(body)
        return names[0] if outputs == 1 else names

    def write(self, path):
        graph = b"".join(text(1, n) for n in self.nodes) + text(2, "main")
        graph += b"".join(text(5, i) for i in self.initializers)
        graph += b"".join(text(11, i) for i in self.inputs) + b"".join(text(12, o) for o in self.outputs)
        with open(path, "wb") as file:
            file.write(number(1, 8) + text(7, graph) + text(8, text(1, "") + number(2, self.opset)))
