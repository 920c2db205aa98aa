// When the guardian could not fork, the code was 126, as if the command could not be executed.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "cli/program.h"
#include "cli/supervised.h"

namespace {

using Fork = pid_t (*)();
const auto real_fork = reinterpret_cast<Fork>(dlsym(RTLD_NEXT, "_Fork"));
pid_t refuses_children_of_others = 0;  // than this process

}  // namespace

// In place of the C library's, for the whole program.
extern "C" pid_t _Fork() noexcept {
  if (refuses_children_of_others == 0 || getpid() == refuses_children_of_others)
    return real_fork();
  errno = EAGAIN;
  return -1;
}

namespace mongoelector::test {
namespace {

TEST(Guardian, that_gets_no_process_for_the_command_is_a_refusal_of_the_system) {
  const LocalStore store;
  refuses_children_of_others = getpid();
  testing::internal::CaptureStderr();
  const int code = cli::run_program({"--uri", store.uri(), "lock", "a", "--", "true"});
  const std::string said = testing::internal::GetCapturedStderr();
  refuses_children_of_others = 0;
  EXPECT_EQ(code, 71);
  EXPECT_NE(said.find("cannot start a process: Resource temporarily unavailable"),
            std::string::npos)
      << said;
  EXPECT_FALSE(store.record(Kind::lock));
}

}  // namespace
}  // namespace mongoelector::test
