// posix_spawn: safe in a process with threads. The output goes through a pipe that is read until the timeout.
#include "codegen/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

extern char** environ;

namespace halite::codegen {
namespace {

using Clock = std::chrono::steady_clock;

/// Reads until all writers have closed the pipe; false if that is not so at `deadline`.
bool read_until(int pipe, Clock::time_point deadline, std::string& text) {
  for (char buffer[4096];;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd wait{pipe, POLLIN, 0};
    if (poll(&wait, 1, int(std::min<long long>(left, 1000))) <= 0) continue;
    const ssize_t n = read(pipe, buffer, sizeof buffer);
    if (n == 0) return true;
    if (n > 0)
      text.append(buffer, size_t(n));
    else if (errno != EINTR)
      return true;
  }
}

Result<pid_t> spawn(const std::vector<std::string>& argv, const std::filesystem::path& directory,
                    int output) {
  std::vector<char*> pointers;
  for (const auto& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, argv[0].c_str(), &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed)
    return Error{ErrorCode::kIo, std::string("cannot be started: ") + std::strerror(failed), argv[0]};
  return pid;
}

}  // namespace

Result<ProcessEnd> run_process(const std::vector<std::string>& argv, const std::filesystem::path& directory,
                               double timeout_seconds) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return Error{ErrorCode::kIo, "no pipe can be made", argv[0]};
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(timeout_seconds));
  auto pid = spawn(argv, directory, ends[1]);
  close(ends[1]);
  ProcessEnd end;
  if (pid) {
    end.timed_out = !read_until(ends[0], deadline, end.printed);
    if (end.timed_out) kill(*pid, SIGKILL);
    int status = 0;
    while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
    }
    end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  close(ends[0]);
  if (!pid) return pid.error();
  return end;
}

}  // namespace halite::codegen
