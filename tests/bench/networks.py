"""Networks by their published shapes, random weights: what the README's figures are measured with. In f32 batch
normalisations are folded into the weights, as converters do. In int8 every convolution, product and sum has quantize and
dequantize nodes around it, as PyTorch and ONNX Runtime write them: activations u8 with one scale, weights i8 with a scale
for each output channel, biases i32. Scales are guesses that keep random activations in range, and behind ReLU, ReLU6 and
softmax begin at 0, as calibration finds: only where the range implies the clamp can an engine drop it and fuse what is in
front. No network classifies anything."""
import math

from onnx_model import FLOAT, INT8, INT32, UINT8, Model, value_info

# Scale and zero point of activations in int8, by what made them.
RANGES = {"relu": (0.025, 0), "relu6": (6 / 255, 0), "softmax": (1 / 256, 0)}
SYMMETRIC = (0.05, 128)  # all others


class Network:
    """A model whose layers are a method each; a value is its name and its shape [channels, rows, columns]."""

    def __init__(self, seed, quantized):
        self.model, self.quantized = Model(13, seed), quantized
        self.scales = {}  # of values in int8, by name

    def noise(self, count):
        """So many bytes, -127 to 127."""
        return [b - 128 if b else 0 for b in self.model.random.randbytes(count)]

    def activation(self, x, kind=None):
        """Through int8 and back, in the range of `kind`; as it is in f32."""
        if not self.quantized:
            return x
        m, (size, least) = self.model, RANGES.get(kind, SYMMETRIC)
        scale, zero = m.scalar(size), m.constant("zero", [], UINT8, "B", [least])
        y = m.node("DequantizeLinear", [m.node("QuantizeLinear", [x, scale, zero]), scale, zero])
        self.scales[y] = size
        return y

    def moved(self, y, x):
        """y, whose elements are some of x."""
        if x in self.scales:
            self.scales[y] = self.scales[x]
        return y

    def parameters(self, x, shape, fan_in, axis=0):
        """Weights of a product with x, and a bias; output channels along `axis` of the weights."""
        m, channels, count = self.model, shape[axis], math.prod(shape)
        size, noise = math.sqrt(3 / fan_in) / 127, self.noise(count)
        if not self.quantized:
            weights = m.constant("w", shape, FLOAT, "f", [size * n for n in noise])
            return weights, m.constant("b", [channels], FLOAT, "f", [n / 1270 for n in self.noise(channels)])
        scales = [size * (1 + 0.1 * (c % 5)) for c in range(channels)]
        scale = m.constant("w_scale", [channels], FLOAT, "f", scales)
        zero = m.constant("w_zero", [channels], INT8, "b", [0] * channels)
        weights = m.constant("w", shape, INT8, "b", noise)
        weights = m.node("DequantizeLinear", [weights, scale, zero], axis=axis)
        scale = m.constant("b_scale", [channels], FLOAT, "f", [self.scales[x] * s for s in scales])
        zero = m.constant("b_zero", [channels], INT32, "i", [0] * channels)
        bias = m.constant("b", [channels], INT32, "i", self.noise(channels))
        return weights, m.node("DequantizeLinear", [bias, scale, zero], axis=0)

    def act(self, x, kind):
        m = self.model
        if kind == "relu":
            return m.node("Relu", [x])
        if kind == "relu6":
            return m.node("Clip", [x, m.scalar(0.0), m.scalar(6.0)])
        if kind == "silu":
            x = self.activation(x)
            return m.node("Mul", [x, self.activation(m.node("Sigmoid", [x]))])
        return x

    def input(self, channels, rows, columns):
        self.model.inputs.append(value_info("input", [1, channels, rows, columns]))
        return self.activation("input"), (channels, rows, columns)

    def conv(self, value, channels, kernel, stride=1, groups=1, act="relu", pad=None):
        x, (c, h, w) = value
        pad = kernel // 2 if pad is None else pad
        weights, bias = self.parameters(x, [channels, c // groups, kernel, kernel], c // groups * kernel * kernel)
        y = self.model.node("Conv", [x, weights, bias], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4,
                            group=groups)
        rows, columns = ((n + 2 * pad - kernel) // stride + 1 for n in (h, w))
        return self.activation(self.act(y, act), act), (channels, rows, columns)

    def depthwise(self, value, kernel, stride=1, act="relu"):
        return self.conv(value, value[1][0], kernel, stride, value[1][0], act)

    def add(self, a, b, act=None):
        return self.activation(self.act(self.model.node("Add", [a[0], b[0]]), act), act), a[1]

    def pool(self, value, kernel, stride, pad=0, ceil=0):
        x, (c, h, w) = value
        y = self.model.node("MaxPool", [x], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4,
                            ceil_mode=ceil)
        rows, columns = ((n + 2 * pad - kernel + (stride - 1) * ceil) // stride + 1 for n in (h, w))
        return self.moved(y, x), (c, rows, columns)

    def concat(self, values):
        c = sum(v[1][0] for v in values)
        return self.activation(self.model.node("Concat", [v[0] for v in values], axis=1)), (c, *values[0][1][1:])

    def upsample(self, value):
        x, (c, h, w) = value
        scales = self.model.constant("scales", [4], FLOAT, "f", [1, 1, 2, 2])
        y = self.model.node("Resize", [x, "", scales], mode="nearest", coordinate_transformation_mode="asymmetric",
                            nearest_mode="floor")
        return self.moved(y, x), (c, 2 * h, 2 * w)

    def mean(self, value):
        return self.activation(self.model.node("GlobalAveragePool", [value[0]])), (value[1][0], 1, 1)

    def linear(self, x, fan_in, fan_out):
        """Along the last axis, by weights [fan_in, fan_out]."""
        weights, bias = self.parameters(x, [fan_in, fan_out], fan_in, axis=1)
        return self.activation(self.model.node("Add", [self.model.node("MatMul", [x, weights]), bias]))

    def classify(self, value, classes=1000):
        x = self.activation(self.model.node("Flatten", [self.mean(value)[0]], axis=1))
        weights, bias = self.parameters(x, [classes, value[1][0]], value[1][0])
        y = self.activation(self.model.node("Gemm", [x, weights, bias], transB=1))
        self.output(y, [1, classes])

    def output(self, name, shape):
        self.model.outputs.append(value_info(name, shape))


def mobilenet_v1(n):
    x = n.conv(n.input(3, 224, 224), 32, 3, 2, act="relu6")
    for channels, stride in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]:
        x = n.conv(n.depthwise(x, 3, stride, "relu6"), channels, 1, act="relu6")
    n.classify(x)


def inverted(n, x, channels, kernel, stride, expand):
    """Mobile inverted bottleneck."""
    y = n.conv(x, x[1][0] * expand, 1, act="relu6") if expand > 1 else x
    y = n.conv(n.depthwise(y, kernel, stride, "relu6"), channels, 1, act=None)
    return n.add(x, y) if y[1] == x[1] else y


def mobilenet_v2(n):
    x = n.conv(n.input(3, 224, 224), 32, 3, 2, act="relu6")
    for expand, channels, count, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                                            (6, 160, 3, 2), (6, 320, 1, 1)]:
        for i in range(count):
            x = inverted(n, x, channels, 3, stride if i == 0 else 1, expand)
    n.classify(n.conv(x, 1280, 1, act="relu6"))


def efficientnet_lite0(n):
    x = n.conv(n.input(3, 224, 224), 32, 3, 2, act="relu6")
    for expand, channels, count, stride, kernel in [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
                                                    (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)]:
        for i in range(count):
            x = inverted(n, x, channels, kernel, stride if i == 0 else 1, expand)
    n.classify(n.conv(x, 1280, 1, act="relu6"))


def resnet(n, counts, bottleneck):
    x = n.pool(n.conv(n.input(3, 224, 224), 64, 7, 2), 3, 2, 1)
    for stage, count in enumerate(counts):
        width = 64 << stage
        channels = 4 * width if bottleneck else width
        for i in range(count):
            stride = 2 if i == 0 and stage > 0 else 1
            short = n.conv(x, channels, 1, stride, act=None) if i == 0 and (stage > 0 or bottleneck) else x
            if bottleneck:
                y = n.conv(n.conv(n.conv(x, width, 1), width, 3, stride), channels, 1, act=None)
            else:
                y = n.conv(n.conv(x, width, 3, stride), width, 3, act=None)
            x = n.add(y, short, "relu")
    n.classify(x)


def squeezenet11(n):
    x = n.pool(n.conv(n.input(3, 224, 224), 64, 3, 2, pad=0), 3, 2, ceil=1)
    for i, (squeeze, expand) in enumerate([(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)]):
        if i in (2, 4):
            x = n.pool(x, 3, 2, ceil=1)
        y = n.conv(x, squeeze, 1)
        x = n.concat([n.conv(y, expand, 1), n.conv(y, expand, 3)])
    y = n.mean(n.conv(x, 1000, 1))
    n.output(y[0], [1, 1000, 1, 1])


def yolox_nano(n):
    """Depth 0.33, width 0.25, depthwise; one output a level: box, objectness and 80 classes of each cell."""

    def dw(x, channels, kernel=3, stride=1):
        return n.conv(n.depthwise(x, kernel, stride, "silu"), channels, 1, act="silu")

    def csp(x, channels, count, shortcut=True):
        left, right = (n.conv(x, channels // 2, 1, act="silu") for _ in range(2))
        for _ in range(count):
            y = dw(n.conv(left, channels // 2, 1, act="silu"), channels // 2)
            left = n.add(left, y) if shortcut else y
        return n.conv(n.concat([left, right]), channels, 1, act="silu")

    image, (c, h, w) = n.input(3, 416, 416)
    m = n.model
    parts = [m.node("Slice", [image, m.integers([y, x]), m.integers([h, w]), m.integers([2, 3]), m.integers([2, 2])])
             for x in (0, 1) for y in (0, 1)]  # the focus layer
    x = n.conv(n.concat([(p, (c, h // 2, w // 2)) for p in parts]), 16, 3, act="silu")
    x = csp(dw(x, 32, 3, 2), 32, 1)
    c3 = x = csp(dw(x, 64, 3, 2), 64, 3)
    c4 = x = csp(dw(x, 128, 3, 2), 128, 3)
    x = n.conv(dw(x, 256, 3, 2), 128, 1, act="silu")
    x = n.conv(n.concat([x] + [n.pool(x, k, 1, k // 2) for k in (5, 9, 13)]), 256, 1, act="silu")
    c5 = csp(x, 256, 1, shortcut=False)
    top = n.conv(c5, 128, 1, act="silu")
    middle = n.conv(csp(n.concat([n.upsample(top), c4]), 128, 1, False), 64, 1, act="silu")
    p3 = csp(n.concat([n.upsample(middle), c3]), 64, 1, False)
    p4 = csp(n.concat([dw(p3, 64, 3, 2), middle]), 128, 1, False)
    p5 = csp(n.concat([dw(p4, 128, 3, 2), top]), 256, 1, False)
    for level in (p3, p4, p5):
        x = n.conv(level, 64, 1, act="silu")
        classes, boxes = (dw(dw(x, 64), 64) for _ in range(2))
        heads = [n.conv(boxes, 4, 1, act=None), n.conv(boxes, 1, 1, act=None), n.conv(classes, 80, 1, act=None)]
        y, shape = n.concat(heads)
        n.output(y, [1, *shape])


def bert_base(n, layers=2, tokens=128, width=768, heads=12):
    """Encoder blocks, normalised behind each sum. input [1, tokens, width]."""
    m, depth = n.model, width // heads

    def norm(x):
        scale, bias = m.weight("gamma", [width], 0.2, 1.0), m.weight("beta", [width], 0.2)
        centred = m.node("Sub", [x, m.node("ReduceMean", [x], axes=[-1])])
        variance = m.node("ReduceMean", [m.node("Mul", [centred, centred])], axes=[-1])
        root = m.node("Sqrt", [m.node("Add", [variance, m.scalar(1e-12)])])
        return n.activation(m.node("Add", [m.node("Mul", [m.node("Div", [centred, root]), scale]), bias]))

    def split(x, perm):
        return m.node("Transpose", [m.node("Reshape", [x, m.integers([1, tokens, heads, depth])])], perm=perm)

    def gelu(x):
        erf = m.node("Erf", [m.node("Div", [x, m.scalar(math.sqrt(2))])])
        return n.activation(m.node("Mul", [m.node("Mul", [x, m.node("Add", [erf, m.scalar(1.0)])]), m.scalar(0.5)]))

    m.inputs.append(value_info("input", [1, tokens, width]))
    x = n.activation("input")
    for _ in range(layers):
        q, k, v = (n.linear(x, width, width) for _ in range(3))
        q, k, v = split(q, [0, 2, 1, 3]), split(k, [0, 2, 3, 1]), split(v, [0, 2, 1, 3])
        scores = n.activation(m.node("Div", [m.node("MatMul", [q, k]), m.scalar(math.sqrt(depth))]))
        mixed = n.activation(m.node("MatMul", [n.activation(m.node("Softmax", [scores], axis=-1), "softmax"), v]))
        rows = m.node("Transpose", [mixed], perm=[0, 2, 1, 3])
        mixed = n.moved(m.node("Reshape", [rows, m.integers([1, tokens, width])]), mixed)
        x = norm(m.node("Add", [x, n.linear(mixed, width, width)]))
        x = norm(m.node("Add", [x, n.linear(gelu(n.linear(x, width, 4 * width)), 4 * width, width)]))
    n.output(x, [1, tokens, width])


NETWORKS = {
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": mobilenet_v2,
    "resnet18": lambda n: resnet(n, [2, 2, 2, 2], False),
    "resnet50": lambda n: resnet(n, [3, 4, 6, 3], True),
    "squeezenet11": squeezenet11,
    "yolox_nano": yolox_nano,
    "efficientnet_lite0": efficientnet_lite0,
    "bert_base": bert_base,
}


def make(name, quantized):
    network = Network(list(NETWORKS).index(name) + 1, quantized)
    NETWORKS[name](network)
    return network.model
