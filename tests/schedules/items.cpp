// Which steps fall into items when an axis has several extents, and which do not.
#include "schedules/items.h"

#include <doctest/doctest.h>

#include "ir/text.h"

using namespace halite;
using namespace halite::schedules;

namespace {

std::string number(int64_t n) { return std::to_string(n); }

/// A graph of one group: all of its nodes, the last of them the anchor unless `anchor` says otherwise.
struct Step {
  Step(const std::string& text, const targets::Target& target, size_t anchor_node) : graph(*ir::parse(text)) {
    for (uint32_t i = 0; i < graph.nodes.size(); i++) group.nodes.push_back({i});
    group.anchor = group.nodes.at(anchor_node);
    for (auto id : graph.inputs) group.inputs.push_back(id);
    for (uint32_t i = 0; i < graph.values.size(); i++)
      if (graph.is_constant({i})) group.inputs.push_back({i});
    group.outputs = graph.outputs;
    request.emplace(Request{graph, group, {}, {}, target});
    for (auto id : group.inputs) request->inputs.push_back(operand(id));
    for (auto id : group.outputs) request->outputs.push_back(operand(id));
  }
  Operand operand(ir::ValueId id) const {
    return {graph.type(id), ir::contiguous_strides(graph.type(id).shape)};
  }
  ir::Graph graph;
  Group group;
  std::optional<Request> request;
};

/// The items of a group for several extents, with what they refer to.
struct Case {
  Case(const std::vector<int64_t>& extents, std::string (*text)(int64_t), int cores = 1, size_t anchor = 0) {
    target.facts.cores = cores;
    target.facts.vector_bits = 256;
    target.facts.vector_registers = 16;
    for (const int64_t n : extents) steps.push_back(std::make_unique<Step>(text(n), target, anchor));
    std::vector<const Request*> requests;
    for (const auto& step : steps) requests.push_back(&*step->request);
    items = Items::of(requests);
  }
  std::vector<int64_t> counts() const {
    std::vector<int64_t> counts;
    for (const auto& repeat : items->repeats()) counts.push_back(repeat.count);
    return counts;
  }
  targets::Target target = *targets::find("host");
  std::vector<std::unique_ptr<Step>> steps;
  std::unique_ptr<Items> items;
};

std::string graph(const std::string& inputs, const std::string& body) {
  return "graph \"g\" (" + inputs + ") -> (%y) {\n" + body + "\n}";
}

}  // namespace

TEST_CASE("images of a batch are items of a convolution, whose weights stay where they are") {
  const Case c({8, 3, 1}, [](int64_t n) {
    return graph(
        "%x: f32[" + number(n) + ",9,9,4]",
        "  const %w: f32[6,3,3,4] = #0000000000000001\n  %y: f32[" + number(n) + ",7,7,6] = conv2d(%x, %w)");
  });
  REQUIRE(c.items);
  CHECK(c.counts() == std::vector<int64_t>{8, 3, 1});
  const Request& item = c.items->request();
  CHECK(item.inputs[0].type.shape == ir::Shape{1, 9, 9, 4});
  CHECK(item.outputs[0].type.shape == ir::Shape{1, 7, 7, 6});
  CHECK(item.steps == std::vector<int64_t>{9 * 9 * 4, 0, 7 * 7 * 6});
  CHECK_FALSE(item.items_in_tasks);
}

TEST_CASE("an item is as long as all extents allow") {
  const Case c({48, 32}, [](int64_t n) {
    return graph("%x: f32[" + number(n) + ",64]", "  %y: f32[" + number(n) + ",64] = softmax(%x) axis=1");
  });
  REQUIRE(c.items);
  CHECK(c.counts() == std::vector<int64_t>{3, 2});
  CHECK(c.items->request().inputs[0].type.shape == ir::Shape{16, 64});
  CHECK(c.items->request().steps == std::vector<int64_t>{16 * 64, 16 * 64});
}

TEST_CASE("where rows are as long as the axis, nothing lies at a fixed distance") {
  const Case c({6, 4}, [](int64_t n) {
    return graph("%x: f32[" + number(n) + ",5,64]",
                 "  %y: f32[5," + number(n) + ",64] = transpose(%x) perm=[1,0,2]");
  });
  // Rows of the output are as long as the axis, so they lie elsewhere for each extent.
  CHECK_FALSE(c.items);
}

