// The checks that look at this machine: where the store was named, and who may read what.
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/checks.h"
#include "cli/password.h"

namespace mongoelector::cli {

namespace {

constexpr std::uintmax_t kLittleRoom = 100'000'000;
constexpr std::uintmax_t kNoRoom = 10'000'000;

// Nothing if there is no such file.
std::optional<mode_t> mode_of(const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return std::nullopt;
  return file.st_mode;
}

void check_secret_file(Findings& findings, const std::string& path) {
  const auto mode = mode_of(path);
  if (!mode || !S_ISREG(*mode)) {
    findings.ok("secret", "the password comes from a pipe");
  } else if ((*mode & S_IROTH) != 0) {
    findings.fail("secret", Exit::config, fmt::format("every user can read {}", shown(path)),
                  fmt::format("chmod 600 {}", shown(path)));
  } else if ((*mode & S_IRGRP) != 0) {
    findings.warn("secret", fmt::format("its group can read {}", shown(path)),
                  fmt::format("chmod 600 {}, unless that is meant", shown(path)));
  } else {
    findings.ok("secret", fmt::format("only its owner can read {}", shown(path)));
  }
}

void check_secret(Findings& findings, const Globals& globals, const StoreChoice& choice) {
  static constexpr char kBetter[] = "--uri-file or --password-file FILE, with mode 600";
  if (lacks_password(choice.uri) && !choice.password_file.value.empty()) {
    check_secret_file(findings, choice.password_file.value);
  } else if (redact_uri(choice.uri) == choice.uri) {
    findings.ok("secret", "none in the URI");
  } else if (choice.origin == "--uri") {
    findings.warn("secret", "the password was on the command line, for every user to see",
                  kBetter);
  } else if (!choice.uri_path.empty()) {
    check_secret_file(findings, choice.uri_path);
  } else if (const auto file = find_config(globals); file && !environment(choice.origin)) {
    check_secret_file(findings, file->path);
  } else {
    findings.warn("secret",
                  fmt::format("the password is in {}, for every child process to see",
                              choice.origin),
                  kBetter);
  }
}

// Of the file format: 2 says that it is written ahead of (WAL).
bool keeps_a_log(const std::string& path) {
  std::array<char, 20> header{};
  std::ifstream(path, std::ios::binary).read(header.data(), std::ssize(header));
  return header[18] == 2 && header[19] == 2;
}

}  // namespace

void check_choice(Findings& findings, const Globals& globals, const StoreChoice& choice) {
  if (choice.origin.empty()) {
    findings.ok("store", fmt::format("{}: the default, for this machine only",
                                     shown("sqlite:" + default_sqlite_path())));
  } else {
    findings.ok("store", fmt::format("{} from {}", shown(redact_uri(choice.uri)), choice.origin));
  }
  check_secret(findings, globals, choice);
}

void check_sqlite_file(Findings& findings, const std::string& path) {
  const auto mode = mode_of(path);
  if (!mode) return;
  if ((*mode & S_IWOTH) != 0) {
    findings.fail("file", Exit::config,
                  fmt::format("every user can write {}: no lease in it is safe", shown(path)),
                  fmt::format("chmod o-w {}", shown(path)));
  } else {
    findings.ok("file", fmt::format("{} on a local file system, mode {:o}", shown(path),
                                    *mode & 0777));
  }
  if (keeps_a_log(path)) {
    findings.ok("journal", "WAL");
  } else {
    findings.warn("journal", "not in WAL mode: readers and writers wait for each other",
                  "leave the file to mongoelector, which sets it when it opens one");
  }
  std::error_code error;
  const auto room =
      std::filesystem::space(std::filesystem::path(path).parent_path(), error).available;
  const std::string message = fmt::format("{} MB free", error ? 0 : room / 1'000'000);
  if (error || room < kNoRoom) {
    findings.fail("room", Exit::unfit, message + ": soon no lease can be renewed", "free some");
  } else if (room < kLittleRoom) {
    findings.warn("room", message, "free some");
  } else {
    findings.ok("room", message);
  }
}

}  // namespace mongoelector::cli
