// Tables, sizes and the picture of the memory plan.
#include <doctest/doctest.h>

#include "tools/plan_svg.h"
#include "tools/table.h"

namespace {

using namespace halite;

TEST_CASE("a table pads columns and aligns numbers to the right") {
  tools::Table table({"name", ">count"});
  table.add({"conv2d", "12"});
  table.add({"añb", "3"});
  CHECK(table.text() == "name    count\nconv2d     12\nañb         3\n");
}

TEST_CASE("sizes are shown in powers of 1024 and counts in powers of 1000") {
  CHECK(tools::human_bytes(1023) == "1023 B");
  CHECK(tools::human_bytes(1536) == "1.5 KiB");
  CHECK(tools::human_count(12'500'000) == "12.5 M");
}

codegen::Report small_report() {
  codegen::Report r;
  r.name = "net";
  r.target = "host";
  r.arena_bytes = 4096;
  r.arena_lower_bound = 3072;
  r.tensor_bytes = 8192;
  r.steps.resize(3);
  r.memories = {{{}, false, 0, 4096, 3072}};
  r.arena = {{"<a & \"b\">", "arena", 0, 2048, 0, 1}, {"scratch", "scratch", 2048, 1024, 1, 1}};
  return r;
}

TEST_CASE("the plan's picture names every tensor and escapes what a model may call it") {
  const std::string svg = tools::plan_svg(small_report());
  CHECK(svg.find("&lt;a &amp; &quot;b&quot;&gt;") != std::string::npos);
  CHECK(svg.find("scratch of a kernel") != std::string::npos);
  CHECK(svg.find("lower bound") != std::string::npos);
  CHECK(svg.find("</svg>") != std::string::npos);
}

TEST_CASE("the picture of several memories names each") {
  codegen::Report r = small_report();
  r.memories = {{"sram", false, 8192, 4096, 3072}, {"dtcm", true, 1024, 1024, 1024}};
  r.arena.push_back({"hot", "line", 0, 512, 0, 0, 1});
  const std::string svg = tools::plan_svg(r);
  CHECK(svg.find("sram: 4.0 KiB of 8.0 KiB") != std::string::npos);
  CHECK(svg.find("dtcm (fast): ") != std::string::npos);
}

TEST_CASE("a model without steps or arena still has a picture") {
  codegen::Report r;
  r.name = "empty";
  const std::string svg = tools::plan_svg(r);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
}

}  // namespace
