#include "cli/hooks.h"

#include <fmt/format.h>

#include <system_error>

namespace mongoelector::cli {

namespace {

constexpr std::string_view kElected = "elected";
constexpr std::string_view kLost = "lost";
constexpr std::string_view kChange = "change";

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::unknown: return "unknown";
    case Role::standby: return "standby";
    case Role::leader: return "leader";
  }
  return "?";
}

void HookFlags::add(Flags& flags) {
  const auto hook = [&](const char* name, std::string& line, const char* meaning) {
    flags.add_option(name, line, meaning).type_name("CMD");
  };
  hook("--on-elected", on_elected, "a line for sh when a term begins; stopped when it ends");
  hook("--on-lost", on_lost, "a line for sh when a term has ended");
  hook("--on-change", on_change, "a line for sh at every change of role");
  add_duration(flags, "--hook-timeout", timeout, "longest time for each of these, default 10s");
}

Hooks::Hooks(const HookFlags& flags, Output& out, const Clock& clock, ChildPlan plan)
    : flags_(flags), out_(out), clock_(clock), plan_(std::move(plan)) {}

void Hooks::role_changed(Role before, Role now, const Facts& facts) {
  if (before == Role::leader) {
    std::erase_if(waiting_, [](const Call& call) { return call.event == kElected; });
    if (running_ && event_ == kElected) running_->stop();
    add(kLost, flags_.on_lost, facts);
  }
  if (now == Role::leader) add(kElected, flags_.on_elected, facts);
  add(kChange, flags_.on_change, facts);
  start_next();
}

void Hooks::add(std::string_view event, const std::string& line, const Facts& facts) {
  if (!line.empty()) waiting_.push_back({event, line, facts});
}

void Hooks::look() {
  while (running_) {
    const auto outcome = running_->outcome();
    if (!outcome) return;
    if (!outcome->empty()) failed(*outcome);
    running_.reset();
    start_next();
  }
}

void Hooks::start_next() {
  while (!running_ && !waiting_.empty()) {
    Call call = std::move(waiting_.front());
    waiting_.pop_front();
    ChildPlan plan = plan_;
    plan.environment.push_back(fmt::format("MONGOELECTOR_EVENT={}", call.event));
    for (const auto& [name, value] : call.facts) plan.environment.push_back(name + "=" + value);
    event_ = call.event;
    try {
      running_.emplace(std::move(plan), call.line, clock_, flags_.timeout);
    } catch (const std::system_error& error) {
      failed(error.what());
    }
  }
}

void Hooks::failed(const std::string& why) {
  ++failures_;
  out_.note(fmt::format("hook --on-{}: {} (failure {})", event_, why, failures_));
}

}  // namespace mongoelector::cli
