#include "cli/herald.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "base/boottime.h"
#include "base/text.h"
#include "cli/election.h"
#include "cli/file_descriptor.h"
#include "cli/records.h"
#include "cli/replace_file.h"
#include "mongoelector/clock.h"

namespace mongoelector::cli {

namespace {

// Two readings of one deadline differ by less; two renewals by more.
constexpr Duration kSame = std::chrono::milliseconds(10);

Json or_null(const std::optional<Holder>& holder) {
  return holder ? Json(holder_name(*holder)) : Json(nullptr);
}

}  // namespace

std::string show_term(std::uint64_t number, Token token) {
  const std::string text = "token " + to_string(token);
  return number == 0 ? text : fmt::format("term {}, {}", number, text);
}

Herald::Herald(Output& out, bool answers, std::string role_file, Key key, Notifier& notifier,
               Hooks& hooks)
    : out_(out),
      answers_(answers),
      reader_(answers && is_pipe(STDOUT_FILENO) ? STDOUT_FILENO : -1),
      role_file_(std::move(role_file)),
      key_(std::move(key)),
      notifier_(notifier),
      hooks_(hooks) {
  write_role_file();
  if (complained_)
    throw Failure(Exit::config, "--role-file " + shown(role_file_) + " cannot be written");
}

// Whatever the way out: nobody is to go on believing what was true before.
Herald::~Herald() {
  role_ = Role::unknown;
  known_ = {};
  valid_until_ = {};
  write_role_file();
}

void Herald::leading(const Term& term, std::uint64_t number, const Holder& self) {
  change(Role::leader,
         {.leader = self, .number = number, .token = term.token(), .since = term.since()},
         "elected, " + show_term(number, term.token()), "elected");
}

void Herald::renewed(const Cover& cover) {
  if (role_ != Role::leader || cover.until_boottime - valid_until_ < kSame) return;
  valid_until_ = cover.until_boottime;
  write_role_file();
}

void Herald::standby(const Record& leader, WallTime now) {
  const bool same = role_ == Role::standby && known_.leader &&
                    known_.leader->uuid == leader.holder.uuid;
  if (same) return;
  const auto since = std::chrono::floor<std::chrono::seconds>(now - leader.created_at);
  change(Role::standby,
         {.leader = leader.holder, .token = leader.token, .since = leader.created_at},
         fmt::format("standby; leader is {} (since {})", holder_name(leader.holder),
                     internal::show_duration(std::max<Duration>(since, Duration::zero()))),
         "standby");
}

void Herald::unknown(const std::string& why) {
  if (role_ == Role::unknown) return;
  const bool led = role_ == Role::leader;
  change(Role::unknown, {}, led ? "no longer leader" : "no leader known: " + why,
         led ? "ended" : "unknown");
}

void Herald::change(Role role, Known known, const std::string& line, std::string_view what) {
  const Role before = std::exchange(role_, role);
  const Known past = std::exchange(known_, std::move(known));
  valid_until_ = {};
  // A leader's file is written when it is known for how long.
  if (role != Role::leader) write_role_file();
  if (!answers_) {
    if (role == Role::standby) out_.note(line);
  } else if (out_.json()) {
    // What has ended, or is not known any more, is what was.
    unread_ |= !out_.offer(to_line(event(what, role == Role::unknown ? past : known_)));
  } else {
    unread_ |= !out_.offer(line + "\n");
  }
  notifier_.status(line);
  if (before == role) return;
  hooks_.role_changed(
      before, role,
      {{"MONGOELECTOR_ROLE", std::string(to_string(role))},
       {"MONGOELECTOR_LEADER", known_.leader ? holder_name(*known_.leader) : ""},
       {"MONGOELECTOR_TOKEN", known_.token.known() ? to_string(known_.token) : ""}});
}

Json Herald::event(std::string_view what, const Known& about) const {
  // As `watch` says it, so that one reader does for both.
  return {{"schema", "mongoelector.event/1"},
          {"at", internal::rfc3339(make_machine_clock()->wall())},
          {"name", key_.name()},
          {"kind", to_string(key_.kind())},
          {"event", what},
          {"leader", or_null(about.leader)},
          {"holder", about.leader ? holder_json(*about.leader) : Json(nullptr)},
          {"term", number_json(about.number)},
          {"token", token_json(about.token)},
          {"paused", nullptr},  // not asked
          {"pause", nullptr},
          {"ended_by", nullptr},
          {"reason", nullptr},
          {"by", nullptr},
          {"gap_seconds", nullptr}};
}

void Herald::write_role_file() {
  if (role_file_.empty()) return;
  Json content = new_document("mongoelector.role/1");
  content["name"] = key_.name();
  content["role"] = to_string(role_);
  content["leader"] = or_null(known_.leader);
  content["term"] = number_json(known_.number);
  content["token"] = token_json(known_.token);
  content["since"] = known_.since ? Json(internal::rfc3339(*known_.since)) : Json(nullptr);
  // A supervisor that was killed cannot take its word back; the reader's clock does.
  content["valid_until_boottime"] =
      role_ == Role::leader ? Json(internal::seconds(valid_until_)) : Json(nullptr);
  try {
    replace_file(role_file_, to_line(content), 0644);
    complained_ = false;
  } catch (const std::system_error& error) {
    if (!std::exchange(complained_, true)) out_.note(error.what());
  }
}

}  // namespace mongoelector::cli
