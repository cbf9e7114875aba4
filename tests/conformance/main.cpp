// Runs ONNX's conformance data through the front end and an engine, and compares the tests that pass with a
// list.
//   conformance DATA LIST [--interpret|--jit] [--verbose] [--only PART] [-j N]
// Exit status 1 if a test of the list does not pass, or if one fails that is not unsupported. BLESS=1
// rewrites LIST. Every test is a process of its own, so that a crash is one failure and not the end.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>

#include "tests/conformance/node_test.h"

namespace halite::conformance {
namespace {

constexpr unsigned kSecondsPerTest = 120;

struct Arguments {
  std::string data, list, only;
  Engine engine = Engine::interpret;
  bool verbose = false;
  size_t jobs = 2;
};

struct Running {
  size_t test;
  pid_t process;
  int pipe;
};

/// A child that writes its outcome into a pipe: the status as a character, then the detail.
Running start(const std::vector<NodeTest>& tests, size_t index, Engine engine) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t process = fork();
  if (process == 0) {
    close(ends[0]);
    alarm(kSecondsPerTest);
    const Outcome outcome = run(tests[index], engine);
    std::string text = std::to_string(static_cast<int>(outcome.status)) + outcome.detail.substr(0, 4000);
    const bool written = write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  return {index, process, ends[0]};
}

Outcome finish(const Running& child) {
  char text[4096];
  ssize_t size = 0;
  for (ssize_t got; (got = read(child.pipe, text + size, sizeof text - size)) > 0;) size += got;
  close(child.pipe);
  int status = 0;
  waitpid(child.process, &status, 0);
  if (WIFSIGNALED(status)) return {Status::failed, std::string("crashed: ") + strsignal(WTERMSIG(status))};
  if (size == 0) return {Status::failed, "ended without a result"};
  return {static_cast<Status>(text[0] - '0'), std::string(text + 1, text + size)};
}

std::vector<Outcome> run_all(const std::vector<NodeTest>& tests, const Arguments& arguments) {
  std::vector<Outcome> outcomes(tests.size());
  std::vector<Running> running;
  for (size_t next = 0; next < tests.size() || !running.empty();) {
    while (next < tests.size() && running.size() < arguments.jobs)
      running.push_back(start(tests, next++, arguments.engine));
    outcomes[running.front().test] = finish(running.front());
    running.erase(running.begin());
  }
  return outcomes;
}

void print_table(const std::vector<NodeTest>& tests, const std::vector<Outcome>& outcomes) {
  std::map<std::string, std::array<int, 3>> by_op;
  std::array<int, 3> all{};
  for (size_t i = 0; i < tests.size(); ++i) {
    ++by_op[tests[i].op][static_cast<size_t>(outcomes[i].status)];
    ++all[static_cast<size_t>(outcomes[i].status)];
  }
  std::printf("%-32s %7s %12s %7s\n", "operator", "passed", "unsupported", "failed");
  for (const auto& [op, n] : by_op) std::printf("%-32s %7d %12d %7d\n", op.c_str(), n[0], n[1], n[2]);
  std::printf("%-32s %7d %12d %7d\n", "all", all[0], all[1], all[2]);
}

/// A line of the list: the name, and which inputs were constants.
std::string line_of(const NodeTest& test, const Outcome& outcome) {
  return outcome.detail.empty() ? test.name : test.name + " " + outcome.detail;
}

/// Whether every line of the list is among what passed; prints those that are not.
bool holds(const std::string& list, const std::set<std::string>& passed) {
  std::ifstream file(list);
  bool good = file.good();
  size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines)
    if (!passed.count(line)) {
      std::printf("no longer passes: %s\n", line.c_str());
      good = false;
    }
  if (passed.size() > lines)
    std::printf("%zu more pass than %s lists; BLESS=1 rewrites it\n", passed.size() - lines, list.c_str());
  return good;
}

int run_tool(const Arguments& arguments) {
  std::vector<NodeTest> tests = find_tests(arguments.data);
  std::erase_if(tests, [&](const NodeTest& t) { return t.name.find(arguments.only) == t.name.npos; });
  const std::vector<Outcome> outcomes = run_all(tests, arguments);
  std::set<std::string> passed;
  bool failed = tests.empty();
  for (size_t i = 0; i < tests.size(); ++i) {
    const Outcome& o = outcomes[i];
    if (o.status == Status::passed) passed.insert(line_of(tests[i], o));
    if (o.status == Status::failed) failed = true;
    if (o.status == Status::failed || (o.status == Status::unsupported && arguments.verbose))
      std::printf("%s %s (%s): %s\n", o.status == Status::failed ? "FAILED" : "unsupported",
                  tests[i].name.c_str(), tests[i].op.c_str(), o.detail.c_str());
  }
  print_table(tests, outcomes);
  if (!arguments.only.empty()) return failed ? 1 : 0;
  if (std::getenv("BLESS")) {
    std::ofstream file(arguments.list);
    for (const std::string& line : passed) file << line << "\n";
  } else if (!holds(arguments.list, passed)) {
    failed = true;
  }
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace halite::conformance

int main(int count, char** values) {
  halite::conformance::Arguments arguments;
  std::vector<std::string> positional;
  for (int i = 1; i < count; ++i) {
    const std::string value = values[i];
    if (value == "--jit")
      arguments.engine = halite::conformance::Engine::jit;
    else if (value == "--interpret")
      arguments.engine = halite::conformance::Engine::interpret;
    else if (value == "--verbose")
      arguments.verbose = true;
    else if (value == "--only" && i + 1 < count)
      arguments.only = values[++i];
    else if (value == "-j" && i + 1 < count)
      arguments.jobs = std::max(1, std::atoi(values[++i]));
    else
      positional.push_back(value);
  }
  if (positional.size() != 2) {
    std::fprintf(stderr,
                 "usage: conformance DATA LIST [--interpret|--jit] [--verbose] [--only PART] [-j N]\n");
    return 2;
  }
  arguments.data = positional[0];
  arguments.list = positional[1];
  return halite::conformance::run_tool(arguments);
}
