// Every code this tool exits with by itself. The one table: help prints it and the tests walk it.
//
// 1 and 2 are not in it on purpose: they belong to the commands that `lock` and `run` start.
#pragma once

#include <array>
#include <string_view>

namespace mongoelector::cli {

enum class Exit : int {
  done = 0,
  no = 3,
  usage = 64,
  damaged = 65,
  unavailable = 69,
  internal = 70,
  os_error = 71,
  cannot_create = 73,
  busy = 75,
  unfit = 76,
  denied = 77,
  config = 78,
  lease_lost = 80,
  max_hold = 81,
  gave_up = 82,
  not_executable = 126,
  not_found = 127,
};

struct ExitCode {
  Exit code;
  std::string_view name;  // as in JSON: error.code
  std::string_view meaning;
};

inline constexpr std::array<ExitCode, 17> kExitCodes{{
    {Exit::done, "done", "done; for questions: yes"},
    {Exit::no, "no", "a question answered no: no leader, not held"},
    {Exit::usage, "usage", "bad flags or arguments"},
    {Exit::damaged, "damaged", "a stored record is not ours or of a newer schema"},
    {Exit::unavailable, "unavailable", "store unreachable, no primary, or timed out"},
    {Exit::internal, "internal", "a bug of ours"},
    {Exit::os_error, "os_error", "the system refused: fork, pipe, signal, output"},
    {Exit::cannot_create, "cannot_create", "cannot create or open the SQLite file"},
    {Exit::busy, "busy", "held by another, or the wait ended"},
    {Exit::unfit, "unfit", "clock offset over the limit, or a store that cannot keep the promises"},
    {Exit::denied, "denied", "wrong password or missing privilege"},
    {Exit::config, "config", "configuration wrong or conflicting, or timings that cannot work"},
    {Exit::lease_lost, "lease_lost", "lease lost while the command ran; it was stopped"},
    {Exit::max_hold, "max_hold", "stopped by --max-hold"},
    {Exit::gave_up, "gave_up", "the command ended too often (run --give-up exit)"},
    {Exit::not_executable, "not_executable", "the command cannot be executed"},
    {Exit::not_found, "not_found", "the command was not found"},
}};

constexpr std::string_view name_of(Exit code) {
  for (const ExitCode& entry : kExitCodes)
    if (entry.code == code) return entry.name;
  return "?";
}

}  // namespace mongoelector::cli