TEST_CASE("operators' own extents are those of an item") {
  const Case c({6, 4}, [](int64_t n) {
    return graph("%x: f32[" + number(n) + ",8,64]",
                 "  %y: f32[" + number(n) + ",4,64] = slice(%x) start=[0,2,0] step=[1,1,1] sizes=[" +
                     number(n) + ",4,64]");
  });
  REQUIRE(c.items);
  const auto& op = c.items->request().graph.node(c.items->request().group.anchor).op;
  CHECK(std::get<ir::Slice>(op).sizes == ir::Shape{2, 4, 64});
}

TEST_CASE("what works across the axis does not fall into items") {
  const auto is_whole = [](std::string (*text)(int64_t)) { return Case({4, 2}, text).items == nullptr; };
  CHECK(is_whole([](int64_t n) {
    return graph("%x: f32[" + number(n) + ",64]", "  %y: f32[1,64] = reduce(%x) kind=sum axes=[0]");
  }));
  CHECK(is_whole([](int64_t n) {
    return graph("%x: f32[" + number(n) + ",64]", "  %y: f32[" + number(n) + ",64] = softmax(%x) axis=0");
  }));
  CHECK(is_whole([](int64_t n) {
    return graph("%x: f32[" + number(n) + ",64]",
                 "  %y: f32[" + number(n + 1) + ",64] = pad(%x) before=[1,0] after=[0,0]");
  }));
  CHECK(is_whole([](int64_t n) {
    return graph("%x: f32[" + number(n) + ",64], %z: f32[" + number(n) + ",64]",
                 "  %y: f32[" + number(2 * n) + ",64] = concat(%x, %z) axis=0");
  }));
  CHECK(is_whole([](int64_t n) {  // columns of the right-hand matrix
    return graph("%a: f32[64,32], %b: f32[32," + number(16 * n) + "]",
                 "  %y: f32[64," + number(16 * n) + "] = matmul(%a, %b)");
  }));
}

TEST_CASE("matrices of a batch are items, rows only if each weight is used often enough") {
  const Case batch({4, 2}, [](int64_t n) {
    return graph("%a: f32[" + number(n) + ",8,32], %b: f32[" + number(n) + ",32,8]",
                 "  %y: f32[" + number(n) + ",8,8] = matmul(%a, %b)");
  });
  REQUIRE(batch.items);
  CHECK(batch.items->request().steps == std::vector<int64_t>{2 * 8 * 32, 2 * 32 * 8, 2 * 8 * 8});
  const auto rows = [](int64_t n) {
    return graph("%a: f32[" + number(n) + ",32]", "  const %b: f32[32,8] = #0000000000000001\n  %y: f32[" +
                                                      number(n) + ",8] = matmul(%a, %b)");
  };
  CHECK_FALSE(Case({8, 1}, rows).items);
  const Case many({64, 16}, rows);
  REQUIRE(many.items);
  CHECK(many.counts() == std::vector<int64_t>{4, 1});
}

TEST_CASE("small items are shared out among cores, large ones share out their own loops") {
  const auto softmax = [](int64_t n) {
    return graph("%x: f32[" + number(n) + ",4096]", "  %y: f32[" + number(n) + ",4096] = softmax(%x) axis=1");
  };
  const Case small({64, 1}, softmax, 4);
  REQUIRE(small.items);
  CHECK(small.items->request().items_in_tasks);
  CHECK(small.items->request().target.facts.cores == 1);
  CHECK(small.items->repeats()[0].tasks == 16);
  CHECK(small.items->repeats()[1].tasks == 1);
  const Case large(
      {4, 1},
      [](int64_t n) {
        return graph("%x: f32[" + number(n) + ",200,200,64]",
                     "  const %w: f32[64,3,3,64] = #0000000000000001\n  %y: f32[" + number(n) +
                         ",198,198,64] = conv2d(%x, %w)");
      },
      4);
  REQUIRE(large.items);
  CHECK_FALSE(large.items->request().items_in_tasks);
  CHECK(large.items->request().target.facts.cores == 4);
}
