// A history of locks and elections in memory: the format of ../README.md, where the meaning of each
// field stands. Whoever has a history of his own fills this in and calls check() (checker.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace verification {

using Nanoseconds = std::int64_t;
using Token = std::uint64_t;

// Beyond these, sums would overflow: the years 1843 to 2096 of a wall clock.
constexpr Nanoseconds kMaxTime = 4'000'000'000'000'000'000;
constexpr Nanoseconds kMaxBlur = 100'000'000'000'000'000;

// Where a record stands: file of History::files, line from 1. Or whatever an exporter counts.
struct Place {
  std::uint32_t file = 0;
  std::uint32_t line = 0;
};

// Keys, clients and registers by number, so that a million records stay small.
using NameId = std::uint32_t;

class Names {
 public:
  NameId id(std::string_view name) {
    const auto found = ids_.find(name);
    if (found != ids_.end()) return found->second;
    const auto next = static_cast<NameId>(names_.size());
    ids_.emplace(names_.emplace_back(name), next);
    return next;
  }
  const std::string& text(NameId id) const { return names_[id]; }
  std::size_t size() const { return names_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };
  std::vector<std::string> names_;
  std::unordered_map<std::string, NameId, Hash, std::equal_to<>> ids_;
};

struct Term {
  NameId client = 0;
  NameId key = 0;
  Token token = 0;
  Nanoseconds start = 0;
  std::optional<Nanoseconds> end = {};
  std::optional<Nanoseconds> deadline = {};
  std::optional<Nanoseconds> latest_end = {};  // of rows: nobody saw the end, it was no later
  std::optional<std::vector<Nanoseconds>> told = {};
  Nanoseconds blur = 0;
  Place place = {};
};

struct Attempt {
  enum class Outcome : std::uint8_t { granted, held, unknown, lost };
  NameId client = 0;
  NameId key = 0;
  Nanoseconds at = 0;
  std::optional<Nanoseconds> end = {};
  Outcome outcome = Outcome::unknown;
  std::optional<Token> token = {};  // of a grant only
  Place place = {};
};

struct Release {
  enum class Outcome : std::uint8_t { released, unknown, lost };
  NameId client = 0;
  NameId key = 0;
  std::optional<Token> token = {};
  Nanoseconds at = 0;
  std::optional<Nanoseconds> end = {};
  Outcome outcome = Outcome::unknown;
  Place place = {};
};

struct Request {
  NameId client = 0;
  NameId key = 0;
  Token token = 0;
  Nanoseconds at = 0;
  Place place = {};
};

struct Applied {
  NameId key = 0;
  Token token = 0;
  Nanoseconds at = 0;
  bool release = false;  // else a claim or a renewal
  Place place = {};
};

struct Write {
  NameId reg = 0;
  bool fenced = false;
  Token token = 0;  // 0 where it is not fenced
  Nanoseconds at = 0;
  std::optional<bool> accepted = {};
  std::optional<std::uint64_t> value = {};
  Place place = {};
};

struct Final {
  NameId reg = 0;
  std::uint64_t value = 0;
  Place place = {};
};

struct Crash {
  NameId client = 0;
  Nanoseconds at = 0;
  Place place = {};
};

enum class ClockKind : std::uint8_t { none, boot, wall };

struct History {
  ClockKind clock = ClockKind::none;  // the one that all its times are of
  Names names;
  std::vector<std::string> files;
  std::vector<Term> terms;
  std::vector<Attempt> attempts;
  std::vector<Release> releases;
  std::vector<Request> requests;
  std::vector<Applied> applied;
  std::vector<Write> writes;
  std::vector<Final> finals;
  std::vector<Crash> crashes;
  std::size_t freezes = 0;  // judged by nothing

  std::size_t size() const {
    return terms.size() + attempts.size() + releases.size() + requests.size() + applied.size() +
           writes.size() + finals.size() + crashes.size() + freezes;
  }
};

}  // namespace verification
