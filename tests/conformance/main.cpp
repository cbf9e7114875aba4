// Runs conformance tests in ONNX's backend-test layout; tools/onnx-conformance is the door to it.
//   conformance FOLDER [--interpret | --target T] [--json] [--verbose] [--only PART] [--list FILE]
//               [--cache DIR] [-j N]
//   conformance FOLDER --cases
// Exit status 1 if a test fails that is not unsupported or not served, or if the tests that pass are not
// those of --list (--only: if one of them is not there). BLESS=1 rewrites the list. --cases runs nothing and
// prints each test's name and operator. Every test is a process
// of its own, so that a crash is one failure and not the end.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>

#include "tests/conformance/report.h"

namespace halite::conformance {
namespace {

constexpr unsigned kSecondsPerTest = 120;

struct Arguments {
  std::string folder, list, only, cache;
  Engine engine;
  std::string engine_name = "jit";
  bool verbose = false, json = false, cases = false;
  size_t jobs = 2;
};

struct Running {
  size_t test;
  pid_t process;
  int pipe;
};

/// A child that writes its outcome into a pipe: the status as a character, then the detail.
Running start(const std::vector<NodeTest>& tests, size_t index, const Engine& engine) {
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

/// Index of a child that has something to say, or has ended.
size_t wait_for_one(const std::vector<Running>& running) {
  std::vector<pollfd> pipes;
  for (const Running& child : running) pipes.push_back({child.pipe, POLLIN, 0});
  while (poll(pipes.data(), pipes.size(), -1) < 0) {
  }
  for (size_t i = 0; i < pipes.size(); ++i)
    if (pipes[i].revents) return i;
  return 0;
}

std::vector<Outcome> run_all(const std::vector<NodeTest>& tests, const Arguments& arguments) {
  std::vector<Outcome> outcomes(tests.size());
  std::vector<Running> running;
  for (size_t next = 0; next < tests.size() || !running.empty();) {
    while (next < tests.size() && running.size() < arguments.jobs)
      running.push_back(start(tests, next++, arguments.engine));
    const size_t done = wait_for_one(running);
    outcomes[running[done].test] = finish(running[done]);
    running.erase(running.begin() + static_cast<ptrdiff_t>(done));
  }
  return outcomes;
}

/// A line of the list: the name, and which inputs were constants.
std::string line_of(const NodeTest& test, const Outcome& outcome) {
  return outcome.detail.empty() ? test.name : test.name + " " + outcome.detail;
}

/// Whether the list holds what passed and no more; prints the differences. With `only` a part was run.
bool holds(const Arguments& arguments, const std::set<std::string>& passed) {
  std::ifstream file(arguments.list);
  std::set<std::string> listed;
  for (std::string line; std::getline(file, line);) listed.insert(line);
  size_t differences = 0;
  const auto complain = [&](const char* what, const std::string& line) {
    ++differences;
    std::fprintf(stderr, "%s: %s\n", what, line.c_str());
  };
  for (const std::string& line : listed)
    if (line.find(arguments.only) != line.npos && !passed.count(line)) complain("no longer passes", line);
  for (const std::string& line : passed)
    if (!listed.count(line)) complain("passes, and is not listed (BLESS=1 rewrites the list)", line);
  return differences == 0;
}

int run_tool(const Arguments& arguments) {
  std::vector<NodeTest> tests = find_tests(arguments.folder);
  std::erase_if(tests, [&](const NodeTest& t) { return t.name.find(arguments.only) == t.name.npos; });
  if (tests.empty()) {
    std::fprintf(stderr,
                 "conformance: found no test in '%s'; expected folders with model.onnx and test_data_set_0\n",
                 arguments.folder.c_str());
    return 1;
  }
  if (arguments.cases) {
    for (const NodeTest& test : tests) std::printf("%s %s\n", test.name.c_str(), test.op.c_str());
    return 0;
  }
  const std::vector<Outcome> outcomes = run_all(tests, arguments);
  std::set<std::string> passed;
  bool failed = false;
  for (size_t i = 0; i < tests.size(); ++i) {
    const Outcome& o = outcomes[i];
    if (o.status == Status::passed) passed.insert(line_of(tests[i], o));
    if (o.status == Status::failed) failed = true;
    if (o.status == Status::failed || (o.status == Status::unsupported && arguments.verbose))
      std::fprintf(stderr, "%s %s (%s): %s\n", to_string(o.status).c_str(), tests[i].name.c_str(),
                   tests[i].op.c_str(), o.detail.c_str());
  }
  const std::string text =
      arguments.json ? json_of(tests, outcomes, arguments.engine_name) : table_of(tests, outcomes);
  std::fputs(text.c_str(), stdout);
  if (arguments.list.empty()) return failed ? 1 : 0;
  if (std::getenv("BLESS") && arguments.only.empty()) {
    std::ofstream file(arguments.list);
    for (const std::string& line : passed) file << line << "\n";
  } else if (!holds(arguments, passed)) {
    failed = true;
  }
  return failed ? 1 : 0;
}

int usage(const std::string& problem) {
  std::fprintf(stderr,
               "conformance: %s\nusage: conformance FOLDER [--interpret | --target T] [--json] [--verbose] "
               "[--only PART] [--list FILE] [--cache DIR] [-j N] [--cases]\n",
               problem.c_str());
  return 2;
}

}  // namespace
}  // namespace halite::conformance

int main(int count, char** values) {
  using namespace halite::conformance;
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string value = values[i];
    const bool more = i + 1 < count;
    if (value == "--interpret") {
      arguments.engine.kind = Engine::Kind::interpret;
      arguments.engine_name = "interpret";
    } else if (value == "--target" && more) {
      arguments.engine_name = values[++i];
      const auto target = halite::targets::find(arguments.engine_name);
      if (!target) return usage("there is no target '" + arguments.engine_name + "'");
      arguments.engine = {Engine::Kind::target, *target};
    } else if (value == "--cache" && more) {
      arguments.cache = values[++i];
    } else if (value == "--json") {
      arguments.json = true;
    } else if (value == "--cases") {
      arguments.cases = true;
    } else if (value == "--verbose") {
      arguments.verbose = true;
    } else if (value == "--only" && more) {
      arguments.only = values[++i];
    } else if (value == "--list" && more) {
      arguments.list = values[++i];
    } else if (value == "-j" && more) {
      arguments.jobs = static_cast<size_t>(std::max(1, std::atoi(values[++i])));
    } else if (value.starts_with("-") || !arguments.folder.empty()) {
      return usage("found '" + value + "', which it does not know");
    } else {
      arguments.folder = value;
    }
  }
  if (arguments.folder.empty()) return usage("the folder is missing");
  arguments.engine.cache = arguments.cache;
  return run_tool(arguments);
}
